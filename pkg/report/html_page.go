package report

import (
	"html/template"
	"slices"
	"time"

	"github.com/chaosctl/chaosctl/pkg/event"
)

// page is what the templates see: the model, tamed, and what is drawn and said about it.
type page struct {
	*Model
	detail detail
	Style  template.CSS
	Policy string

	Headline  string
	Explained []line
	Because   []string
	Keeps     string
	Undone    string
	Means     string
	Timelines []timelineView
	Slowest   *RecoveryResult
	Longest   string
	Waterfall []template.HTML
	Bars      []template.HTML
	Loads     []loadView
	Rows      []changeView
	// Answerers are who answered the loads.
	Answerers []sharesView
	// Configured is what became of ConfigMaps and Secrets.
	Configured []configView
	Limits     []string
	Figures    []figuresView
}

// timelineView is a span of the run as two pictures: one for wide screens, one for narrow ones.
type timelineView struct {
	Title, Note  string
	Wide, Narrow template.HTML
}

func newPage(original *Model, d detail) *page {
	copied := tamed(*original, d.text)
	m := &copied
	m.ExperimentYAML = document(original.ExperimentYAML, longestExperiment)
	p := &page{
		Model:   m,
		detail:  d,
		Because: m.Reasons,
		Keeps:   promiseWords(m.Experiment.Promise),
		Undone:  undoWords(&m.Result),
		Means:   exitMeaning(m.ExitCode),
		Longest: unbroken(sentence(LongestPhase(&m.Result))),
		Loads:   loads(m.Streams[:min(len(m.Streams), d.rows/5)]),
		Rows:    changeViews(m),
		Limits:  limits(m),
		Figures: figures(m, d),
	}
	p.Configured, p.Answerers = configViews(p), sharesViews(m, d)
	p.headline()
	for _, each := range m.Explanation.lines() {
		each.Value = spelled(each.Value)
		p.Explained = append(p.Explained, each)
	}
	p.Because, p.Limits = head(p, p.Because), head(p, p.Limits)
	p.spell()
	p.draw()
	return p
}

// longestReason is how many runes of a reason a headline has.
const longestReason = 200

// headline gives the first reason of a run without a verdict, and the list below it the others; and the first as well, where it is
// too long for a headline.
func (p *page) headline() {
	short := p.Result
	if short.Verdict != Pass && short.Verdict != Fail && len(short.Reasons) > 0 {
		first := clip(short.Reasons[0], longestReason)
		if first == short.Reasons[0] {
			p.Because = short.Reasons[1:]
		}
		short.Reasons = []string{first}
	}
	p.Headline = spelled(Headline(&short))
}

// spell writes figures alike wherever the page has them, and keeps them and their units on one line.
func (p *page) spell() {
	for _, all := range [][]string{p.Because, p.Limits} {
		for i := range all {
			all[i] = spelled(all[i])
		}
	}
	for i := range p.Expectations {
		e := &p.Expectations[i]
		e.Bound = exactly(e.Bound)
		for _, text := range []*string{&e.Observed, &e.Resolution, &e.Why} {
			*text = spelled(*text)
		}
	}
	for i := range p.AbortIf {
		a := &p.AbortIf[i]
		a.Name, a.Why = exactly(a.Name), spelled(a.Why)
	}
}

// draw makes the pictures.
func (p *page) draw() {
	both := func(title, note string, s span, id string) {
		p.Timelines = append(p.Timelines, timelineView{
			Title: title, Note: note,
			Wide: drawTimeline(p.Model, p.detail, wideFrame, s, id), Narrow: drawTimeline(p.Model, p.detail, narrowFrame, s, id),
		})
	}
	whole := wholeRun(p.Model)
	if len(p.Spans)+len(p.Series)+len(p.Pods)+len(p.Marks)+len(p.ProbeLanes) > 0 {
		both("The whole run", "", whole, "run")
		if s, worth := closeUp(p.Model); worth {
			both("Around the fault", "From "+offset(s.from)+" to "+offset(s.to)+".", s, "closeup")
		}
	}
	p.Slowest = slowest(p.Recoveries)
	if p.Slowest != nil {
		p.Waterfall = []template.HTML{drawWaterfall(*p.Slowest, wideRecovery, "waterfall"), drawWaterfall(*p.Slowest, narrowRecovery, "waterfall")}
	}
	if n := len(p.Recoveries); n > 1 {
		shown := p.Recoveries[:min(n, p.detail.lanes)]
		p.Bars = []template.HTML{drawRecoveries(shown, wideRecovery, "bars"), drawRecoveries(shown, narrowRecovery, "bars")}
	}
}

