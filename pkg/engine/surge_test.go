package engine

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/apply"
	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/inject"
	"github.com/chaosctl/chaosctl/pkg/load"
)

// TestSurge sends a surge to a server that counts, and says no, until that has enough: what is judged sees nothing of it.
func TestSurge(t *testing.T) {
	ctx, end := context.WithTimeout(t.Context(), time.Minute)
	defer end()
	var got atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if got.Add(1) == 100 {
			end()
		}
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	t.Cleanup(server.Close)
	rush := &inject.LoadSurge{Of: "browse", Rate: experiment.Rate{PerSecond: 400}}
	fault := experiment.Fault{Name: "rush", Member: experiment.Member{Kind: "loadSurge", Params: rush}, For: duration(500 * time.Millisecond)}
	p := &Plan{
		Experiment: &experiment.Experiment{Spec: experiment.Spec{
			Load:   []experiment.Load{{Name: "other"}, {Name: "browse", Connections: experiment.Both, Timeout: experiment.Duration(2 * time.Second)}},
			Faults: []experiment.Fault{fault}, Duration: duration(time.Second),
		}},
		Workload: &cluster.Workload{}, Routes: []cluster.Route{{URL: "http://127.0.0.1:1"}, {URL: server.URL}}, Injections: schedule([]experiment.Fault{fault}),
	}
	changes, err := p.changes(t.Context(), &p.Injections[0], p.lookAt(p.Workload), nil)
	require.NoError(t, err)
	sent, surges := apart(changes)
	assert.Empty(t, sent, "the applier has nothing to do")
	r, recorded := logged(t, p)
	r.Observe = func(load.Sample) { assert.Fail(t, "a live view sees a request of the surge") }
	require.Len(t, surges, 1)
	r.surge(ctx, func(err error) { assert.NoError(t, err) }, &surges[0])
	assert.GreaterOrEqual(t, got.Load(), int64(100))
	var states []event.ChangeState
	var last event.ChangeUpdated
	for _, p := range *recorded {
		if c, ok := p.(event.ChangeUpdated); ok && c.State != event.ChangeUnproved { // a machine that is busy
			last, states = c, append(states, c.State)
		}
	}
	assert.Equal(t, []event.ChangeState{event.ChangeSent, event.ChangeApplied, event.ChangeProved, event.ChangeUndone}, states)
	assert.Equal(t, "rush/1/surge-browse", last.ID)
	assert.Equal(t, "load", last.Verb)
	assert.Regexp(t, `^(\d+) requests, (\d+) of which failed; none of them is among those that are judged$`, last.Message)
	assert.Zero(t, r.baseline.of("browse"), "the baseline is of the load alone")
}

// TestSurgeEndsWithItsFault: by its own duration, or with the window.
func TestSurgeEndsWithItsFault(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(server.Close)
	for name, c := range map[string]struct {
		lasts  *experiment.Duration
		window time.Duration
		most   int
	}{
		// Of 50/s: a machine that is busy sends fewer, and none sends more.
		"its own":    {duration(300 * time.Millisecond), 1200 * time.Millisecond, 20},
		"the window": {nil, 600 * time.Millisecond, 35},
	} {
		t.Run(name, func(t *testing.T) {
			rush := experiment.Fault{Name: "rush", For: c.lasts, Member: experiment.Member{Kind: "loadSurge", Params: &inject.LoadSurge{Of: "browse", Rate: experiment.Rate{PerSecond: 50}}}}
			p := &Plan{
				Experiment: &experiment.Experiment{Spec: experiment.Spec{
					Load: []experiment.Load{{Name: "browse", Connections: experiment.Reuse}}, Faults: []experiment.Fault{rush}, Duration: (*experiment.Duration)(&c.window),
				}},
				Workload: &cluster.Workload{}, Routes: []cluster.Route{{URL: server.URL}}, Injections: schedule([]experiment.Fault{rush}),
			}
			var err error
			p.Injections[0].Changes, err = p.changes(t.Context(), &p.Injections[0], p.lookAt(p.Workload), nil)
			require.NoError(t, err)
			r, recorded := logged(t, p)
			r.Applier = apply.New(nil, "run-1", nil, r.Log)
			began := r.Log.Now()
			require.NoError(t, r.faults(t.Context()))
			assert.GreaterOrEqual(t, r.Log.Now().Sub(began), c.window)
			requests := -1
			for _, p := range *recorded {
				if u, ok := p.(event.ChangeUpdated); ok && u.State == event.ChangeUndone {
					_, err := fmt.Sscanf(u.Message, "%d requests", &requests)
					require.NoError(t, err)
				}
			}
			assert.GreaterOrEqual(t, requests, 0, "the window is over before the surge is")
			assert.LessOrEqual(t, requests, c.most)
		})
	}
}
