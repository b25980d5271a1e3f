package report

import (
	"cmp"
	"maps"
	"slices"

	"github.com/chaosctl/chaosctl/pkg/attribution"
	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/load"
	"github.com/chaosctl/chaosctl/pkg/verdict"
)

// mostFailurePods is how many pods of a class a result lists; the failures of all others are one more, without a name.
const mostFailurePods = 100

// join starts the attribution of the run's failures.
func (r *record) join() *attribution.Join {
	run := r.windows()[verdict.Run]
	return attribution.NewJoin(r.history, run.Start, run.End)
}

// attributed is the attribution as the result has it; nil without a failure.
func (r *record) attributed(found *attribution.Result) *AttributionResult {
	if found.Failures == 0 {
		return nil
	}
	result := &AttributionResult{Failures: found.Failures, Exact: found.Exact}
	for _, c := range found.Classes {
		class := FailureClass{Class: string(c.Class), Words: c.Class.Words(), Failures: c.Failures, Exact: c.Exact, Examples: []FailureExample{}}
		for i, p := range c.Places {
			if i >= mostFailurePods {
				p.Pod, p.UID, p.Phase = "", "", ""
			}
			class.add(r.failurePod(p), i > mostFailurePods)
		}
		for _, e := range c.Examples {
			class.Examples = append(class.Examples, r.failureExample(e))
		}
		result.Classes = append(result.Classes, class)
	}
	return result
}

// add appends a pod, or counts it with the last one.
func (c *FailureClass) add(p FailurePod, merge bool) {
	if !merge {
		c.Pods = append(c.Pods, p)
		return
	}
	last := &c.Pods[len(c.Pods)-1]
	last.Failures += p.Failures
	last.Exact += p.Exact
	for cause, n := range p.ByCause {
		last.ByCause[cause] += n
	}
	if p.First.Before(last.First) {
		last.First = p.First
	}
	if p.Last.After(last.Last) {
		last.Last = p.Last
	}
}

func (r *record) failurePod(p attribution.Place) FailurePod {
	pod := FailurePod{
		Pod: p.Pod, UID: p.UID, Phase: string(p.Phase), Failures: p.Failures, Exact: p.Exact, ByCause: map[string]uint64{},
		First: wallTime(r.start.Base, p.First), Last: wallTime(r.start.Base, p.Last),
	}
	for cause, n := range p.Causes {
		pod.ByCause[string(cause)] = n
	}
	return pod
}

func (r *record) failureExample(e attribution.Example) FailureExample {
	s := e.Sample
	return FailureExample{
		Stream: r.streamLabel(s.Stream), Start: wallTime(r.start.Base, s.Start), Took: s.Service().Seconds(), Cause: string(s.Cause), Status: s.Status,
		Pod: e.Pod, Phase: string(e.Phase), Evidence: string(e.Evidence),
	}
}

func (r *record) streamLabel(id int) string {
	i := slices.IndexFunc(r.streams, func(s event.StreamStarted) bool { return s.ID == id })
	if i < 0 {
		return ""
	}
	return streamLabel(r.streams[i].Name, r.streams[i].Connections)
}

// Sure says how the class of the failures is known.
func (c FailureClass) Sure() string {
	switch {
	case c.Class == string(attribution.Unknown):
		return "–"
	case c.Exact == c.Failures:
		return "known"
	case c.Exact == 0:
		return "inferred"
	}
	return count(c.Failures-c.Exact) + " inferred"
}

// mostShownPods is how many pods of a class a table names.
const mostShownPods = 3

// ShownPods are the pods with most of the failures.
func (c FailureClass) ShownPods() []FailurePod { return c.Pods[:min(len(c.Pods), mostShownPods)] }

// MorePods is how many pods a table does not name.
func (c FailureClass) MorePods() int { return max(0, len(c.Pods)-mostShownPods) }

// Where says which pod, in what phase.
func (c FailureClass) Where(p FailurePod) string {
	text := cmp.Or(p.Pod, "pod not known")
	if p.Pod == "" && (p.Exact == p.Failures || c.Class == string(attribution.NoEndpoint)) {
		text = "no pod"
	}
	if p.Phase != "" {
		text += " (" + p.Phase + ")"
	}
	return text
}

// Causes are what clients saw, the most frequent first.
func (p FailurePod) Causes() []figure {
	var all []figure
	for _, cause := range slices.SortedFunc(maps.Keys(p.ByCause), func(a, b string) int {
		return cmp.Or(cmp.Compare(p.ByCause[b], p.ByCause[a]), cmp.Compare(a, b))
	})[:min(len(p.ByCause), len(load.Causes()))] {
		all = append(all, figure{cause, count(p.ByCause[cause])})
	}
	return all
}

// ShareOf is the share of the failures that a class has.
func (a *AttributionResult) ShareOf(c FailureClass) string {
	return percent(float64(c.Failures) / float64(max(a.Failures, 1)))
}
