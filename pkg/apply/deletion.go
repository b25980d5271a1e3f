package apply

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/chaosctl/chaosctl/pkg/inject"
)

// deletion removes a pod, and cannot be taken back (G13).
type deletion struct {
	a *Applier
	c *inject.Change
}

// send asks for the pod's deletion under its UID.
func (d deletion) send(ctx context.Context) (outcome, error) {
	a, c := d.a, d.c
	ctx, cancel := context.WithTimeout(ctx, sendPatience)
	defer cancel()
	return a.remove(ctx, c, func(preconditions *metav1.Preconditions) error {
		return a.cluster.Client.CoreV1().Pods(c.Object.Namespace).Delete(ctx, c.Object.Name, metav1.DeleteOptions{
			GracePeriodSeconds: c.Delete.GracePeriodSeconds, Preconditions: preconditions, DryRun: a.dryRun,
		})
	})
}

func (d deletion) observe(ctx context.Context) (string, error) {
	if d.c.Delete.Held {
		return d.a.proveHeld(ctx, d.c)
	}
	return d.a.proveGone(ctx, d.c)
}

// proveHeld sees that the pod is on its way out, and is there.
func (a *Applier) proveHeld(ctx context.Context, c *inject.Change) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, proofPatience)
	defer cancel()
	var gone bool
	var pod *corev1.Pod
	err := retry(ctx, a.waits, func() (err error) {
		gone, pod, err = a.podGone(ctx, c.Object)
		return err
	})
	switch {
	case err != nil:
		return "", err
	case gone:
		return "", errors.New("the pod is gone: nothing has held it")
	case pod.DeletionTimestamp == nil:
		return "", errors.New("the pod is not on its way out")
	}
	return "the pod is on its way out, and is held by its finalizers", nil
}

// remove sends a request that removes a pod of a known UID. It is sent again after an ambiguous answer, which the
// precondition makes harmless.
func (a *Applier) remove(ctx context.Context, c *inject.Change, request func(*metav1.Preconditions) error) (outcome, error) {
	preconditions := &metav1.Preconditions{UID: &c.Object.UID}
	attempts := 0
	var result outcome
	err := retry(ctx, a.waits, func() error {
		attempts++
		a.sent(c)
		err := request(preconditions)
		if apierrors.IsNotFound(err) || isUIDConflict(err) {
			if attempts == 1 {
				result.skipped = "the pod was gone before"
			}
			return nil
		}
		return err
	})
	return result, err
}

// isUIDConflict: the API server answers a failed precondition with 409, which for deletions has no other meaning.
func isUIDConflict(err error) bool { return apierrors.IsConflict(err) }

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

// podGone says that no pod of that UID exists any more.
func (a *Applier) podGone(ctx context.Context, o inject.Object) (bool, *corev1.Pod, error) {
	pod, err := a.cluster.Client.CoreV1().Pods(o.Namespace).Get(ctx, o.Name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return true, nil, nil
	}
	if err != nil {
		return false, nil, err
	}
	return pod.UID != o.UID, pod, nil
}
