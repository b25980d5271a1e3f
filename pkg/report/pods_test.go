package report

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/verdict"
)

func TestReadyCounts(t *testing.T) {
	initial := func(uid string, ready bool) event.PodObserved {
		p := webPod(uid)
		p.Initial, p.Ready = true, ready
		return p
	}
	changed := func(p event.PodObserved, change func(*event.PodObserved)) event.PodObserved {
		change(&p)
		return p
	}
	stranger := webPod("x")
	stranger.Target = false
	l := newLanes()
	for i, p := range []event.PodObserved{
		initial("n", false), initial("a", true), initial("b", true), stranger, // 0.0 to 0.3: two are ready from the start
		initial("n", true), // 0.4: one that was there from the start becomes ready only now
		changed(initial("a", true), func(p *event.PodObserved) { p.Terminating = true }), // 0.5
		changed(initial("a", true), func(p *event.PodObserved) { p.Node = "node2" }),     // 0.6: never mind
		changed(initial("a", false), func(p *event.PodObserved) { p.Gone = true }),       // 0.7
		webPod("c"), // 0.8
	} {
		l.add(at(float64(i)/10), p)
	}
	assert.Equal(t, []verdict.ReadyCount{{At: at(0), Ready: 2}, {At: at(0.4), Ready: 3}, {At: at(0.5), Ready: 2}, {At: at(0.6), Ready: 3}, {At: at(0.7), Ready: 2}, {At: at(0.8), Ready: 3}}, l.counts)
}

func TestLanes(t *testing.T) {
	l := newLanes()
	p := webPod("a")
	p.Scheduled, p.Prepared, p.Running, p.Ready, p.Node = false, false, false, false, ""
	l.add(at(1), p)
	p.Scheduled, p.Node = true, "node1"
	l.add(at(2), p)
	p.Prepared = true
	l.add(at(3), p) // still starting
	p.Running = true
	l.add(at(4), p)
	p.Ready = true
	l.add(at(5), p)
	open := webPod("b")
	l.add(at(5), open)
	p.Terminating = true
	l.add(at(6), p)
	p.Gone = true
	l.add(at(7), p)
	all := l.lanes(at(9))
	require.Len(t, all, 2)
	assert.Equal(t, PodLane{Name: "web-a", UID: "a", Node: "node1", Segments: []PodSegment{
		{"pending", at(1), at(2)}, {"starting", at(2), at(4)}, {"running", at(4), at(5)}, {"ready", at(5), at(6)}, {"terminating", at(6), at(7)},
	}}, all[0])
	assert.Equal(t, []PodSegment{{"ready", at(5), at(9)}}, all[1].Segments)
}

// TestLaneOfWhatLeaves: a pod that is given other labels is none of the target's as long as it has them, and then is again.
func TestLaneOfWhatLeaves(t *testing.T) {
	l := newLanes()
	p := webPod("a")
	p.Initial = true
	l.add(at(1), p)
	p.Left, p.Ready = true, false
	l.add(at(2), p)
	p.Left, p.Ready = false, true
	l.add(at(5), p)
	p.Left, p.Ready = true, false
	l.add(at(6), p)
	p.Gone, p.Left = true, false
	l.add(at(6.01), p)
	assert.Equal(t, []PodSegment{{"ready", at(1), at(2)}, {"ready", at(5), at(6)}}, l.lanes(at(9))[0].Segments)
	assert.Equal(t, []verdict.ReadyCount{{At: at(1), Ready: 1}, {At: at(2), Ready: 0}, {At: at(5), Ready: 1}, {At: at(6), Ready: 0}}, l.counts)
}

// TestLapses: a pod loses its readiness where it was ready and lives on without it.
func TestLapses(t *testing.T) {
	l := newLanes()
	p := webPod("a")
	second := 0.0
	see := func(change func(*event.PodObserved)) {
		change(&p)
		second++
		l.add(at(second), p)
	}
	see(func(p *event.PodObserved) { p.Ready = false })
	see(func(p *event.PodObserved) { p.Ready = true })
	see(func(p *event.PodObserved) { p.Ready = false })                  // 3
	see(func(p *event.PodObserved) { p.Running, p.Restarts = false, 1 }) // never mind
	see(func(p *event.PodObserved) { p.Running, p.Ready = true, true })
	see(func(p *event.PodObserved) { p.Left, p.Ready = true, false }) // relabelled
	see(func(p *event.PodObserved) { p.Left, p.Ready = false, true })
	see(func(p *event.PodObserved) { p.Running, p.Ready = false, false }) // 8: its container has ended
	see(func(p *event.PodObserved) { p.Running, p.Ready = true, true })
	see(func(p *event.PodObserved) { p.Terminating, p.Ready = true, false }) // deleted
	see(func(p *event.PodObserved) { p.Gone = true })
	assert.Equal(t, []verdict.Lapse{{At: at(3), Pod: "web-a", UID: "a"}, {At: at(8), Pod: "web-a", UID: "a"}}, l.lapses)
}
