package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/leftover"
	"github.com/chaosctl/chaosctl/pkg/lock"
)

// deadMan is what the dead man's Job runs. It is not for people, who have recover.
func (a *app) deadMan() *cobra.Command {
	var lease string
	cmd := &cobra.Command{
		Use:    "dead-man RUN --lease NAME -n NAMESPACE",
		Short:  "Wait for a run's end, and put back what it leaves if its lease expires",
		Hidden: true,
		Args:   cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if lease == "" || a.namespaceFlag() == "" {
				return usage(errors.New("dead-man needs the run's lease: --lease and --namespace"))
			}
			return a.watchLease(cmd.Context(), args[0], lock.Scope{Namespace: a.namespaceFlag(), Name: lease})
		},
	}
	cmd.Flags().StringVar(&lease, "lease", "", "The name of the run's lease")
	return cmd
}

// watchLease returns when the run has ended in order, or was recovered. What cannot be put back at once is tried again,
// since nobody else may.
func (a *app) watchLease(ctx context.Context, run string, scope lock.Scope) error {
	c, err := a.connect()
	if err != nil {
		return err
	}
	identity, err := c.Identity(ctx)
	if err != nil {
		return err
	}
	recovery := a.recovery(c, identity.UID)
	recovery.Wait = nil
	for {
		state, err := leaseOf(ctx, c, scope)
		if apierrors.IsNotFound(err) || err == nil && state.Holder.Run != run {
			fmt.Fprintf(a.Out, "run %s has ended, and left nothing\n", run)
			return nil
		}
		var outcome *leftover.Outcome
		if err == nil {
			outcome, err = recovery.Recover(ctx, &leftover.Run{ID: run, Lease: state})
		}
		switch {
		case outcome != nil:
			printOutcome(a.Out, outcome, false)
		case !errors.As(err, new(*leftover.InProgress)):
			fmt.Fprintf(a.Err, "%v\n", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(lock.Duration / 3):
		}
	}
}

func leaseOf(ctx context.Context, c *cluster.Cluster, scope lock.Scope) (*lock.State, error) {
	lease, err := c.Client.CoordinationV1().Leases(scope.Namespace).Get(ctx, scope.Name, metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	state, err := lock.ReadState(lease)
	if err != nil {
		return nil, apierrors.NewNotFound(coordinationv1.Resource("leases"), scope.Name)
	}
	return &state, nil
}
