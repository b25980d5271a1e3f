package verdict

import (
	"fmt"

	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/experiment"
)

var _ = expectations.Add(experiment.Definition[Expectation]{
	Name: "rollout", Summary: "What becomes of the rollout that a fault begins: it completes, or a bad one stops by itself.",
	Example: `
- rollout: {completes: 2m}
- rollout: {completes: 2m, available: all}
- rollout: {stops: 30s, available: 75%}
`,
	New: func() Expectation { return &Rollout{} },
})

// Rollout expects something of the first rollout of another pod template that begins in the fault window: of a Deployment, a
// StatefulSet or a DaemonSet. It has completed when kubectl rollout status would say so: the controller has seen the newest
// specification (observedGeneration), all pods are updated, none is left of before, and all are available. It has stopped when it
// has not completed, and no more pods are updated or taken away: the condition Progressing of a Deployment is False, with the
// reason ProgressDeadlineExceeded, or the numbers of pods do not change any more.
//
// The window ends with the undo of the fault, and so does what is known of the rollout.
type Rollout struct {
	// Completes is the time in which the rollout must complete, from when the controller has begun it.
	Completes *experiment.Duration `json:"completes,omitempty" form:"positive" choice:"fate"`
	// Stops is the time after which a bad rollout must go no further, without ever completing.
	Stops *experiment.Duration `json:"stops,omitempty" form:"positive" choice:"fate"`
	// Available is how many pods must be available (status.availableReplicas) all the time from its beginning: a number, or a
	// percentage (rounded down, one at the least) or all of those that are asked for.
	Available *experiment.Count `json:"available,omitempty"`
}

// WorkloadState is the state of the target's controller from an instant on.
type WorkloadState struct {
	At event.Instant
	event.WorkloadObserved
}

// completed says what kubectl rollout status would.
func (w *WorkloadState) completed() bool {
	return w.Settled && w.Updated == w.Desired && w.Current == w.Desired && w.Available == w.Desired
}

// Check asks for one of the two fates, and a target that has rollouts.
func (r *Rollout) Check(c *experiment.Check) {
	switch {
	case r.Completes == nil && r.Stops == nil:
		c.Fail("", "it is not said what becomes of the rollout: expected completes or stops")
	case r.Completes != nil && r.Stops != nil:
		c.Fail("stops", "completes and stops exclude each other: expected one")
	}
	switch kind, _ := c.Experiment().Spec.Target.WorkloadKind(); kind {
	case "deployment", "statefulset", "daemonset":
	case "":
		if c.Experiment().Spec.Target.Workload == "" {
			c.Fail("", "the target is a selector, which has no rollouts: expected a Deployment, a StatefulSet or a DaemonSet")
		}
	default:
		c.Fail("", "a %s has no rollouts: expected a Deployment, a StatefulSet or a DaemonSet as target", kind)
	}
}

// Judge follows the rollout from its beginning to the end of the fault window.
func (r *Rollout) Judge(f *Facts) Judgement {
	j := Judgement{Name: "rollout", Window: Fault, Bound: r.bound(), Outcome: Unknown, Observed: "nothing"}
	if f.WatchDelay > 0 {
		j.Resolution = round(f.WatchDelay)
	}
	window, came := f.Windows[Fault]
	if !came {
		j.Why = "the run did not come to its fault window"
		return j
	}
	states := rolloutIn(f.Workload, window)
	if len(states) == 0 {
		j.Why = "no rollout was seen to begin in the fault window: the pod template was not changed, or the controller did not act on it"
		return j
	}
	if r.Completes != nil {
		r.judgeCompletion(&j, states, window)
	} else {
		r.judgeStop(&j, states, window)
	}
	if j.Outcome != Fail && f.WorkloadMissed {
		j.Outcome, j.Why = Unknown, "the watch of the target was cut, so what became of the rollout may not have been seen"
	}
	r.judgeAvailable(&j, states, f.WorkloadMissed)
	return j
}

func (r *Rollout) bound() string {
	var bound string
	switch {
	case r.Completes != nil:
		bound = "completed within " + r.Completes.String()
	case r.Stops != nil:
		bound = "stopped within " + r.Stops.String()
	}
	if r.Available != nil {
		bound += fmt.Sprintf(", %s available", r.Available)
	}
	return bound
}

