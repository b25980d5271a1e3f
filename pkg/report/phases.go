package report

// phase is one part of a recovery, with what it waits for and who it waits on.
type phase struct {
	Name    string
	Seconds *float64
	// Waits says in words what the phase ends with.
	Waits string
	// Owner is who could make it shorter.
	Owner string
}

// list is the phases in order.
func (p Phases) list() []phase {
	return []phase{
		{"detect", p.Detect, "Kubernetes sees the loss", "control plane"},
		{"create", p.Create, "the controller makes a replacement", "control plane"},
		{"schedule", p.Schedule, "a node is chosen", "control plane"},
		{"prepare", p.Prepare, "sandbox, network, image, volumes", "node"},
		{"start", p.Start, "the containers run", "node"},
		{"ready", p.Ready, "the readiness probe passes", "application"},
		{"publish", p.Publish, "the Service lists the new endpoint", "network"},
		{"serve", p.Serve, "the replacement answers a request", "network"},
		{"stabilise", p.Stabilise, "the service is steady again", "service"},
	}
}

// ByName are the phases that were reached, in seconds.
func (p Phases) ByName() map[string]float64 {
	reached := map[string]float64{}
	for _, ph := range p.list() {
		if ph.Seconds != nil {
			reached[ph.Name] = *ph.Seconds
		}
	}
	return reached
}

// sum adds the phases that were reached.
func (p Phases) sum() float64 {
	total := 0.0
	for _, ph := range p.list() {
		if ph.Seconds != nil {
			total += *ph.Seconds
		}
	}
	return total
}

// longest is the phase that took most of the time, if any was reached.
func (p Phases) longest() (phase, bool) {
	var longest phase
	for _, ph := range p.list() {
		if ph.Seconds != nil && (longest.Seconds == nil || *ph.Seconds > *longest.Seconds) {
			longest = ph
		}
	}
	return longest, longest.Seconds != nil
}

// length is how long the recovery took, or lasted as far as it was seen.
func (r RecoveryResult) length() float64 {
	if r.Total != nil {
		return *r.Total
	}
	return max(r.Reached, r.Phases.sum())
}

// took is the length in words; a censored one is a lower bound.
func (r RecoveryResult) took() string {
	if r.Censored || r.Total == nil {
		return "at least " + seconds(r.length())
	}
	return seconds(*r.Total)
}

// slowest is the recovery that took longest, nil without any.
func slowest(all []RecoveryResult) *RecoveryResult {
	var worst *RecoveryResult
	for i := range all {
		if worst == nil || all[i].length() > worst.length() {
			worst = &all[i]
		}
	}
	return worst
}

// LongestPhase says which phase of the slowest recovery took longest; empty where none was measured.
func LongestPhase(r *Result) string {
	worst := slowest(r.Recoveries)
	if worst == nil {
		return ""
	}
	subject := "the recovery"
	if len(r.Recoveries) > 1 {
		subject = "the slowest of " + count(len(r.Recoveries)) + " recoveries"
	}
	longest, ok := worst.Phases.longest()
	if !ok || worst.length() <= 0 {
		return subject + " took " + worst.took() + "; no phase of it was seen"
	}
	return subject + " took " + worst.took() + "; longest was " + longest.Name + " (" + longest.Waits + "): " +
		seconds(*longest.Seconds) + ", " + wholePercent(*longest.Seconds/worst.length())
}

func wholePercent(share float64) string { return fixed(share*100, 0) + " %" }
