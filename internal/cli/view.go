package cli

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/chaosctl/chaosctl/pkg/engine"
	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/load"
)

// view follows a run's log and tells a person how it goes: in a terminal by one line that is kept up to date below the
// events, elsewhere by plain lines.
type view struct {
	out    *queue
	live   *load.Live
	status bool
	colour bool
	every  time.Duration

	mu         sync.Mutex
	phase      event.Phase
	phaseSince event.Instant
	ready      map[string]bool
	desired    int
	shown      bool
}

func newView(out io.Writer, plan *engine.Plan, live *load.Live) *view {
	_, status := terminal(out)
	v := &view{out: newQueue(out), live: live, status: status, colour: colours(out), every: 5 * time.Second, ready: map[string]bool{}, desired: plan.Workload.Status.Desired}
	if status {
		v.every = 200 * time.Millisecond
	}
	return v
}

// lastWords is how long the end waits for a reader to take what is still to be told.
const lastWords = time.Second

// start keeps the status up to date until the function that it returns is called.
func (v *view) start(clock event.Clock) (stop func()) {
	done := make(chan struct{})
	var wait sync.WaitGroup
	wait.Go(func() {
		ticker := time.NewTicker(v.every)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				v.tick(clock.Now())
			case <-done:
				return
			}
		}
	})
	return func() {
		close(done)
		wait.Wait()
		v.mu.Lock()
		defer v.mu.Unlock()
		v.clear()
		v.out.drain(lastWords)
	}
}

// Emit prints what a person wants to know at once.
func (v *view) Emit(e event.Event) {
	v.mu.Lock()
	defer v.mu.Unlock()
	switch p := e.Payload.(type) {
	case event.RunStarted:
		v.line(e.At, "run "+p.RunID)
	case event.PhaseStarted:
		v.phase, v.phaseSince = p.Phase, e.At
		v.line(e.At, paint(v.colour, bold, "phase "+string(p.Phase)))
	case event.PhaseEnded:
		if p.Reason != "" {
			v.line(e.At, paint(v.colour, yellow, p.Reason))
		}
	case event.ChangeUpdated:
		v.change(e.At, p)
	case event.PodObserved:
		if p.Ready && !p.Terminating && !p.Gone && !p.Left {
			v.ready[p.UID] = true
		} else {
			delete(v.ready, p.UID)
		}
	case event.WorkloadObserved:
		if p.Target {
			v.desired = p.Desired
		}
	case event.Noted:
		v.line(e.At, paint(v.colour, yellow, p.Level+": "+p.Message))
	}
}

func (v *view) change(at event.Instant, c event.ChangeUpdated) {
	subject := fmt.Sprintf("%s %s %s", c.Verb, strings.ToLower(c.Object.Kind), c.Object.Name)
	switch c.State {
	case event.ChangeApplied:
		v.line(at, paint(v.colour, red, "inject  ")+subject)
	case event.ChangeProved:
		v.line(at, "proved  "+subject+": "+c.Message)
	case event.ChangeUndone:
		v.line(at, paint(v.colour, green, "undone  ")+subject)
	case event.ChangeBlocked, event.ChangeFailed, event.ChangeSkipped, event.ChangeUnproved, event.ChangeDiverged, event.ChangeStuck:
		v.line(at, paint(v.colour, yellow, fmt.Sprintf("%-8s", c.State))+subject+": "+c.Message)
	}
}

// line prints an event above the status.
func (v *view) line(at event.Instant, text string) {
	v.clear()
	fmt.Fprintf(v.out, "%7.2fs  %s\n", at.Seconds(), text)
}

func (v *view) clear() {
	if v.shown {
		fmt.Fprint(v.out, "\r\x1b[K")
		v.shown = false
	}
}

func (v *view) tick(now event.Instant) {
	v.mu.Lock()
	defer v.mu.Unlock()
	var rate, good float64
	var requests, failures uint64
	for _, g := range v.live.Glance(now) {
		rate += g.Rate
		good += g.Rate * g.Success
		requests += g.Requests
		failures += g.Failures
	}
	text := fmt.Sprintf("%-8s %5.1fs", v.phase, now.Sub(v.phaseSince).Seconds())
	if requests > 0 || rate > 0 { // there are runs without load
		text += fmt.Sprintf("  %6.1f req/s", rate)
		if rate > 0 {
			text += fmt.Sprintf("  %6.2f %% ok", 100*good/rate)
		}
		text += fmt.Sprintf("  %d of %d failed", failures, requests)
	}
	text += fmt.Sprintf("  %d/%d pods ready", len(v.ready), v.desired)
	if !v.status {
		v.line(now, text)
		return
	}
	v.clear()
	fmt.Fprint(v.out, text)
	v.shown = true
}
