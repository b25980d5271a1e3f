package lock

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/kubernetes"
	typedv1 "k8s.io/client-go/kubernetes/typed/coordination/v1"

	"github.com/chaosctl/chaosctl/pkg/experiment"
)

// A Lease says for how long after its renewal the holder is to be believed alive. It is renewed several times in that
// span, and given up by its holder before the span is over.
const (
	Duration = 15 * time.Second
	interval = 3 * time.Second
	giveUp   = 11 * time.Second
)

// Scope is what one run at a time may break; it names the Lease.
type Scope struct{ Namespace, Name string }

// ScopeOf is the scope of a target.
func ScopeOf(t experiment.Target) Scope {
	s := Scope{Namespace: t.Namespace}
	if kind, name := t.WorkloadKind(); kind != "" {
		s.Name = "chaosctl-" + kind + "-" + name
	} else {
		s.Name = "chaosctl-selector-" + digest(labels.Set(t.Selector).String())
	}
	// With the longest namespace, the journal's name must still have room for the prefix of its chunks.
	if len(s.Name) > 150 {
		s.Name = strings.TrimRight(s.Name[:130], ".-") + "-" + digest(s.Name)
	}
	return s
}

// JournalName is the name of the journal's Secret, unique among the scopes of all namespaces: none of those has a dot in
// its name.
func (s Scope) JournalName() string {
	return "chaosctl-" + s.Namespace + "." + strings.TrimPrefix(s.Name, "chaosctl-")
}

func (s Scope) String() string { return s.Namespace + "/" + s.Name }

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:6])
}

// Taken says that a Lease is somebody's, or somebody's remains.
type Taken struct{ State }

func (t *Taken) Error() string {
	now := time.Now()
	switch {
	case t.Released:
		return fmt.Sprintf("%s is over, and has left something behind that it could not put back", t.Holder)
	case t.Lapsed(now):
		return fmt.Sprintf("%s has ended without putting everything back", t.Holder)
	}
	return fmt.Sprintf("%s is in progress (it was last heard of %s ago)", t.Holder, now.Sub(t.Renewed).Round(time.Second))
}

// Held is a Lease that this process holds and keeps renewing. Its methods may be called by several goroutines at once.
type Held struct {
	client typedv1.LeaseInterface
	scope  Scope
	holder Holder

	lost chan struct{}
	stop context.CancelFunc
	done chan struct{}

	mu      sync.Mutex
	lease   *coordinationv1.Lease
	renewed time.Time // monotonic
	why     error
}

// Acquire takes the scope for a run. Where it is taken already, the error is a [*Taken].
func Acquire(ctx context.Context, client kubernetes.Interface, scope Scope, holder Holder) (*Held, error) {
	leases := client.CoordinationV1().Leases(scope.Namespace)
	// A read first: of those who find it taken, most have no more to do.
	found, err := leases.Get(ctx, scope.Name, metav1.GetOptions{})
	if err == nil {
		return nil, taken(found)
	}
	if !apierrors.IsNotFound(err) {
		return nil, err
	}
	h := newHeld(leases, scope, holder)
	lease := &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Name: scope.Name, Namespace: scope.Namespace}}
	h.fill(lease)
	created, err := leases.Create(ctx, lease, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		if found, err = leases.Get(ctx, scope.Name, metav1.GetOptions{}); err != nil {
			return nil, err
		}
		if !h.mine(found) { // it may be, where the answer to a first try was lost
			return nil, taken(found)
		}
		created = found
	} else if err != nil {
		return nil, err
	}
	h.keep(ctx, created)
	return h, nil
}

// Look says who has the scope; nil where nobody does.
func Look(ctx context.Context, client kubernetes.Interface, scope Scope) (*Taken, error) {
	lease, err := client.CoordinationV1().Leases(scope.Namespace).Get(ctx, scope.Name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	s, err := ReadState(lease)
	if err != nil {
		return nil, err
	}
	return &Taken{s}, nil
}

// TakeOver takes a Lease from a holder that is dead, for one who recovers its run. Where somebody else was faster, or the
// holder lives after all, the error is a conflict.
func TakeOver(ctx context.Context, client kubernetes.Interface, s State, holder Holder) (*Held, error) {
	h := newHeld(client.CoordinationV1().Leases(s.Scope.Namespace), s.Scope, holder)
	lease := s.lease.DeepCopy()
	h.fill(lease)
	updated, err := h.client.Update(ctx, lease, metav1.UpdateOptions{})
	if err != nil {
		return nil, err
	}
	h.keep(ctx, updated)
	return h, nil
}

// Remove deletes a Lease whose holder is dead. Where somebody else has done something to it, the error is a conflict.
func Remove(ctx context.Context, client kubernetes.Interface, s State) error {
	return client.CoordinationV1().Leases(s.Scope.Namespace).Delete(ctx, s.Scope.Name, metav1.DeleteOptions{
		Preconditions: &metav1.Preconditions{UID: &s.lease.UID, ResourceVersion: &s.lease.ResourceVersion},
	})
}

func newHeld(client typedv1.LeaseInterface, scope Scope, holder Holder) *Held {
	return &Held{client: client, scope: scope, holder: holder, lost: make(chan struct{}), done: make(chan struct{})}
}

// identity is unique for each attempt to hold a Lease.
func (h *Held) identity() string {
	return fmt.Sprintf("%s %d %d", h.holder.Run, h.holder.Process.PID, h.holder.Began.UnixNano())
}

func (h *Held) mine(lease *coordinationv1.Lease) bool {
	return lease.Spec.HolderIdentity != nil && *lease.Spec.HolderIdentity == h.identity()
}

func (h *Held) fill(lease *coordinationv1.Lease) {
	text, err := json.Marshal(h.holder)
	if err != nil {
		panic(err) // strings and numbers
	}
	if lease.Annotations == nil {
		lease.Annotations = map[string]string{}
	}
	if lease.Labels == nil {
		lease.Labels = map[string]string{}
	}
	lease.Annotations[holderAnnotation] = string(text)
	lease.Labels[Label] = h.holder.Run
	lease.Labels["app.kubernetes.io/managed-by"] = "chaosctl"
	identity, seconds, now := h.identity(), int32(Duration/time.Second), metav1.NowMicro()
	lease.Spec.HolderIdentity, lease.Spec.LeaseDurationSeconds, lease.Spec.RenewTime = &identity, &seconds, &now
	if lease.Spec.AcquireTime == nil {
		lease.Spec.AcquireTime = &now
	}
}

func taken(lease *coordinationv1.Lease) error {
	s, err := ReadState(lease)
	if err != nil {
		return err
	}
	return &Taken{s}
}

// keep renews until the Lease is released or lost.
func (h *Held) keep(ctx context.Context, lease *coordinationv1.Lease) {
	h.lease, h.renewed = lease, time.Now()
	// It is held through the undo, which outlives a run's context.
	ctx, h.stop = context.WithCancel(context.WithoutCancel(ctx))
	go func() {
		defer close(h.done)
		tick := time.NewTicker(interval)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			if err := h.renew(ctx); err != nil && ctx.Err() == nil {
				h.mu.Lock()
				h.why = err
				h.mu.Unlock()
				close(h.lost)
				return
			}
		}
	}()
}

