package report

import (
	"slices"
	"strings"
	"time"

	"github.com/chaosctl/chaosctl/pkg/attribution"
	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/verdict"
)

// circumstances are what an explanation is made of.
type circumstances struct {
	// failed holds the kinds of the expectations that failed.
	failed  []string
	aborted bool
	found   attribution.Result
	// lost are the pods that were taken away together, slowest is the one that took longest to go.
	lost    attribution.Group
	slowest *attribution.Stop
	// died says that a process ended in place.
	died bool
	// configured is nil where the target's configuration is not known.
	configured *event.TargetConfigured
	// onNodes says that faults changed nodes.
	onNodes bool
	// answer is how long nearly all answers take.
	answer     time.Duration
	recoveries []RecoveryResult
	// within is what a recovery may take; 0 where nothing is said of it.
	within time.Duration
}

// explain says what broke, why, and what would have prevented it; nil for a run that passed or never came to its fault.
func (r *record) explain(m *Model, found attribution.Result) *Explanation {
	if m.Verdict == Pass || m.Windows.Fault == nil {
		return nil
	}
	c := circumstances{found: found, lost: r.history.Lost(), died: r.history.Died(), configured: r.configured, recoveries: m.Recoveries}
	for _, e := range m.Expectations {
		if e.Verdict == Fail {
			c.failed = append(c.failed, e.Kind)
		}
	}
	for _, s := range m.Streams {
		if s.Latency != nil {
			c.answer = max(c.answer, secondsOf(s.Latency.P99))
		}
	}
	for _, change := range m.Changes {
		c.onNodes = c.onNodes || change.Object.Kind == "Node" && !change.AckedAt.IsZero()
	}
	if stop, ok := r.history.Slowest(); ok {
		c.slowest = &stop
	}
	for _, e := range r.experiment.Spec.Expect {
		if w, ok := e.Params.(*verdict.WithinTime); ok && w.Phase == "" {
			c.within = w.Within.Std()
		}
	}
	c.aborted = m.Verdict == Aborted
	e := c.explain()
	if e != nil && r.history.Gaps() {
		// What was missed could speak against it.
		e.Mend, e.Kind, e.Avoided = "", "", 0
	}
	return e
}

// explain keeps to what failed: a run whose recovery took too long is not explained by a few requests that were lost meanwhile.
func (c *circumstances) explain() *Explanation {
	aboutRequests := len(c.failed) == 0 || c.aborted || c.failing("availability") || c.failing("outage")
	if aboutRequests && c.found.Failures > 0 {
		return c.ofRequests()
	}
	return c.ofPods()
}

// failing says whether an expectation of a kind failed.
func (c *circumstances) failing(kind string) bool { return slices.Contains(c.failed, kind) }

// most says that a number is so large a share of the failures that what is known of it speaks for them.
func (c *circumstances) most(n uint64) bool { return n > 0 && 2*n > c.found.Failures }

// share is a number of failures with what part of them that is.
func (c *circumstances) share(n uint64) string {
	if n == c.found.Failures {
		if n == 1 {
			return "the failed request"
		}
		return "all " + plural(n, "failed request")
	}
	return count(n) + " of " + plural(c.found.Failures, "failed request") + " (" + part(n, c.found.Failures) + ")"
}

// part is a share in whole percents, rounded down: what is not all never reads as all.
func part(n, of uint64) string {
	if percents := 100 * n / max(of, 1); percents > 0 {
		return count(percents) + " %"
	}
	return "less than 1 %"
}

// avoided is how many of the failures a mend would have avoided.
func (c *circumstances) avoided(n uint64) string {
	return "would have avoided " + c.share(n)
}

// wholeSeconds rounds a time up to whole seconds, one at the least.
func wholeSeconds(d time.Duration) time.Duration {
	return max(time.Second, (d + time.Second - 1).Truncate(time.Second))
}

// ofSeconds writes a whole number of them: 2 s.
func ofSeconds(d time.Duration) string { return count(int(d/time.Second)) + " s" }

func inWords(d time.Duration) string { return seconds(d.Seconds()) }

// line is a sentence of an explanation: what it tells, in short for the margin of a terminal too.
type line struct{ Name, Short, Value string }

// lines are the sentences that there are.
func (e *Explanation) lines() []line {
	if e == nil {
		return nil
	}
	all := []line{{"What broke", "broke", e.Broke}, {"Why", "why", e.Why}, {"What would mend it", "mend", e.Mend}}
	return slices.DeleteFunc(all, func(l line) bool { return l.Value == "" })
}

// inLines is the explanation as plain text, a line for each sentence; empty where there is none.
func (e *Explanation) inLines() string {
	var text strings.Builder
	for _, l := range e.lines() {
		text.WriteString(l.Name + ": " + l.Value + "\n")
	}
	return text.String()
}
