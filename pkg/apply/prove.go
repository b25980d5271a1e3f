package apply

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/inject"
)

// proofPatience is how long an effect may take beyond a pod's own grace period.
const proofPatience = 30 * time.Second

// prove observes the effect of an applied change, by a read of its own: an acknowledgement is not an effect.
func (a *Applier) prove(ctx context.Context, c *inject.Change) {
	observed, err := a.observe(ctx, c)
	if err != nil {
		a.record(c, event.ChangeUnproved, err.Error())
		return
	}
	a.record(c, event.ChangeProved, observed)
	if c.Edit != nil {
		a.watchDrift(ctx, c)
	}
}

// driftInterval is how often an object in force is looked at.
const driftInterval = 2 * time.Second

// watchDrift looks at an edited object until the edit is undone, and tells when it does not hold any more (G16): a GitOps
// controller may have set it back, and what is measured from then on is not the fault.
func (a *Applier) watchDrift(ctx context.Context, c *inject.Change) {
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
		object, err := a.glance(ctx, c.Object)
		if err != nil {
			continue // it cannot be known now; the undo looks again
		}
		if lost := drifted(object, c); lost != "" && a.isReversible(c) {
			a.record(c, event.ChangeUnproved, fmt.Sprintf("%s within %s of the injection: somebody else works against the fault", lost, time.Since(began).Round(time.Second)))
			return
		}
	}
}

// glance reads an object, and waits for nothing.
func (a *Applier) glance(ctx context.Context, o inject.Object) (*unstructured.Unstructured, error) {
	ctx, cancel := context.WithTimeout(ctx, driftInterval)
	defer cancel()
	return a.get(ctx, o)
}

// drifted says what became of an edit; nothing where it holds.
func drifted(object *unstructured.Unstructured, c *inject.Change) string {
	if object == nil {
		return "the object was removed"
	}
	for _, f := range c.Edit.Fields {
		if have, found, err := valueAt(object, f.Path); err != nil || !f.IsValue(have, found) {
			return f.PathString() + " was changed"
		}
	}
	return ""
}

func (a *Applier) observe(ctx context.Context, c *inject.Change) (observed string, err error) {
	defer recovered(&err)
	if c.Edit != nil {
		return a.proveEdit(ctx, c)
	}
	return a.proveGone(ctx, c)
}

// proveGone waits until the pod's UID is gone.
func (a *Applier) proveGone(ctx context.Context, c *inject.Change) (string, error) {
	patience := proofPatience
	_, pod, err := a.podGone(ctx, c.Object)
	if err == nil && pod != nil && pod.UID == c.Object.UID && pod.DeletionGracePeriodSeconds != nil {
		patience += time.Duration(*pod.DeletionGracePeriodSeconds) * time.Second
	}
	err = wait.PollUntilContextTimeout(ctx, 100*time.Millisecond, patience, true, func(ctx context.Context) (bool, error) {
		gone, _, err := a.podGone(ctx, c.Object)
		return gone && err == nil, nil
	})
	if err != nil {
		return "", fmt.Errorf("the pod was still there %s later", patience)
	}
	return "the pod's UID is gone", nil
}

// proveEdit reads the object again and looks for the values.
func (a *Applier) proveEdit(ctx context.Context, c *inject.Change) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, proofPatience)
	defer cancel()
	var object *unstructured.Unstructured
	err := retry(ctx, a.waits, func() (err error) {
		object, err = a.get(ctx, c.Object)
		return err
	})
	if err != nil {
		return "", err
	}
	if object == nil {
		return "", fmt.Errorf("the object is gone")
	}
	for _, f := range c.Edit.Fields {
		if have, found, err := valueAt(object, f.Path); err != nil || !f.IsValue(have, found) {
			return "", fmt.Errorf("%s does not hold the value that was written: something set it back", f.PathString())
		}
	}
	return "the field holds the written value", nil
}
