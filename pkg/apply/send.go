package apply

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/inject"
)

// sent stamps t0: the last instant before the request leaves. From here on the change counts as maybe applied (G5): the
// undo looks for itself.
func (a *Applier) sent(c *inject.Change) {
	a.mayBeApplied(c)
	a.record(c, event.ChangeSent, "")
}

func (a *Applier) mayBeApplied(c *inject.Change) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if c.Reversible() && !slices.Contains(a.reversible, c) {
		a.reversible = append(a.reversible, c)
	}
}

// sendPatience is how long a change may wait out an API server that does not answer.
const sendPatience = 30 * time.Second

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

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
