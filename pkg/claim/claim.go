// Package claim is the hold that a run has on its target: the Lease that keeps other runs away (G8), the journal in the
// cluster that lets others put things back (G1), and the kill switch that everybody can set (G10). A run checks its claim
// before each injection, and ends when it loses it.
package claim

import (
	"context"
	"errors"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/chaosctl/chaosctl/pkg/journal"
	"github.com/chaosctl/chaosctl/pkg/killswitch"
	"github.com/chaosctl/chaosctl/pkg/lock"
)

// Claim may be used by several goroutines at once.
type Claim struct {
	// Journal is the one in the cluster.
	Journal *journal.Secret

	client kubernetes.Interface
	// watch has a connection of its own.
	watch kubernetes.Interface
	lease *lock.Held
}

// Leftover says that an earlier run on the same target has left something behind (G9), so that no new one may begin.
type Leftover struct {
	// Run is empty where it is not known.
	Run    string
	Reason string
}

func (l *Leftover) Error() string { return l.Reason }

// Take takes the scope for a run. Errors are a [*killswitch.Engaged], a [*lock.Taken], a [*Leftover], or of the API server;
// after any of them nothing is held. watch is a connection for long requests.
func Take(ctx context.Context, client, watch kubernetes.Interface, scope lock.Scope, holder lock.Holder, header journal.Header) (*Claim, error) {
	if err := killswitch.Check(ctx, client); err != nil {
		return nil, err
	}
	held, err := lock.Acquire(ctx, client, scope, holder)
	if err != nil {
		return nil, err
	}
	// The Lease names the journal before that exists, and outlives it, so that no journal is ever unknown.
	j, err := journal.CreateSecret(ctx, client.CoreV1().Secrets(holder.JournalNamespace), holder.Journal, header)
	if err != nil {
		err = errors.Join(err, held.Release(context.WithoutCancel(ctx), false))
		if errors.Is(err, journal.ErrExists) {
			return nil, &Leftover{Reason: fmt.Sprintf("the journal of an earlier run on this target is still there, in the Secret %s/%s: that run has not put everything back",
				holder.JournalNamespace, holder.Journal)}
		}
		return nil, fmt.Errorf("the run's journal cannot be kept in the cluster, in namespace %s: %w", holder.JournalNamespace, err)
	}
	return &Claim{Journal: j, client: client, watch: watch, lease: held}, nil
}

// Scope is what is claimed.
func (c *Claim) Scope() lock.Scope { return c.lease.Scope() }

// Reference names the Lease, as the owner of what goes when the claim ends.
func (c *Claim) Reference() metav1.OwnerReference { return c.lease.Reference() }

// Check is an error unless the run may go on injecting: it holds its target for sure, and nobody has ordered a stop.
func (c *Claim) Check(ctx context.Context) error {
	if err := c.lease.Check(ctx); err != nil {
		return err
	}
	return killswitch.Check(ctx, c.client)
}

// Watch calls end, once, when the claim is lost or a stop is ordered, with the reason. It returns when ctx ends.
func (c *Claim) Watch(ctx context.Context, end func(reason error)) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ordered := make(chan *killswitch.Order, 1)
	go func() { ordered <- killswitch.Watch(ctx, c.watch) }()
	select {
	case order := <-ordered:
		if order != nil {
			end(&killswitch.Engaged{Order: *order})
		}
	case <-c.lease.Lost():
		end(c.lease.Check(ctx))
		cancel()
		<-ordered
	}
}

// WatchDelays measures how late watches are, at each tick, until ctx ends; see [lock.Held.WatchDelays].
func (c *Claim) WatchDelays(ctx context.Context, tick <-chan time.Time, observe func(time.Duration)) error {
	return c.lease.WatchDelays(ctx, c.watch, tick, observe)
}

// releasePatience bounds the requests that end a claim.
const releasePatience = 10 * time.Second

// Release ends the claim. Where something was left behind, the journal stays, and so does the Lease, without a holder.
func (c *Claim) Release(ctx context.Context, left bool) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releasePatience)
	defer cancel()
	var err error
	if !left {
		err = c.Journal.Remove(ctx)
	}
	return errors.Join(err, c.lease.Release(ctx, left || err != nil))
}
