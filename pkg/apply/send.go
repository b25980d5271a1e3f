package apply

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/inject"
)

// outcome of a request that was not refused.
type outcome struct {
	// skipped says why there was nothing to do.
	skipped string
}

func (a *Applier) send(ctx context.Context, c *inject.Change) (outcome, error) {
	switch {
	case c.Delete != nil:
		return a.delete(ctx, c)
	case c.Evict != nil:
		return a.evict(ctx, c)
	case c.Edit != nil:
		return a.edit(ctx, c)
	}
	return outcome{}, fmt.Errorf("change %s holds no operation", c.ID)
}

// sent stamps t0: the last instant before the request leaves. From here on the change counts as maybe applied (G5): the
// undo looks for itself.
func (a *Applier) sent(c *inject.Change) {
	a.mu.Lock()
	if c.Reversible() && !slices.Contains(a.reversible, c) {
		a.reversible = append(a.reversible, c)
	}
	a.mu.Unlock()
	a.record(c, event.ChangeSent, "")
}

// sendPatience is how long a change may wait out an API server that does not answer.
const sendPatience = 30 * time.Second

func (a *Applier) delete(ctx context.Context, c *inject.Change) (outcome, error) {
	ctx, cancel := context.WithTimeout(ctx, sendPatience)
	defer cancel()
	return a.remove(ctx, c, func(preconditions *metav1.Preconditions) error {
		return a.cluster.Client.CoreV1().Pods(c.Object.Namespace).Delete(ctx, c.Object.Name, metav1.DeleteOptions{
			GracePeriodSeconds: c.Delete.GracePeriodSeconds, Preconditions: preconditions, DryRun: a.dryRun,
		})
	})
}

// evict tries until the budgets allow it, or the change's timeout is over.
func (a *Applier) evict(ctx context.Context, c *inject.Change) (outcome, error) {
	limited, cancel := context.WithTimeout(ctx, c.Evict.Timeout)
	defer cancel()
	blocked := ""
	for {
		result, err := a.remove(limited, c, func(preconditions *metav1.Preconditions) error {
			return a.cluster.Client.PolicyV1().Evictions(c.Object.Namespace).Evict(limited, &policyv1.Eviction{
				ObjectMeta: metav1.ObjectMeta{Namespace: c.Object.Namespace, Name: c.Object.Name},
				DeleteOptions: &metav1.DeleteOptions{
					GracePeriodSeconds: c.Evict.GracePeriodSeconds, Preconditions: preconditions, DryRun: a.dryRun,
				},
			})
		})
		if !byBudget(err) || a.dryRun != nil {
			if blocked != "" && errors.Is(err, context.DeadlineExceeded) {
				err = fmt.Errorf("blocked for %s: %s", c.Evict.Timeout, blocked)
			}
			return result, err
		}
		if reason := blockReason(err); reason != blocked {
			blocked = reason
			a.record(c, event.ChangeBlocked, reason)
		}
		if err := a.budgetMoved(limited, c.Object.Namespace); err != nil {
			if ctx.Err() == nil {
				err = fmt.Errorf("blocked for %s: %s", c.Evict.Timeout, blocked)
			}
			return outcome{}, err
		}
	}
}

func blockReason(err error) string {
	var status apierrors.APIStatus
	if errors.As(err, &status) && status.Status().Details != nil && len(status.Status().Details.Causes) > 0 {
		return status.Status().Details.Causes[0].Message
	}
	return err.Error()
}

// budgetMoved waits until a budget of the namespace changes, or a second has passed: a budget that was freed is used
// at once, and one that is not watched well is not starved.
func (a *Applier) budgetMoved(ctx context.Context, namespace string) error {
	limited, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	budgets := a.cluster.Watch.PolicyV1().PodDisruptionBudgets(namespace)
	// Without a resource version the watch begins with the present state, which must be skipped.
	list, err := budgets.List(limited, metav1.ListOptions{})
	if err == nil {
		watcher, err := budgets.Watch(limited, metav1.ListOptions{ResourceVersion: list.ResourceVersion})
		if err == nil {
			defer watcher.Stop()
			for _, budget := range list.Items {
				if budget.Status.DisruptionsAllowed > 0 && budget.Status.ObservedGeneration == budget.Generation {
					return pause(ctx, 50*time.Millisecond)
				}
			}
			select {
			case <-watcher.ResultChan():
			case <-limited.Done():
			}
			return ctx.Err()
		}
	}
	<-limited.Done()
	return ctx.Err()
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
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

// retry repeats a request while its errors are of the kind that passes: no connection, or a server that cannot answer
// for now, or is asked too much; it waits as long as the server says. It ends with ctx, which the caller bounds, and then
// returns what was wrong before. Waits is told what is being waited for, an answer that is long in coming included; nil
// tells it that an answer came.
func retry(ctx context.Context, waits func(error), request func() error) error {
	var last error
	for delay := firstDelay; ; delay = min(2*delay, longestDelay) {
		late := time.AfterFunc(longAnswer, func() { waits(fmt.Errorf("no answer for %s", longAnswer)) })
		err := request()
		late.Stop()
		if ctx.Err() != nil && last != nil && unanswered(err) {
			return last
		}
		if err == nil || ctx.Err() != nil || !passes(err) {
			if !unanswered(err) {
				waits(nil)
			}
			return err
		}
		waits(err)
		last = err
		delay := wait.Jitter(delay, 0.2)
		if seconds, ok := apierrors.SuggestsClientDelay(err); ok {
			delay = time.Duration(seconds) * time.Second
		}
		if pause(ctx, delay) != nil {
			return err
		}
	}
}

// The delays between attempts double from the first to the longest: a server that is back is used soon.
const (
	firstDelay   = 50 * time.Millisecond
	longestDelay = 2 * time.Second
	// longAnswer is after which time people are told that an answer does not come.
	longAnswer = 2 * time.Second
)

// waits tells people, once, that the API server does not answer; and forgets it when it does.
func (a *Applier) waits(err error) {
	a.mu.Lock()
	told := a.waiting
	a.waiting = err != nil
	a.mu.Unlock()
	if err != nil && !told {
		a.log.Record(event.Noted{Level: "warning", Message: fmt.Sprintf("waiting for the API server: %v", err)})
	}
}

// decided is an error of chaosctl's own, which no other attempt would change.
type decided struct{ error }

func (d decided) Unwrap() error { return d.error }

// unanswered says that a request may have been carried out in spite of its error (G5).
func unanswered(err error) bool {
	var status apierrors.APIStatus
	switch {
	case err == nil, errors.As(err, new(decided)):
		return false
	case errors.As(err, &status):
		return status.Status().Code >= http.StatusInternalServerError
	}
	return true
}

func (a *Applier) doubt(c *inject.Change) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.doubtful[c] = true
}

func (a *Applier) isDoubtful(c *inject.Change) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.doubtful[c] && !a.applied[c]
}

// passes says that an error may go away by itself. That a budget forbids an eviction is an answer.
func passes(err error) bool {
	return unanswered(err) && !errors.Is(err, context.Canceled) || apierrors.IsTooManyRequests(err) && !byBudget(err)
}

// byBudget says that a PodDisruptionBudget forbids an eviction. A server that is asked too much answers with the same
// code.
func byBudget(err error) bool {
	return apierrors.IsTooManyRequests(err) && apierrors.HasStatusCause(err, policyv1.DisruptionBudgetCause)
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
