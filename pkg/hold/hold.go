package hold

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/util/retry"

	"github.com/chaosctl/chaosctl/pkg/lock"
)

// What a Lease says that is a hold.
const (
	label                = "chaosctl.dev/hold"
	gameDayAnnotation    = "chaosctl.dev/game-day"
	experimentAnnotation = "chaosctl.dev/experiment"
	untilAnnotation      = "chaosctl.dev/until"
	approvedBy           = "chaosctl.dev/approved-by"
	approvedAt           = "chaosctl.dev/approved-at"
)

// Hold is an experiment that waits.
type Hold struct {
	GameDay    string `json:"gameDay"`
	Experiment string `json:"experiment"`
	// Namespace is that of the target.
	Namespace string `json:"namespace"`
	// By is the program that waits.
	By string `json:"by"`
	// Asked is when it began to wait, and Until when its patience ends.
	Asked time.Time `json:"asked"`
	Until time.Time `json:"until"`
	// Approved is the go; nil where nobody has given one.
	Approved *Approval `json:"approved,omitempty"`

	name string
}

// Approval is a person's go.
type Approval struct {
	By string    `json:"by"`
	At time.Time `json:"at"`
}

// String is the hold by the name that people approve it by.
func (h *Hold) String() string { return h.GameDay + "/" + h.Experiment }

// Name is that of the Lease of an experiment of a game day, which is unique among the experiments of a namespace.
func Name(gameDay, experiment string, target lock.Scope) string {
	sum := sha256.Sum256([]byte(gameDay + "/" + experiment + "/" + target.Name))
	return "chaosctl-hold-" + hex.EncodeToString(sum[:6])
}

// Ask makes the Lease by which the experiment can be approved. One that was left by a program that is gone is taken over; a go
// that was given to that is none to this.
func Ask(ctx context.Context, client kubernetes.Interface, h *Hold, target lock.Scope) error {
	h.Asked = h.Asked.Truncate(time.Microsecond) // as finely as a Lease can say it
	h.name, h.Namespace = Name(h.GameDay, h.Experiment, target), target.Namespace
	leases := client.CoordinationV1().Leases(h.Namespace)
	lease := &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Name: h.name, Namespace: h.Namespace}}
	h.fill(lease)
	_, err := leases.Create(ctx, lease, metav1.CreateOptions{})
	if !apierrors.IsAlreadyExists(err) {
		return err
	}
	return retry.RetryOnConflict(retry.DefaultRetry, func() error {
		found, err := leases.Get(ctx, h.name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		h.fill(found)
		_, err = leases.Update(ctx, found, metav1.UpdateOptions{})
		return err
	})
}

// fill makes a Lease say what the hold does, and nothing that it said before.
func (h *Hold) fill(lease *coordinationv1.Lease) {
	asked := metav1.NewMicroTime(h.Asked)
	lease.Labels = map[string]string{label: "waiting", "app.kubernetes.io/managed-by": "chaosctl"}
	lease.Annotations = map[string]string{
		gameDayAnnotation: h.GameDay, experimentAnnotation: h.Experiment, untilAnnotation: h.Until.UTC().Format(time.RFC3339),
	}
	lease.Spec = coordinationv1.LeaseSpec{HolderIdentity: &h.By, AcquireTime: &asked}
}

// read is the hold of a Lease.
func read(lease *coordinationv1.Lease) *Hold {
	a := lease.Annotations
	h := &Hold{GameDay: a[gameDayAnnotation], Experiment: a[experimentAnnotation], Namespace: lease.Namespace, name: lease.Name}
	if by := lease.Spec.HolderIdentity; by != nil {
		h.By = *by
	}
	if at := lease.Spec.AcquireTime; at != nil {
		h.Asked = at.Time
	}
	h.Until, _ = time.Parse(time.RFC3339, a[untilAnnotation]) // what is broken has no patience left
	if a[approvedBy] != "" {
		h.Approved = &Approval{By: a[approvedBy]}
		h.Approved.At, _ = time.Parse(time.RFC3339, a[approvedAt])
	}
	return h
}

// ErrUnanswered is the error where nobody gave a go in time.
var ErrUnanswered = errors.New("nobody has given it a go")

// look is how often it is looked whether there is a go.
const look = time.Second

// Await waits for the go to what was asked. Trouble is told, once, why it cannot be looked for now; that goes on. The error is
// ErrUnanswered where the patience ends first, one of its own where somebody took the Lease away, and that of ctx.
func (h *Hold) Await(ctx context.Context, client kubernetes.Interface, trouble func(error)) (*Approval, error) {
	patient, cancel := context.WithDeadline(ctx, h.Until)
	defer cancel()
	told := false
	err := wait.PollUntilContextCancel(patient, look, true, func(ctx context.Context) (bool, error) {
		lease, err := client.CoordinationV1().Leases(h.Namespace).Get(ctx, h.name, metav1.GetOptions{})
		switch {
		case apierrors.IsNotFound(err):
			return false, fmt.Errorf("somebody has removed the Lease %s/%s by which it could be approved", h.Namespace, h.name)
		case err != nil:
			if !told && patient.Err() == nil {
				told = true
				trouble(err)
			}
			return false, nil
		}
		h.Approved = read(lease).Approved
		return h.Approved != nil, nil
	})
	switch {
	case h.Approved != nil:
		return h.Approved, nil
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case patient.Err() != nil:
		return nil, ErrUnanswered
	}
	return nil, err
}

// Remove takes the Lease away. That it is gone already is no error.
func (h *Hold) Remove(ctx context.Context, client kubernetes.Interface) error {
	err := client.CoordinationV1().Leases(h.Namespace).Delete(ctx, h.name, metav1.DeleteOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

// List gives the experiments of a namespace that wait, or of all where that is "", in the order of their names. Those whose patience
// is over are left out: nobody waits any more.
func List(ctx context.Context, client kubernetes.Interface, namespace string) ([]*Hold, error) {
	list, err := client.CoordinationV1().Leases(namespace).List(ctx, metav1.ListOptions{LabelSelector: label})
	if err != nil {
		return nil, err
	}
	var all []*Hold
	for i := range list.Items {
		if h := read(&list.Items[i]); time.Now().Before(h.Until) {
			all = append(all, h)
		}
	}
	slices.SortFunc(all, func(a, b *Hold) int { return strings.Compare(a.String()+a.Namespace, b.String()+b.Namespace) })
	return all, nil
}

// Approve gives the go to a hold that was asked for when this one was read. The error says so where that is another by now.
func (h *Hold) Approve(ctx context.Context, client kubernetes.Interface, by string) error {
	leases := client.CoordinationV1().Leases(h.Namespace)
	return retry.RetryOnConflict(retry.DefaultRetry, func() error {
		lease, err := leases.Get(ctx, h.name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return fmt.Errorf("%s does not wait any more", h)
		}
		if err != nil {
			return err
		}
		switch now := read(lease); {
		case !now.Asked.Equal(h.Asked):
			return fmt.Errorf("%s has begun to wait anew at %s: look at what it waits for, and approve that", h, now.Asked.UTC().Format(time.RFC3339))
		case now.Approved != nil:
			return fmt.Errorf("%s was approved already, by %s", h, now.Approved.By)
		}
		lease.Annotations[approvedBy], lease.Annotations[approvedAt] = by, time.Now().UTC().Format(time.RFC3339)
		_, err = leases.Update(ctx, lease, metav1.UpdateOptions{})
		return err
	})
}
