package timeline_test

import (
	"cmp"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/timeline"
)

// loss is what becomes of one victim in a cluster that follows a script: when it is told to stop, and when each stage of its
// replacement is reached, up to its publication.
type loss struct {
	victim, replacement event.PodObserved
	stages              [timeline.Published + 1]float64
}

// sight is an event on its way through a watch.
type sight struct {
	at      float64
	payload event.Payload
}

// drawLosses makes up to six losses of pods of three controllers: one that replaces pods in order, one that keeps their names,
// one that keeps their nodes.
func drawLosses(t *rapid.T) []loss {
	took := rapid.Float64Range(0.001, 3)
	all := make([]loss, rapid.IntRange(1, 6).Draw(t, "victims"))
	for n := range all {
		l := &all[n]
		l.victim, l.replacement = of(fmt.Sprintf("v%d", n)), of(fmt.Sprintf("r%d", n))
		l.stages[timeline.Injected] = 10 + float64(n)*rapid.SampledFrom([]float64{0.01, 0.3, 2}).Draw(t, "apart")
		for s := timeline.Detected; s <= timeline.Published; s++ {
			l.stages[s] = l.stages[s-1] + took.Draw(t, "took")
		}
		kind := rapid.SampledFrom([]string{"ReplicaSet", "StatefulSet", "DaemonSet"}).Draw(t, "kind")
		for _, p := range []*event.PodObserved{&l.victim, &l.replacement} {
			p.OwnerKind, p.OwnerUID = kind, kind
			switch kind {
			case "StatefulSet":
				p.Name = fmt.Sprintf("db-%d", n)
			case "DaemonSet":
				p.Node = fmt.Sprintf("node-%d", n)
			}
		}
	}
	slices.SortFunc(all, func(a, b loss) int { return cmp.Compare(a.stages[0], b.stages[0]) })
	order := 0.0 // a ReplicaSet has no reason to replace the pod that was lost later before the one that was lost sooner
	for n := range all {
		l := &all[n]
		if l.victim.OwnerKind != "ReplicaSet" {
			continue
		}
		if later := order + 0.001 - l.stages[timeline.Created]; later > 0 {
			for s := timeline.Created; s <= timeline.Published; s++ {
				l.stages[s] += later
			}
		}
		order = l.stages[timeline.Created]
	}
	return all
}

// script is what a watch of pods and one of endpoints would be told of the losses, each in order.
func (l loss) script() (pods, endpoints []sight) {
	r := l.replacement
	r.Scheduled, r.Prepared, r.Running, r.Ready = false, false, false, false
	pods = append(pods, sight{l.stages[timeline.Detected], terminating(l.victim)}, sight{l.stages[timeline.Created], r})
	r.Scheduled = true
	pods = append(pods, sight{l.stages[timeline.Scheduled], r})
	r.Prepared = true
	pods = append(pods, sight{l.stages[timeline.Prepared], r})
	r.Running = true
	pods = append(pods, sight{l.stages[timeline.Started], r})
	r.Ready = true
	pods = append(pods, sight{l.stages[timeline.BecameReady], r})
	return pods, []sight{{l.stages[timeline.Published], event.EndpointObserved{Service: "web", PodUID: r.UID, Ready: true}}}
}

// late delivers what a watch is told, in order, each up to a delay late.
func late(t *rapid.T, all []sight, delay float64) []sight {
	slices.SortStableFunc(all, func(a, b sight) int { return cmp.Compare(a.at, b.at) })
	before := 0.0
	for i := range all {
		all[i].at = max(before, all[i].at+rapid.Float64Range(0, delay).Draw(t, "late"))
		before = all[i].at
	}
	return all
}

// naive is a formula that is in use elsewhere: it takes the first pod that is new after the loss for the replacement, whosever
// it is, and adds up what lies before its being ready so that the time until its creation counts twice.
func naive(l loss, all []loss) (pod string, took float64) {
	first := 0.0
	for _, other := range all {
		if created := other.stages[timeline.Created]; created > l.stages[timeline.Injected] && (pod == "" || created < first) {
			pod, first = other.replacement.UID, created
			took = (created - l.stages[timeline.Injected]) + (other.stages[timeline.BecameReady] - l.stages[timeline.Injected])
		}
	}
	return pod, took
}

// TestRecoveriesAgainstTheTruth lets clusters lose several pods at once by a script, tells the fold so by watches that are late, and
// compares: each victim has the replacement that the script gives it, and each phase ends when the script says, but for the delay
// of the watch. The naive formula has the script itself, and no delay.
func TestRecoveriesAgainstTheTruth(t *testing.T) {
	const delay, rounding = 0.050, 2e-3
	victims, wrongPairs, naivePairs := 0, 0, 0
	var off, naiveOff []float64
	rapid.Check(t, func(t *rapid.T) {
		losses := drawLosses(t)
		s := newScript()
		var pods, endpoints []sight
		for _, l := range losses {
			s.lives(1, l.victim)
			of, at := l.script()
			pods, endpoints = append(pods, of...), append(endpoints, at...)
		}
		log := slices.Concat(late(t, pods, delay), late(t, endpoints, delay))
		for _, l := range losses {
			change := event.ChangeUpdated{ID: "kill/" + l.victim.UID, Object: event.Object{Kind: "Pod", UID: l.victim.UID}, State: event.ChangeSent}
			done := change
			done.State = event.ChangeApplied
			log = append(log, sight{l.stages[timeline.Injected], change}, sight{l.stages[timeline.Injected] + 1e-6, done})
		}
		slices.SortStableFunc(log, func(a, b sight) int { return cmp.Compare(a.at, b.at) })
		for _, e := range log {
			s.add(e.at, e.payload)
		}

		found := s.Recoveries()
		require.Len(t, found, len(losses))
		for _, r := range found {
			l := losses[slices.IndexFunc(losses, func(l loss) bool { return l.victim.UID == r.Victim.UID })]
			victims++
			if r.Replacement == nil || r.Replacement.UID != l.replacement.UID {
				wrongPairs++
				continue
			}
			for stage := timeline.Injected; stage <= timeline.Published; stage++ {
				require.True(t, r.Reached[stage], "stage %d", stage)
				wrong := time.Duration(r.At[stage]).Seconds() - l.stages[stage]
				require.GreaterOrEqual(t, wrong, -rounding, "stage %d of %s is too soon", stage, r.Victim.UID)
				require.LessOrEqual(t, wrong, delay+rounding, "stage %d of %s is too late", stage, r.Victim.UID)
				if stage == timeline.BecameReady {
					off = append(off, max(wrong, -wrong))
				}
			}
			pod, took := naive(l, losses)
			if pod != l.replacement.UID {
				naivePairs++
			}
			wrong := took - (l.stages[timeline.BecameReady] - l.stages[timeline.Injected])
			naiveOff = append(naiveOff, max(wrong, -wrong))
		}
	})
	slices.Sort(off)
	slices.Sort(naiveOff)
	t.Logf("%d victims: %d wrong pairs, and %d by the naive formula; time to ready off by %.1f ms in the median and %.1f ms at most, and by %.0f ms and %.0f ms",
		victims, wrongPairs, naivePairs, 1e3*off[len(off)/2], 1e3*off[len(off)-1], 1e3*naiveOff[len(naiveOff)/2], 1e3*naiveOff[len(naiveOff)-1])
	require.Zero(t, wrongPairs)
}
