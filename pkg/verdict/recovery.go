package verdict

import (
	"fmt"
	"slices"
	"time"

	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/timeline"
)

var _ = expectations.Add(experiment.Definition[Expectation]{
	Name: "recovery", Summary: "The time in which what was lost is back.",
	Example: `
- recovery: {within: 30s}
- recovery: {within: 2s, phase: publish}
`,
	New: func() Expectation { return &WithinTime{} },
})

// WithinTime expects each lost pod to be replaced in time, from the injection to steady service, or one phase of that.
// Where a fault loses no pod, it is the time from when the fault is undone, or else the end of its window, until the target
// has converged.
type WithinTime struct {
	// Within is the time that each recovery may take.
	Within experiment.Duration `json:"within"`
	// Phase narrows the expectation to one phase: detect, create, schedule, prepare, start, ready, publish, serve or stabilise.
	Phase Phase `json:"phase,omitempty"`
}

// Phase names a phase of a recovery.
type Phase string

// phases maps a phase to the stage that ends it.
var phases = map[Phase]timeline.Stage{
	"detect": timeline.Detected, "create": timeline.Created, "schedule": timeline.Scheduled, "prepare": timeline.Prepared,
	"start": timeline.Started, "ready": timeline.BecameReady, "publish": timeline.Published, "serve": timeline.Served,
	"stabilise": timeline.Stable,
}

// Values lists the phases in order.
func (Phase) Values() []string {
	var names []string
	for name := range phases {
		names = append(names, string(name))
	}
	slices.SortFunc(names, func(a, b string) int { return int(phases[Phase(a)] - phases[Phase(b)]) })
	return names
}

// Judge takes the slowest recovery.
func (w *WithinTime) Judge(f *Facts) Judgement {
	j := Judgement{Name: "recovery", Window: Run, Bound: "within " + w.Within.String()}
	if w.Phase != "" {
		j.Name += ", phase " + string(w.Phase)
	}
	if f.WatchDelay > 0 {
		j.Resolution = round(f.WatchDelay)
	}
	if len(f.Recoveries) == 0 {
		return w.judgeConvergence(f, j)
	}
	var worst time.Duration
	j.Outcome = Pass
	for i := range f.Recoveries {
		took, outcome, why := w.judgeOne(f, &f.Recoveries[i])
		worst = max(worst, took)
		if Worse(j.Outcome, outcome) != j.Outcome {
			j.Outcome, j.Why = outcome, why
		}
	}
	j.Observed = round(worst)
	if j.Outcome == Pass {
		j.Why = fmt.Sprintf("the slowest of %d lost pods", len(f.Recoveries))
	}
	return j
}

// judgeOne judges one recovery. One that was not seen to end took at least the time until the end of the run.
func (w *WithinTime) judgeOne(f *Facts, r *timeline.Recovery) (time.Duration, Outcome, string) {
	victim := r.Victim.Name
	if w.Phase != "" {
		took, reached := r.Phase(phases[w.Phase])
		switch {
		case !reached || r.Censored:
			return took, Unknown, fmt.Sprintf("the phase %s of %s was not seen whole", w.Phase, victim)
		case took > w.Within.Std():
			return took, Fail, fmt.Sprintf("the phase %s of %s took %s", w.Phase, victim, round(took))
		}
		return took, Pass, ""
	}
	took := r.Total()
	if !r.Complete() {
		took = f.Windows[Run].End.Sub(r.At[timeline.Injected])
	}
	switch {
	case r.Censored:
		return took, Unknown, fmt.Sprintf("events may have been missed during the recovery of %s", victim)
	case r.Last() == timeline.Injected:
		return took, Unknown, fmt.Sprintf("%s was not seen to be lost, so there was nothing to replace", victim)
	case r.Unasked && r.Total() <= w.Within.Std():
		return r.Total(), Unknown, fmt.Sprintf("the replacement of %s was ready in its Service after %s, and no request is known to have reached it by the end of the run, so whether it serves is not known", victim, round(r.Total()))
	case took > w.Within.Std():
		return took, Fail, fmt.Sprintf("%s was not replaced in time: %s, longest in the phase %s", victim, round(took), longestPhase(r))
	case !r.Complete():
		return took, Unknown, fmt.Sprintf("the recovery of %s was not seen to end: it took at least %s", victim, round(took))
	}
	return took, Pass, ""
}

func longestPhase(r *timeline.Recovery) Phase {
	var longest Phase
	most := time.Duration(-1)
	for _, name := range Phase("").Values() {
		if took, ok := r.Phase(phases[Phase(name)]); ok && took > most {
			longest, most = Phase(name), took
		}
	}
	return longest
}

func (w *WithinTime) judgeConvergence(f *Facts, j Judgement) Judgement {
	span, began := f.Windows[Recovery]
	ended := max(span.Start, f.Restored)
	took, watched := f.Converged.Sub(ended), span.End.Sub(ended)
	switch {
	case w.Phase != "":
		j.Outcome, j.Observed, j.Why = Unknown, "nothing", "no pod was lost, so there are no phases"
	case !began:
		j.Outcome, j.Observed, j.Why = Unknown, "nothing", "the run did not come to its recovery"
	case !f.DidConverge && watched > w.Within.Std():
		j.Outcome, j.Observed, j.Why = Fail, "more than "+round(watched), "the target had not converged by the end of the run"
	case !f.DidConverge:
		j.Outcome, j.Observed, j.Why = Unknown, "more than "+round(watched), "the target was not seen to converge"
	case took > w.Within.Std():
		j.Outcome, j.Observed, j.Why = Fail, round(took), "no pod was lost; counted from the end of the fault until the target had converged"
	default:
		j.Outcome, j.Observed, j.Why = Pass, round(took), "no pod was lost; counted from the end of the fault until the target had converged"
	}
	return j
}
