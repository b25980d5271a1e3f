package election

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
)

// Those of Kubernetes' own components: a leader that cannot renew its Lease stops some seconds before others may take it.
const (
	Duration      = 15 * time.Second
	renewDeadline = 10 * time.Second
	retryPeriod   = 2 * time.Second
)

// Election is the part of one replica. Its methods may be called by several goroutines at once.
type Election struct {
	Client kubernetes.Interface
	// Namespace and Name are those of the Lease.
	Namespace, Name string
	// Identity is that of this replica, and of no other, nor of one before it.
	Identity string
	// Leads is told who leads, when that changes; Trouble is told of a request that failed, when it has not before, and the
	// election goes on. Both are called by the election's own goroutine, and none may be nil.
	Leads   func(identity string)
	Trouble func(err error)

	// remembering keeps those who remember from conflicts among themselves.
	remembering sync.Mutex
}

// Check is an error where the Lease cannot be read: it is for the start, when somebody looks who can mend it.
func (e *Election) Check(ctx context.Context) error {
	_, err := e.Client.CoordinationV1().Leases(e.Namespace).Get(ctx, e.Name, metav1.GetOptions{})
	if err == nil || apierrors.IsNotFound(err) {
		return nil
	}
	return fmt.Errorf("the Lease %s/%s by which a leader is elected cannot be read: %w", e.Namespace, e.Name, err)
}

// Candidacy is one try to become the leader, and what comes of it.
type Candidacy struct {
	elected  chan context.Context
	withdraw context.CancelFunc
	over     chan struct{}
}

// Stand tries to become the leader until it is, or withdraws. Where ctx ends, nothing but its values does: whoever stands has
// something to put back first.
func (e *Election) Stand(ctx context.Context) (*Candidacy, error) {
	ctx, withdraw := context.WithCancel(context.WithoutCancel(ctx))
	c := &Candidacy{elected: make(chan context.Context, 1), withdraw: withdraw, over: make(chan struct{})}
	elector, err := leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
		Lock: &told{trouble: e.Trouble, Interface: &resourcelock.LeaseLock{
			LeaseMeta: metav1.ObjectMeta{Namespace: e.Namespace, Name: e.Name}, Client: e.Client.CoordinationV1(),
			LockConfig: resourcelock.ResourceLockConfig{Identity: e.Identity}, Labels: map[string]string{"app.kubernetes.io/managed-by": "chaosctl"},
		}},
		LeaseDuration: Duration, RenewDeadline: renewDeadline, RetryPeriod: retryPeriod, ReleaseOnCancel: true, Name: e.Name,
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: func(term context.Context) { c.elected <- term },
			OnStoppedLeading: func() {},
			OnNewLeader:      e.Leads,
		},
	})
	if err != nil {
		withdraw()
		return nil, err
	}
	go func() {
		defer close(c.over)
		defer withdraw()
		elector.Run(ctx)
	}()
	return c, nil
}

// Elected gives the term once, which ends when the lead is lost or given up.
func (c *Candidacy) Elected() <-chan context.Context { return c.elected }

// Withdraw gives the lead up, or the try to get it, and returns when others may have it.
func (c *Candidacy) Withdraw() {
	c.withdraw()
	<-c.over
}

// told tells of requests that failed; the elector logs them, and tries again.
type told struct {
	resourcelock.Interface
	trouble func(error)
	last    string
}

func (t *told) Get(ctx context.Context) (*resourcelock.LeaderElectionRecord, []byte, error) {
	record, raw, err := t.Interface.Get(ctx)
	return record, raw, t.tell(ctx, err)
}

func (t *told) Create(ctx context.Context, record resourcelock.LeaderElectionRecord) error {
	return t.tell(ctx, t.Interface.Create(ctx, record))
}

func (t *told) Update(ctx context.Context, record resourcelock.LeaderElectionRecord) error {
	return t.tell(ctx, t.Interface.Update(ctx, record))
}

// tell leaves out what belongs to an election: others were faster, or none was there yet.
func (t *told) tell(ctx context.Context, err error) error {
	switch {
	case err == nil:
		t.last = ""
	case apierrors.IsNotFound(err) && !strings.Contains(err.Error(), "namespaces "), apierrors.IsConflict(err), apierrors.IsAlreadyExists(err), ctx.Err() != nil:
	case t.last != err.Error():
		t.last = err.Error()
		t.trouble(err)
	}
	return err
}
