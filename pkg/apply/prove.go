package apply

import (
	"context"
	"fmt"
	"time"

	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/inject"
)

// proofPatience is how long an effect may take beyond a pod's own grace period.
const proofPatience = 30 * time.Second

// prove observes the effect of an applied change, by a read of its own: an acknowledgement is not an effect.
func (a *Applier) prove(ctx context.Context, c *inject.Change) {
	op, err := a.operation(c)
	if err != nil {
		a.record(c, event.ChangeUnproved, err.Error())
		return
	}
	observed, err := observe(ctx, op)
	if err != nil {
		a.record(c, event.ChangeUnproved, err.Error())
		return
	}
	a.record(c, event.ChangeProved, observed)
	if r, ok := op.(reversible); ok {
		a.watchDrift(ctx, c, r)
	}
}

func observe(ctx context.Context, op operation) (observed string, err error) {
	defer recovered(&err)
	return op.observe(ctx)
}

// driftInterval is how often an object in force is looked at.
const driftInterval = 2 * time.Second

// watchDrift looks at an effect until it is undone, and tells when it does not hold any more (G16): a GitOps
// controller may have set it back, and what is measured from then on is not the fault.
func (a *Applier) watchDrift(ctx context.Context, c *inject.Change, op reversible) {
	taken := a.takenChannel(c)
	began := time.Now()
	tick := time.NewTicker(driftInterval)
	defer tick.Stop()
	for {
		select {
		case <-taken:
			return
		case <-tick.C:
		}
		lost, err := glance(ctx, op)
		if err != nil {
			continue // it cannot be known now; the undo looks again
		}
		if lost != "" && a.isReversible(c) {
			a.record(c, event.ChangeUnproved, fmt.Sprintf("%s within %s of the injection: somebody else works against the fault", lost, time.Since(began).Round(time.Second)))
			return
		}
	}
}

// glance looks once, and waits for nothing.
func glance(ctx context.Context, op reversible) (lost string, err error) {
	ctx, cancel := context.WithTimeout(ctx, driftInterval)
	defer cancel()
	return op.lost(ctx)
}
