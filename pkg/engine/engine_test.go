package engine

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"k8s.io/apimachinery/pkg/types"

	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/inject"
	"github.com/chaosctl/chaosctl/pkg/load"
	"github.com/chaosctl/chaosctl/pkg/target"
	"github.com/chaosctl/chaosctl/pkg/verdict"
)

func duration(d time.Duration) *experiment.Duration { return (*experiment.Duration)(&d) }

// logged makes a run with a log, and a function that ends the log and returns what was recorded.
func logged(t *testing.T, p *Plan) (*Run, *[]event.Payload) {
	t.Helper()
	var recorded []event.Payload
	log, err := event.CreateLog(filepath.Join(t.TempDir(), "events.jsonl"), event.NewClock(time.Now()), event.SinkFunc(func(e event.Event) {
		recorded = append(recorded, e.Payload)
	}))
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, log.Close()) })
	return &Run{Plan: p, Log: log}, &recorded
}

func TestSchedule(t *testing.T) {
	all := schedule([]experiment.Fault{
		{Name: "kill", At: experiment.Duration(time.Second), Repeat: &experiment.Repeat{Every: experiment.Duration(10 * time.Second), Times: 3}},
		{Name: "drain", For: duration(30 * time.Second)},
	})
	var ids []string
	var at, length []time.Duration
	for i := range all {
		ids, at, length = append(ids, all[i].ID()), append(at, all[i].At), append(length, all[i].For)
	}
	assert.Equal(t, []string{"kill/1", "kill/2", "kill/3", "drain/1"}, ids)
	assert.Equal(t, []time.Duration{time.Second, 11 * time.Second, 21 * time.Second, 0}, at)
	assert.Equal(t, []time.Duration{0, 0, 0, 30 * time.Second}, length)
}

func TestPlanEvent(t *testing.T) {
	change := inject.Change{ID: "kill/1/delete-web-1", Fault: "kill", Object: inject.Object{Kind: "Pod", Name: "web-1", UID: "u1"}, Delete: &inject.Delete{}, What: "delete the pod"}
	kill := experiment.Fault{Name: "kill", Member: experiment.Member{Kind: "podKill"}}
	p := &Plan{Workload: &cluster.Workload{Status: cluster.Status{Desired: 3}}, Ready: 2, Injections: []Injection{
		{Fault: kill, Changes: []inject.Change{change}, At: time.Second}, {Fault: kill, Number: 1, At: 11 * time.Second},
	}}
	planned := p.Event()
	assert.Equal(t, 3, planned.TargetPods)
	assert.Equal(t, 2, planned.ReadyPods)
	require.Len(t, planned.Changes, 2)
	assert.Equal(t, event.PlannedChange{
		ID: "kill/1/delete-web-1", Fault: "kill", Object: event.Object{Kind: "Pod", Name: "web-1", UID: "u1"}, Verb: "delete", What: "delete the pod",
		Undo: "cannot be undone; success is a verified recovery", At: event.Instant(time.Second),
	}, planned.Changes[0])
	assert.Equal(t, "kill/2", planned.Changes[1].ID)
	assert.NotNil(t, (&Plan{Workload: &cluster.Workload{}}).Event().Changes, "an empty list is no null")
}

func TestStreams(t *testing.T) {
	of := func(connections experiment.Connections) experiment.Load {
		return experiment.Load{
			Name: "browse", Connections: connections, Rate: experiment.Rate{PerSecond: 100}, Timeout: experiment.Duration(2 * time.Second),
			HTTP: &experiment.HTTPLoad{Method: "GET", PodHeader: "X-Pod"},
		}
	}
	p := &Plan{
		Experiment: &experiment.Experiment{Spec: experiment.Spec{Load: []experiment.Load{of(experiment.Both), of(experiment.Reuse)}}},
		Routes:     []cluster.Route{{URL: "http://a/", Via: "url"}, {URL: "http://b/", Via: "node port"}},
	}
	all := p.Streams()
	require.Len(t, all, 3)
	for i, want := range []struct {
		fresh       bool
		connections string
		rate        float64
		url         string
	}{{true, "fresh", 50, "http://a/"}, {false, "reuse", 50, "http://a/"}, {false, "reuse", 100, "http://b/"}} {
		s := all[i]
		assert.Equal(t, i, s.ID)
		assert.Equal(t, want.fresh, s.Fresh)
		assert.InDelta(t, want.rate, s.Profile.Peak(), 0)
		assert.Equal(t, want.url, s.URL)
		assert.Equal(t, "X-Pod", s.PodHeader)
		assert.Equal(t, s.ID, s.started.ID)
		assert.Equal(t, want.connections, s.started.Connections)
		assert.InDelta(t, 2, s.started.Timeout, 0)
	}
}

