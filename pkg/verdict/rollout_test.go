package verdict_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/verdict"
)

// rolled is the state of a workload that asks for three pods.
func rolled(seconds float64, revision string, updated, current, available int) verdict.WorkloadState {
	return verdict.WorkloadState{At: at(seconds), WorkloadObserved: event.WorkloadObserved{
		Kind: "Deployment", Desired: 3, Current: current, Updated: updated, Ready: available, Available: available, Settled: true, Target: true, Revision: revision,
	}}
}

func countOf(t *testing.T, text string) *experiment.Count {
	t.Helper()
	var c experiment.Count
	require.NoError(t, c.UnmarshalText([]byte(text)))
	return &c
}

// TestRollout: the fault window is from 5 s to 15 s.
func TestRollout(t *testing.T) {
	states := func(all ...verdict.WorkloadState) *verdict.Facts {
		return facts(func(f *verdict.Facts) { f.Workload = all })
	}
	missed := func(f *verdict.Facts) *verdict.Facts {
		f.WorkloadMissed = true
		return f
	}
	halted, unseen := rolled(9, "2", 1, 4, 3), rolled(8, "2", 3, 3, 3)
	halted.Halted, unseen.Settled = "ProgressDeadlineExceeded", false
	late := halted
	late.At = at(14)
	before := rolled(0, "1", 3, 3, 3)
	good := states(before, rolled(6, "2", 0, 3, 3), rolled(7, "2", 1, 4, 3), rolled(8, "2", 3, 4, 3), rolled(9, "2", 3, 3, 3), rolled(16, "3", 0, 3, 3))
	bad := states(before, rolled(6, "2", 0, 3, 3), rolled(7, "2", 1, 4, 3), rolled(16, "3", 3, 3, 3))
	harmful := states(before, rolled(6, "2", 0, 3, 3), rolled(7, "2", 1, 3, 2), rolled(8, "2", 2, 3, 1))
	completes := func(d time.Duration) *verdict.Rollout { return &verdict.Rollout{Completes: duration(d)} }
	stops := func(d time.Duration) *verdict.Rollout { return &verdict.Rollout{Stops: duration(d)} }
	judge(t, map[string]judged{
		"completes":                     {completes(5 * time.Second), good, verdict.Pass, "all 3 pods were updated and available"},
		"completes too late":            {completes(2 * time.Second), good, verdict.Fail, "it completed too late"},
		"does not complete":             {completes(5 * time.Second), bad, verdict.Fail, "1 of 3 pods updated, 4 in all, 3 available"},
		"has no time to":                {completes(time.Minute), bad, verdict.Unknown, "the fault window ended before it had its time"},
		"the specification is not seen": {completes(5 * time.Second), states(before, rolled(6, "2", 0, 3, 3), unseen), verdict.Fail, "3 of 3 pods updated"},
		"an old pod is left":            {completes(5 * time.Second), states(before, rolled(6, "2", 0, 3, 3), rolled(8, "2", 3, 4, 3)), verdict.Fail, "4 in all"},
		"stops":                         {stops(5 * time.Second), bad, verdict.Pass, "1 of 3 pods updated"},
		"stops, as Kubernetes says":     {stops(5 * time.Second), states(before, rolled(6, "2", 0, 3, 3), rolled(7, "2", 1, 4, 3), halted), verdict.Pass, "Kubernetes says so (ProgressDeadlineExceeded)"},
		"said so too late":              {stops(5 * time.Second), states(before, rolled(6, "2", 0, 3, 3), rolled(7, "2", 1, 4, 3), late), verdict.Fail, "it went on for too long"},
		"does not stop":                 {stops(5 * time.Second), good, verdict.Fail, "nothing kept it from replacing all 3 pods"},
		"goes on":                       {stops(time.Second), harmful, verdict.Fail, "it went on for too long; 2 of 3 pods updated"},
		"nobody knows whether it stops": {stops(time.Minute), bad, verdict.Unknown, "the fault window ended 9s after it began"},
		"available":                     {&verdict.Rollout{Stops: duration(5 * time.Second), Available: countOf(t, "all")}, bad, verdict.Pass, ""},
		"too few available":             {&verdict.Rollout{Stops: duration(5 * time.Second), Available: countOf(t, "67%")}, harmful, verdict.Fail, "2s into the rollout 1 of 3 pods were available, 1 fewer than expected"},
		"too few, of a good one":        {&verdict.Rollout{Completes: duration(5 * time.Second), Available: countOf(t, "all")}, states(before, rolled(6, "2", 1, 3, 2), rolled(9, "2", 3, 3, 3)), verdict.Fail, "1 fewer"},
		"fewer after the window":        {&verdict.Rollout{Stops: duration(5 * time.Second), Available: countOf(t, "all")}, states(before, rolled(6, "2", 1, 4, 3), rolled(16, "3", 0, 3, 0)), verdict.Pass, ""},
		"after its completion":          {completes(5 * time.Second), states(before, rolled(6, "2", 0, 3, 3), rolled(7, "2", 3, 3, 3), rolled(9, "2", 3, 3, 2)), verdict.Pass, ""},
		"no rollout":                    {completes(5 * time.Second), states(before, rolled(7, "1", 3, 3, 2)), verdict.Unknown, "no rollout was seen to begin"},
		"one of before":                 {completes(5 * time.Second), states(rolled(0, "0", 3, 3, 3), rolled(1, "1", 3, 3, 3)), verdict.Unknown, "no rollout was seen to begin"},
		"one after":                     {completes(5 * time.Second), states(before, rolled(16, "2", 3, 3, 3)), verdict.Unknown, "no rollout was seen to begin"},
		"nothing seen":                  {completes(5 * time.Second), states(), verdict.Unknown, "no rollout was seen"},
		"missed":                        {completes(5 * time.Second), missed(states(before, rolled(6, "2", 0, 3, 3), rolled(9, "2", 3, 3, 3))), verdict.Unknown, "the watch of the target was cut"},
		"missed, but failed":            {completes(2 * time.Second), missed(states(before, rolled(6, "2", 0, 3, 3), rolled(9, "2", 3, 3, 3))), verdict.Fail, "too late"},
		"no fault":                      {completes(time.Second), &verdict.Facts{Windows: map[verdict.Window]verdict.Span{}}, verdict.Unknown, "did not come to its fault window"},
	})
}