// Lasted is how long the run took.
func (p *page) Lasted() string {
	if p.EndedAt.IsZero() {
		return "the end was not recorded"
	}
	return seconds(p.EndedAt.Sub(p.StartedAt).Seconds())
}

// Since is a wall-clock time as the time since the start.
func (p *page) Since(t time.Time) string {
	if t.IsZero() || p.StartedAt.IsZero() {
		return "–"
	}
	return offset(t.Sub(p.StartedAt).Seconds())
}

// Clock is a wall-clock time of the run's day.
func (p *page) Clock(t time.Time) string { return t.UTC().Format("15:04:05.000") }

// Asked is the number of requests of all streams.
func (p *page) Asked() uint64 {
	n := uint64(0)
	for _, s := range p.Streams {
		n += s.Requests
	}
	return n
}

// ShownExpectations, and the like, are as many rows as a table holds; Beyond is how many it does not.
func (p *page) ShownExpectations() []ExpectationResult { return head(p, p.Expectations) }

// ShownAborts are the abort conditions of a page.
func (p *page) ShownAborts() []AbortResult { return head(p, p.AbortIf) }

// ShownRecoveries is the head of the recoveries.
func (p *page) ShownRecoveries() []RecoveryResult { return head(p, p.Recoveries) }

// ShownProbes is the head of the probes.
func (p *page) ShownProbes() []ProbeResult { return head(p, p.Probes) }

// ShownNotes is the head of the notes.
func (p *page) ShownNotes() []Note { return head(p, p.Notes) }

// ShownMarks is the head of the marks, in order of time.
func (p *page) ShownMarks() []Mark {
	sorted := slices.Clone(p.Marks)
	slices.SortStableFunc(sorted, func(a, b Mark) int { return int(a.At.Sub(b.At)) })
	return head(p, sorted)
}

// Drawn is how many recoveries are drawn.
func (p *page) Drawn() int { return min(len(p.Recoveries), p.detail.lanes) }

// Beyond says how many rows of n a table leaves out.
func (p *page) Beyond(n int) int { return max(0, n-p.detail.rows) }

func head[T any](p *page, all []T) []T { return all[:min(len(all), p.detail.rows)] }

// PhaseNames are the phases of a recovery, in order.
func (p *page) PhaseNames() []phase { return Phases{}.list() }

// promiseWords says what must hold for a promise to be kept.
func promiseWords(promise string) string {
	switch promise {
	case "self-healing":
		return "What is lost is replaced in time, and clients see no outage longer than allowed."
	case "scaling":
		return "The workload reaches the size that its load needs, in time, and shrinks without failed requests."
	case "rollout":
		return "A good rollout loses no request, and a bad one stops by itself while the old version serves."
	case "load-balancing":
		return "Traffic leaves a bad endpoint, and is spread evenly over the good ones."
	case "configuration":
		return "Running replicas keep serving, broken configuration does not spread, and restoring it restores service."
	}
	return ""
}

// sentence starts s with a capital and ends it with a stop.
func sentence(s string) string {
	if s == "" {
		return ""
	}
	runes := []rune(s)
	return string(slices.Concat([]rune{upper(runes[0])}, runes[1:])) + "."
}

func upper(r rune) rune {
	if 'a' <= r && r <= 'z' {
		return r - 'a' + 'A'
	}
	return r
}

// objectName writes an object as kubectl would take it.
func objectName(o event.Object) string {
	if o.Namespace == "" {
		return o.Kind + "/" + o.Name
	}
	return o.Namespace + "/" + o.Kind + "/" + o.Name
}