func TestStreamsByTCP(t *testing.T) {
	p := &Plan{
		Experiment: &experiment.Experiment{Spec: experiment.Spec{Load: []experiment.Load{{
			Name: "pings", Connections: experiment.Fresh, Rate: experiment.Rate{PerSecond: 100}, TCP: &experiment.TCPLoad{Send: "PING", Expect: "PONG"},
		}}}},
		Routes: []cluster.Route{{URL: "tcp://a:1", Via: "node port"}},
	}
	all := p.Streams()
	require.Len(t, all, 1)
	assert.Equal(t, &load.TCP{Send: []byte("PING"), Expect: []byte("PONG")}, all[0].TCP)
	assert.Equal(t, "tcp://a:1", all[0].started.URL)
	assert.Equal(t, "fresh", all[0].started.Connections)
}

func TestStreamsByGRPC(t *testing.T) {
	p := &Plan{
		Experiment: &experiment.Experiment{Spec: experiment.Spec{Load: []experiment.Load{{
			Name: "orders", Connections: experiment.Both, Rate: experiment.Rate{PerSecond: 100}, GRPC: &experiment.GRPCLoad{
				Method: "/shop.v1.Orders/List", MessageHex: "0a0161", Status: "NOT_FOUND", PodHeader: "x-pod", Metadata: map[string]string{"tenant": "a"},
			},
		}}}},
		Routes: []cluster.Route{{URL: "grpc://a:1/shop.v1.Orders/List", Via: "node port"}},
	}
	all := p.Streams()
	require.Len(t, all, 2)
	for _, s := range all {
		assert.Equal(t, &load.GRPC{Method: "/shop.v1.Orders/List", Message: []byte("\n\x01a"), Status: codes.NotFound}, s.GRPC)
		assert.Equal(t, "a", s.Header.Get("Tenant"))
		assert.Equal(t, "x-pod", s.PodHeader)
	}
}

func TestStreamsOfAProfile(t *testing.T) {
	rate := func(r float64) experiment.Rate { return experiment.Rate{PerSecond: r} }
	p := &Plan{
		Experiment: &experiment.Experiment{Spec: experiment.Spec{Load: []experiment.Load{{
			Name: "browse", Connections: experiment.Both, Timeout: experiment.Duration(2 * time.Second),
			Profile: &experiment.Profile{Burst: &experiment.Burst{
				Base: experiment.Level{}, Peak: rate(100), Every: experiment.Duration(10 * time.Second), For: experiment.Duration(time.Second),
			}},
		}}}},
		Routes: []cluster.Route{{URL: "http://a/", Via: "url"}},
	}
	all := p.Streams()
	require.Len(t, all, 2)
	for _, s := range all {
		assert.InDelta(t, 50, s.started.Rate, 0)
		assert.Equal(t, "bursts of 50/s for 1s every 10s, 0/s in between", s.started.Profile)
		first, ok := s.Profile.Due(0)
		assert.True(t, ok)
		assert.Equal(t, 10*time.Second, first)
	}
}

func TestKeepToPlan(t *testing.T) {
	change := func(id string, uid types.UID) inject.Change {
		return inject.Change{ID: id, Object: inject.Object{UID: uid}}
	}
	shown := []inject.Change{change("a", "1"), change("b", "2")}
	for name, c := range map[string]struct {
		targets experiment.Targets
		number  int
		now     []inject.Change
		want    int
		warned  bool
	}{
		"nothing has moved":           {experiment.Fixed, 0, shown, 2, false},
		"fixed, one is gone":          {experiment.Fixed, 0, shown[:1], 1, true},
		"fixed, one has come":         {experiment.Fixed, 0, append(shown[:2:2], change("c", "3")), 2, true},
		"fixed, one of the same name": {experiment.Fixed, 0, []inject.Change{shown[0], change("b", "9")}, 1, true},
		"follow":                      {experiment.Follow, 0, []inject.Change{change("c", "3")}, 1, true},
		"a repetition chooses anew":   {experiment.Fixed, 1, []inject.Change{change("c", "3")}, 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			r, recorded := logged(t, &Plan{})
			kept := r.keepToPlan(&Injection{Fault: experiment.Fault{Name: "kill", Targets: c.targets}, Number: c.number, Changes: shown}, c.now)
			assert.Len(t, kept, c.want)
			assert.Equal(t, c.warned, len(*recorded) > 0)
		})
	}
}

func TestInFault(t *testing.T) {
	i := &Injection{Fault: experiment.Fault{Name: "kill"}}
	var refusal *target.Refusal
	require.ErrorAs(t, inFault(i, &target.Refusal{Reason: "too many"}), &refusal)
	assert.Equal(t, "fault kill: too many", refusal.Reason)
	cause := errors.New("no answer")
	err := inFault(i, cause)
	require.ErrorIs(t, err, cause)
	assert.NotErrorAs(t, err, new(*target.Refusal))
}

func TestStopOf(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	abort := &Stop{Outcome: event.Aborted, Reason: "availability was low"}
	cancel(abort)
	assert.Same(t, error(abort), stopOf(ctx))
	require.ErrorIs(t, waitUntil(ctx, time.Now().Add(time.Hour)), abort)

	plain, stop := context.WithCancel(t.Context())
	require.NoError(t, waitUntil(plain, time.Now().Add(-time.Second)))
	stop()
	var interrupted *Stop
	require.ErrorAs(t, waitUntil(plain, time.Now().Add(time.Hour)), &interrupted)
	assert.Equal(t, event.Interrupted, interrupted.Outcome)
	assert.ErrorIs(t, interrupted, context.Canceled)
}

