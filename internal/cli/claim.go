package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/chaosctl/chaosctl/pkg/claim"
	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/engine"
	"github.com/chaosctl/chaosctl/pkg/journal"
	"github.com/chaosctl/chaosctl/pkg/killswitch"
	"github.com/chaosctl/chaosctl/pkg/leftover"
	"github.com/chaosctl/chaosctl/pkg/lock"
	"github.com/chaosctl/chaosctl/pkg/report"
)

// claim takes the target for a run. What a dead run has left there is put back first (G8); leftovers that nobody holds
// are for people to decide on, unless recoverFirst says that they have (G9).
func (a *app) claim(ctx context.Context, c *cluster.Cluster, plan *engine.Plan, header journal.Header, recoverFirst bool) (*claim.Claim, error) {
	spec := plan.Experiment.Spec
	scope := lock.ScopeOf(spec.Target)
	holder := lock.Self(header.Run, a.commandLine())
	holder.JournalNamespace, holder.Journal = spec.JournalNamespace(), scope.JournalName()
	for {
		taken, err := claim.Take(ctx, c.Client, c.Watch, scope, holder, header)
		var other *lock.Taken
		var engaged *killswitch.Engaged
		var left *claim.Leftover
		switch {
		case err == nil:
			return taken, nil
		case errors.As(err, &engaged):
			return nil, &ExitError{Code: report.ExitRefused, Err: err, Hint: "nothing was changed; `chaosctl allow` lifts it"}
		case errors.As(err, &left) && !recoverFirst:
			return nil, &ExitError{Code: report.ExitRefused, Err: err, Hint: "nothing was changed; `chaosctl recover --all` puts back what is left, --recover-first does so before the run"}
		case errors.As(err, &left):
			if err := a.recoverFirst(ctx, c, plan.Cluster.UID, spec.Target.Namespace, ""); err != nil {
				return nil, err
			}
		case errors.As(err, &other) && other.Released && !recoverFirst:
			return nil, &ExitError{Code: report.ExitRefused, Err: err, Hint: fmt.Sprintf("nothing was changed; `chaosctl recover %s` puts it back, --recover-first does so before the run", other.Holder.Run)}
		case errors.As(err, &other) && !other.Lapsed(time.Now()):
			return nil, &ExitError{Code: report.ExitRefused, Err: fmt.Errorf("%s is taken: %w", spec.Target, err),
				Hint: "nothing was changed; wait for its end"}
		case errors.As(err, &other):
			fmt.Fprintf(a.Err, "%v; that comes first\n", err)
			if err := a.recoverFirst(ctx, c, plan.Cluster.UID, spec.Target.Namespace, other.Holder.Run); err != nil {
				return nil, err
			}
		default:
			return nil, err
		}
	}
}

// recoverFirst puts back what one run has left in a namespace, or all whose leftovers are there where none is named.
func (a *app) recoverFirst(ctx context.Context, c *cluster.Cluster, uid, namespace, run string) error {
	found, err := leftover.Find(ctx, c, namespace)
	if err != nil {
		return err
	}
	runs := found.Runs
	if run != "" {
		runs = nil
		if r := found.Run(run); r != nil {
			runs = []*leftover.Run{r}
		}
	}
	code, err := a.recoverRuns(ctx, a.recovery(c, uid), runs, true)
	if err != nil {
		return err
	}
	if code != report.ExitPass {
		return &ExitError{Code: report.ExitRefused, Err: errors.New("what an earlier run has left could not be put back"), Hint: "no new run was begun"}
	}
	return nil
}

// commandLine is how this process was called.
func (a *app) commandLine() string { return "chaosctl " + strings.Join(a.args, " ") }
