package apply

import (
	"context"
	"errors"
	"fmt"
	"time"

	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/inject"
)

// eviction removes a pod as budgets allow, and cannot be taken back (G13).
type eviction struct {
	a *Applier
	c *inject.Change
}

// send tries until the budgets allow it, or the change's timeout is over.
func (e eviction) send(ctx context.Context) (outcome, error) {
	a, c := e.a, e.c
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

func (e eviction) observe(ctx context.Context) (string, error) { return e.a.proveGone(ctx, e.c) }

// byBudget says that a PodDisruptionBudget forbids an eviction. A server that is asked too much answers with the same
// code.
func byBudget(err error) bool {
	return apierrors.IsTooManyRequests(err) && apierrors.HasStatusCause(err, policyv1.DisruptionBudgetCause)
}