// TestPanicEndsTheRun: in whatever goroutine it happens, the run ends by the reason, and the process goes on to undo.
func TestPanicEndsTheRun(t *testing.T) {
	r, recorded := logged(t, &Plan{})
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	var wait sync.WaitGroup
	r.spawn(&wait, cancel, func() { panic("a bug") })
	wait.Wait()
	var stop *Stop
	require.ErrorAs(t, stopOf(ctx), &stop)
	assert.Equal(t, event.Failed, stop.Outcome)
	assert.Equal(t, "internal error: a bug", stop.Reason)
	require.Len(t, *recorded, 1)
}

// broken is a fault whose plan is a panic, or an error.
type broken struct{ err error }

func (b broken) Plan(context.Context, inject.Scope) ([]inject.Change, error) {
	if b.err == nil {
		panic("a bug")
	}
	return nil, b.err
}

func withFault(params inject.Fault) *Plan {
	fault := experiment.Fault{Name: "kill", Member: experiment.Member{Kind: "podKill", Params: params}}
	return &Plan{
		Workload:   &cluster.Workload{Namespace: "shop"},
		Experiment: &experiment.Experiment{Spec: experiment.Spec{Duration: duration(50 * time.Millisecond), Faults: []experiment.Fault{fault}}},
		Injections: []Injection{{Fault: fault}},
	}
}

func TestPanicOfFault(t *testing.T) {
	r, _ := logged(t, withFault(broken{}))
	r.Plan.Experiment.Spec.Duration = duration(time.Hour)
	var stop *Stop
	require.ErrorAs(t, r.faults(t.Context()), &stop, "the rest of the window is not waited for")
	assert.Equal(t, event.Failed, stop.Outcome)
}

// TestRefusedInjectionIsRecorded: a fault that did not come about is in the log, so that nothing passes for its sake.
func TestRefusedInjectionIsRecorded(t *testing.T) {
	r, recorded := logged(t, withFault(broken{&target.Refusal{Reason: "would leave 0 of 1 ready"}}))
	require.NoError(t, r.faults(t.Context()))
	require.NotEmpty(t, *recorded)
	assert.Equal(t, event.ChangeUpdated{
		ID: "kill/1", Fault: "kill", Verb: "podKill", State: event.ChangeFailed, Message: "fault kill: would leave 0 of 1 ready",
	}, (*recorded)[0])
}

func TestFaultsEndWithContext(t *testing.T) {
	r, recorded := logged(t, withFault(broken{errors.New("not reached")}))
	r.Plan.Injections[0].At = time.Hour
	r.Plan.Experiment.Spec.Duration = duration(time.Hour)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(10*time.Millisecond, cancel)
	var stop *Stop
	require.ErrorAs(t, r.faults(ctx), &stop)
	assert.Equal(t, event.Interrupted, stop.Outcome)
	assert.Empty(t, *recorded)
}

func TestPhase(t *testing.T) {
	r, recorded := logged(t, &Plan{})
	failing := errors.New("not well")
	require.NoError(t, r.phase(t.Context(), event.Steady, func(context.Context) error { return nil }))
	require.ErrorIs(t, r.phase(t.Context(), event.Fault, func(context.Context) error { return failing }), failing)
	assert.Equal(t, []event.Payload{
		event.PhaseStarted{Phase: event.Steady}, event.PhaseEnded{Phase: event.Steady, Complete: true},
		event.PhaseStarted{Phase: event.Fault}, event.PhaseEnded{Phase: event.Fault, Reason: "not well"},
	}, *recorded)
}

func TestSteadyBound(t *testing.T) {
	expect := func(of string, atLeast experiment.Percent) experiment.Expectation {
		return experiment.Expectation{Member: experiment.Member{Kind: "availability", Params: &verdict.Availability{Of: of, AtLeast: atLeast}}}
	}
	r := &Run{Plan: &Plan{Experiment: &experiment.Experiment{}}}
	browse := experiment.Load{Name: "browse"}
	assert.Equal(t, minSteady, r.steadyBound(browse))
	r.Plan.Experiment.Spec.Expect = []experiment.Expectation{expect("browse", 0.3), expect("search", 1)}
	assert.Equal(t, minSteady, r.steadyBound(browse), "never less than half")
	r.Plan.Experiment.Spec.Expect = append(r.Plan.Experiment.Spec.Expect, expect("browse", 0.999), expect("browse", 0.99))
	assert.Equal(t, experiment.Percent(0.999), r.steadyBound(browse), "the strictest")
}

func TestBaseline(t *testing.T) {
	b := baseline{counts: map[string]count{}}
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			for n := range 100 {
				b.add("browse", n%10 != 0)
			}
		})
	}
	wait.Wait()
	assert.Equal(t, count{requests: 400, failures: 40}, b.of("browse"))
	assert.Equal(t, count{}, b.of("search"))
}
