package faults

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
)

// withLease makes a Lease that is held for longer than any run lasts.
func withLease(o *objects) {
	now := metav1.NowMicro()
	o.lease = &coordinationv1.Lease{
		ObjectMeta: metav1.ObjectMeta{Name: "operator"},
		Spec:       coordinationv1.LeaseSpec{HolderIdentity: new("op-1"), LeaseDurationSeconds: new(int32(3600)), RenewTime: &now, AcquireTime: &now},
	}
}

// stolen wants chaosctl to hold the Lease.
func stolen(ctx context.Context, s *stage) error {
	who, err := s.holder(ctx, "operator")
	if err == nil && !strings.HasPrefix(who, "chaosctl-") {
		err = fmt.Errorf("%s holds it", who)
	}
	return err
}

// holder is who holds a Lease.
func (s *stage) holder(ctx context.Context, name string) (string, error) {
	lease, err := shared.client.CoordinationV1().Leases(s.namespace).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return "", err
	}
	if lease.Spec.HolderIdentity == nil {
		return "", nil
	}
	return *lease.Spec.HolderIdentity, nil
}

// elect has two candidates as operators have them, of which op-1 leads first. Who has led, and lost, does not try again.
func elect(t *testing.T, s *stage) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	t.Cleanup(func() { cancel(); all.Wait() })
	for _, name := range []string{"op-1", "op-2"} {
		leads := make(chan struct{})
		elector, err := leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
			Lock: &resourcelock.LeaseLock{
				LeaseMeta: metav1.ObjectMeta{Name: "election", Namespace: s.namespace}, Client: shared.client.CoordinationV1(),
				LockConfig: resourcelock.ResourceLockConfig{Identity: name},
			},
			LeaseDuration: 6 * time.Second, RenewDeadline: 4 * time.Second, RetryPeriod: 500 * time.Millisecond,
			Callbacks: leaderelection.LeaderCallbacks{OnStartedLeading: func(context.Context) { close(leads) }, OnStoppedLeading: func() {}},
		})
		require.NoError(t, err)
		all.Go(func() { elector.Run(ctx) })
		if name == "op-1" {
			select {
			case <-leads:
			case <-time.After(time.Minute):
				require.Fail(t, "op-1 does not lead within a minute")
			}
		}
	}
}

// ledBy wants that candidate to hold the Lease.
func ledBy(want string) func(context.Context, *stage) error {
	return func(ctx context.Context, s *stage) error {
		who, err := s.holder(ctx, "election")
		switch {
		case err != nil:
			return err
		case who != want:
			return errors.New(who + " leads")
		}
		return nil
	}
}
