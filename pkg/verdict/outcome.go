package verdict

// Outcome is a judgement.
type Outcome string

// The outcomes, best first.
const (
	Pass    Outcome = "pass"
	Unknown Outcome = "unknown"
	Fail    Outcome = "fail"
)

// Worse is the higher of two outcomes in the lattice.
func Worse(a, b Outcome) Outcome {
	if a.rank() >= b.rank() {
		return a
	}
	return b
}

func (o Outcome) rank() int {
	switch o {
	case Pass:
		return 0
	case Unknown:
		return 1
	}
	return 2
}

// Judgement is what became of one expectation. Figures are text with their units, made for people.
type Judgement struct {
	// Name is the expectation in short: availability of browse.
	Name    string
	Outcome Outcome
	// Observed and Bound are figures; Resolution is the finest difference that the data can show.
	Observed   string
	Bound      string
	Resolution string
	Window     Window
	// Why is one sentence.
	Why string
}