// renew returns an error when the Lease is lost: somebody else has it, or it was not renewed for so long that somebody
// else soon may.
func (h *Held) renew(ctx context.Context) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.why != nil {
		return h.why
	}
	ctx, cancel := context.WithTimeout(ctx, interval)
	defer cancel()
	for {
		lease := h.lease.DeepCopy()
		now := metav1.NowMicro()
		lease.Spec.RenewTime = &now
		began := time.Now()
		updated, err := h.client.Update(ctx, lease, metav1.UpdateOptions{})
		if err == nil {
			h.lease, h.renewed = updated, began
			return nil
		}
		// A lease that is gone is a conflict too: the update names its UID.
		if apierrors.IsConflict(err) {
			var found *coordinationv1.Lease
			if found, err = h.client.Get(ctx, h.scope.Name, metav1.GetOptions{}); err == nil {
				if !h.mine(found) {
					return fmt.Errorf("its lease %s was taken by others: %w", h.scope, taken(found))
				}
				h.lease = found
				continue
			}
		}
		if apierrors.IsNotFound(err) {
			return fmt.Errorf("its lease %s was removed: somebody else has recovered the run", h.scope)
		}
		if silent := time.Since(h.renewed); silent > giveUp {
			return fmt.Errorf("its lease %s could not be renewed for %s: %w", h.scope, silent.Round(time.Second), err)
		}
		return nil // the next tick tries again
	}
}

// Scope is what is held.
func (h *Held) Scope() Scope { return h.scope }

// Reference names the Lease as an owner.
func (h *Held) Reference() metav1.OwnerReference {
	h.mu.Lock()
	defer h.mu.Unlock()
	return metav1.OwnerReference{APIVersion: coordinationv1.SchemeGroupVersion.String(), Kind: "Lease", Name: h.lease.Name, UID: h.lease.UID}
}

// Lost is closed when the Lease is lost; [Held.Check] then says why.
func (h *Held) Lost() <-chan struct{} { return h.lost }

// Check returns an error unless the Lease is held for sure. Where it was not renewed in time, as after the process was
// stopped, it asks the server.
func (h *Held) Check(ctx context.Context) error {
	h.mu.Lock()
	fresh, why := time.Since(h.renewed) < 2*interval, h.why
	h.mu.Unlock()
	if why != nil || fresh {
		return why
	}
	if err := h.renew(ctx); err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if silent := time.Since(h.renewed); silent >= giveUp {
		return fmt.Errorf("its lease %s could not be renewed for %s", h.scope, silent.Round(time.Second))
	}
	return nil
}

// Release gives the Lease up: it is deleted, or, where the run has left something behind, kept without a holder, so that
// the next run and whoever recovers find what is left.
func (h *Held) Release(ctx context.Context, left bool) error {
	h.stop()
	<-h.done
	h.mu.Lock()
	defer h.mu.Unlock()
	for {
		var err error
		if left {
			lease, none := h.lease.DeepCopy(), ""
			lease.Spec.HolderIdentity = &none
			_, err = h.client.Update(ctx, lease, metav1.UpdateOptions{})
		} else {
			err = h.client.Delete(ctx, h.scope.Name, metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &h.lease.UID, ResourceVersion: &h.lease.ResourceVersion}})
		}
		if apierrors.IsConflict(err) {
			found, getErr := h.client.Get(ctx, h.scope.Name, metav1.GetOptions{})
			if getErr == nil && h.mine(found) {
				h.lease = found
				continue
			}
			return nil // somebody else's by now
		}
		if apierrors.IsNotFound(err) {
			return nil
		}
		return err
	}
}