// rolloutIn are the states of the first rollout that begins in a window, from its beginning to its completion or the end of the
// window. One begins with a revision that is not that of before.
func rolloutIn(all []WorkloadState, window Span) []WorkloadState {
	var found []WorkloadState
	revision := ""
	for _, s := range all {
		switch {
		case s.At >= window.End:
			return found
		case len(found) > 0:
			if found[len(found)-1].completed() {
				return found
			}
			found = append(found, s)
		case s.At >= window.Start && revision != "" && s.Revision != revision:
			found = append(found, s)
		case s.Revision != "":
			revision = s.Revision
		}
	}
	return found
}

func (r *Rollout) judgeCompletion(j *Judgement, states []WorkloadState, window Span) {
	began, last := states[0].At, &states[len(states)-1]
	took, watched := last.At.Sub(began), window.End.Sub(began)
	switch {
	case last.completed() && took > r.Completes.Std():
		j.Outcome, j.Observed, j.Why = Fail, "completed after "+round(took), "it completed too late"
	case last.completed():
		j.Outcome, j.Observed, j.Why = Pass, "completed after "+round(took), fmt.Sprintf("all %d pods were updated and available", last.Desired)
	case watched > r.Completes.Std():
		j.Outcome, j.Observed, j.Why = Fail, "not completed after "+round(watched), progress(last)
	default:
		j.Observed, j.Why = "not completed after "+round(watched), "the fault window ended before it had its time: make it longer; "+progress(last)
	}
}

func (r *Rollout) judgeStop(j *Judgement, states []WorkloadState, window Span) {
	began, last := states[0].At, &states[len(states)-1]
	watched := window.End.Sub(began)
	stopped, said := began, ""
	for i := 1; i < len(states); i++ {
		before, now := &states[i-1], &states[i]
		if now.Halted != "" {
			said = now.Halted
			if before.Halted == "" {
				stopped = now.At
			}
			continue
		}
		said = ""
		if now.Updated != before.Updated || now.Current != before.Current || now.Desired != before.Desired {
			stopped = now.At
		}
	}
	took := stopped.Sub(began)
	why := progress(last)
	if said != "" {
		why = "Kubernetes says so (" + said + "); " + why
	}
	switch {
	case last.completed():
		j.Outcome, j.Observed, j.Why = Fail, "completed after "+round(last.At.Sub(began)), fmt.Sprintf("nothing kept it from replacing all %d pods", last.Desired)
	case took > r.Stops.Std():
		j.Outcome, j.Observed, j.Why = Fail, "going on after "+round(took), "it went on for too long; "+why
	case watched < r.Stops.Std():
		j.Observed, j.Why = "going no further for "+round(watched-took), fmt.Sprintf("the fault window ended %s after it began: make it longer; %s", round(watched), why)
	default:
		j.Outcome, j.Observed, j.Why = Pass, "stopped after "+round(took), why
	}
}

// judgeAvailable looks at the fewest pods that were available.
func (r *Rollout) judgeAvailable(j *Judgement, states []WorkloadState, missed bool) {
	if r.Available == nil {
		return
	}
	fewest, least := &states[0], 0
	for i := range states {
		least = max(least, r.Available.Of(states[i].Desired))
		if states[i].Available < fewest.Available {
			fewest = &states[i]
		}
	}
	j.Observed += fmt.Sprintf(", %d available at the least", fewest.Available)
	switch {
	case fewest.Available < least:
		j.Outcome = Fail
		j.Why = fmt.Sprintf("%s into the rollout %d of %d pods were available, %d fewer than expected; %s", round(fewest.At.Sub(states[0].At)), fewest.Available, fewest.Desired, least-fewest.Available, j.Why)
	case missed && j.Outcome == Pass:
		j.Outcome = Unknown
	}
}

func progress(w *WorkloadState) string {
	return fmt.Sprintf("%d of %d pods updated, %d in all, %d available", w.Updated, w.Desired, w.Current, w.Available)
}
