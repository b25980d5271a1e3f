package engine

import (
	"context"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/chaosctl/chaosctl/pkg/declared"
	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/inject"
	"github.com/chaosctl/chaosctl/pkg/verdict"
)

// declaration compares what is declared with what was before the first fault.
type declaration struct {
	read func(context.Context) (*declared.State, error)
	log  interface{ Record(event.Payload) }
	// stable is how long it must have been alike, and every the time between two looks.
	stable, every time.Duration
	before        *declared.State
	failed        error

	// last is the newest state, and told what was told of it.
	last *declared.State
	told *event.DeclaredCompared

	mu sync.Mutex
	// alike is since when there was no difference; zero where there is one.
	alike time.Time
	moved chan struct{}
}

// Looks are not closer together than the first, whatever the stable time, nor further apart than the second.
const nearestLook, furthestLook = 500 * time.Millisecond, 5 * time.Second

// readDeclared notes what is declared before the first fault, where an expectation asks.
func (r *Run) readDeclared(ctx context.Context) {
	if !asksDeclared(r.Plan) {
		return
	}
	w, c := r.Plan.Workload, r.Plan.connection
	subject := declared.Subject{
		Resource: w.Resource, Kind: w.Kind, Namespace: w.Namespace, Name: w.Name, Selector: w.Selector, Labels: labels.Set(w.Template.Labels),
		ConfigMaps: inject.ConfigMapsOf(&w.Template.Spec),
	}
	stable := r.Plan.Experiment.Spec.Recovery.StableFor.Std()
	r.declared = newDeclaration(r.Log, stable, func(ctx context.Context) (*declared.State, error) {
		return declared.Read(ctx, c.Dynamic, subject)
	})
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	r.declared.before, r.declared.failed = r.declared.read(ctx)
}

func newDeclaration(log interface{ Record(event.Payload) }, stable time.Duration, read func(context.Context) (*declared.State, error)) *declaration {
	return &declaration{read: read, log: log, stable: stable, every: min(max(stable/5, nearestLook), furthestLook), moved: make(chan struct{})}
}

func asksDeclared(p *Plan) bool {
	for _, e := range p.Experiment.Spec.Expect {
		if _, ok := e.Params.(*verdict.Converged); ok {
			return true
		}
	}
	return false
}

// followDeclared compares from now on, until the function is called that it returns, or ctx ends.
func (r *Run) followDeclared(ctx context.Context) (stop func()) {
	if r.declared == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	var wait sync.WaitGroup
	r.spawn(&wait, func(error) {}, func() { r.declared.follow(ctx) })
	return func() {
		cancel()
		wait.Wait()
	}
}

// awaitDeclared waits until what is declared is as it was, and has been so for the stable time, or patience ends. The error is
// that for which ctx ended.
func (r *Run) awaitDeclared(ctx context.Context, patience time.Time) error {
	if r.declared == nil || r.declared.failed != nil {
		return nil
	}
	late := time.NewTimer(time.Until(patience))
	defer late.Stop()
	for {
		alike, moved := r.declared.state()
		var settled <-chan time.Time
		if !alike.IsZero() {
			// One look more, so that the last one is beyond the stable time.
			settled = time.After(time.Until(alike.Add(r.declared.stable + 2*r.declared.every)))
		}
		select {
		case <-moved:
		case <-settled:
			return nil
		case <-late.C:
			return nil
		case <-ctx.Done():
			return stopOf(ctx)
		}
	}
}

func (d *declaration) state() (alike time.Time, moved <-chan struct{}) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.alike, d.moved
}

// follow looks until ctx ends.
func (d *declaration) follow(ctx context.Context) {
	if d.failed != nil {
		d.note(event.DeclaredCompared{Differences: []event.Difference{}, Unread: d.failed.Error(), Every: d.every.Seconds(), Last: true})
		return
	}
	ticker := time.NewTicker(d.every)
	defer ticker.Stop()
	for d.look(ctx) {
		select {
		case <-ticker.C:
		case <-ctx.Done():
		}
	}
	if d.told != nil {
		last := *d.told
		last.Moved, last.Last = nil, true
		d.log.Record(last)
	}
}

// look compares once, and tells what is new. It says whether to go on.
func (d *declaration) look(ctx context.Context) bool {
	if ctx.Err() != nil {
		return false
	}
	bounded, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	compared := event.DeclaredCompared{Differences: []event.Difference{}, Every: d.every.Seconds()}
	now, err := d.read(bounded)
	switch {
	case ctx.Err() != nil:
		return false // the look was cut short, and says nothing
	case err != nil:
		compared.Unread = err.Error()
	default:
		compared.Objects, compared.Differences = d.before.Objects(), d.before.Differences(now)
		if most := mostDifferences; len(compared.Differences) > most {
			compared.More, compared.Differences = len(compared.Differences)-most, compared.Differences[:most]
		}
		if d.last != nil {
			compared.Moved = d.last.Moved(now)
		}
		d.last = now
	}
	d.note(compared)
	return true
}

// mostDifferences bounds what is told of one comparison.
const mostDifferences = 20

// note tells what is new, and since when all is alike.
func (d *declaration) note(c event.DeclaredCompared) {
	if d.told == nil || len(c.Moved) > 0 || !sameDeclared(*d.told, c) {
		d.log.Record(c)
		d.told = &c
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	before := d.alike
	switch {
	case c.Unread != "" || len(c.Differences) > 0:
		d.alike = time.Time{}
	case d.alike.IsZero() || len(c.Moved) > 0:
		d.alike = time.Now()
	}
	if before != d.alike {
		close(d.moved)
		d.moved = make(chan struct{})
	}
}

func sameDeclared(a, b event.DeclaredCompared) bool {
	if a.Unread != b.Unread || a.More != b.More || len(a.Differences) != len(b.Differences) {
		return false
	}
	for i := range a.Differences {
		if a.Differences[i] != b.Differences[i] {
			return false
		}
	}
	return true
}
