package election

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Annotation holds, in JSON, by the names of game days, what was run last.
const Annotation = "chaosctl.dev/last-runs"

// LastRun is the last instant of a schedule that was dealt with.
type LastRun struct {
	// Schedule is the text of the schedule: another one has no such instant.
	Schedule string    `json:"schedule"`
	At       time.Time `json:"at"`
}

// LastRun is what is remembered of a game day; nil where there is nothing. It is for the leader, who waits for the API server as long
// as it leads, that is until ctx ends: who does not know what was run must run nothing. What is there and cannot be read is an error
// at once.
func (e *Election) LastRun(ctx context.Context, gameDay string) (*LastRun, error) {
	var lease *coordinationv1.Lease
	for {
		var err error
		if lease, err = e.Client.CoordinationV1().Leases(e.Namespace).Get(ctx, e.Name, metav1.GetOptions{}); err == nil {
			break
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("the Lease %s/%s cannot be read: %w", e.Namespace, e.Name, err)
		case <-time.After(pause):
		}
	}
	all, err := lastRuns(lease)
	if err != nil {
		return nil, err
	}
	if run, ok := all[gameDay]; ok {
		return &run, nil
	}
	return nil, nil
}

// Deposed says that others lead, or may do so.
type Deposed struct{ By string }

func (d *Deposed) Error() string {
	if d.By == "" {
		return "this replica does not lead any more"
	}
	return fmt.Sprintf("this replica does not lead any more: %s does", d.By)
}

// patience is how long Remember waits for an API server that is out of reach, and pause how long it is left alone between two tries.
const (
	patience = 10 * time.Second
	pause    = 500 * time.Millisecond
)

// mostRemembered bounds what is remembered to what fits into an object; those that were run last stay.
const mostRemembered = 1000

// Remember writes down what is about to be run. After an error it must not be: a [*Deposed], or one of the API server, with which it
// may be written down or not. Whoever leads next reads what was written by those before.
func (e *Election) Remember(ctx context.Context, gameDay string, run LastRun) error {
	e.remembering.Lock()
	defer e.remembering.Unlock()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	leases := e.Client.CoordinationV1().Leases(e.Namespace)
	for {
		lease, err := leases.Get(ctx, e.Name, metav1.GetOptions{})
		if err == nil {
			if err := e.put(lease, gameDay, run); err != nil {
				return err
			}
			if _, err = leases.Update(ctx, lease, metav1.UpdateOptions{}); err == nil {
				return nil
			}
			if apierrors.IsConflict(err) { // it was renewed, or taken by others: who has it is looked at again
				continue
			}
		}
		if apierrors.IsForbidden(err) || apierrors.IsNotFound(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(pause):
		}
	}
}

// put changes the Lease that is held.
func (e *Election) put(lease *coordinationv1.Lease, gameDay string, run LastRun) error {
	if holder := lease.Spec.HolderIdentity; holder == nil || *holder != e.Identity {
		by := ""
		if holder != nil {
			by = *holder
		}
		return &Deposed{By: by}
	}
	all, err := lastRuns(lease)
	if err != nil {
		all = nil // the error was told when it was read, and a new beginning is better than none
	}
	if all == nil {
		all = map[string]LastRun{}
	}
	all[gameDay] = run
	for len(all) > mostRemembered {
		delete(all, slices.MinFunc(slices.Collect(maps.Keys(all)), func(a, b string) int { return all[a].At.Compare(all[b].At) }))
	}
	text, err := json.Marshal(all)
	if err != nil {
		return err
	}
	if lease.Annotations == nil {
		lease.Annotations = map[string]string{}
	}
	lease.Annotations[Annotation] = string(text)
	return nil
}

func lastRuns(lease *coordinationv1.Lease) (map[string]LastRun, error) {
	text := lease.Annotations[Annotation]
	if text == "" {
		return nil, nil
	}
	var all map[string]LastRun
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		return nil, fmt.Errorf("the annotation %s of the Lease %s/%s is broken: %w", Annotation, lease.Namespace, lease.Name, err)
	}
	return all, nil
}
