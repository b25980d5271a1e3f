package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/chaosctl/chaosctl/pkg/claim"
	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/engine"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/journal"
	"github.com/chaosctl/chaosctl/pkg/killswitch"
	"github.com/chaosctl/chaosctl/pkg/leftover"
	"github.com/chaosctl/chaosctl/pkg/lock"
	"github.com/chaosctl/chaosctl/pkg/report"
)

// errPutBack says that something was put back, so that a plan that was made before is out of date.
var errPutBack = errors.New("something was put back")

// claim takes the target for a run. What a dead run has left there is put back first (G8), and the error is errPutBack;
// leftovers that nobody holds are for people to decide on, unless recoverFirst says that they have (G9).
func (a *app) claim(ctx context.Context, c *cluster.Cluster, plan *engine.Plan, header journal.Header, recoverFirst bool) (*claim.Claim, error) {
	spec := plan.Experiment.Spec
	scope := lock.ScopeOf(spec.Target)
	holder := lock.Self(header.Run, a.commandLine())
	holder.JournalNamespace, holder.Journal = spec.JournalNamespace(), scope.JournalName()
	taken, err := claim.Take(ctx, c.Client, c.Watch, scope, holder, header)
	var other *lock.Taken
	var engaged *killswitch.Engaged
	var left *claim.Leftover
	switch {
	case errors.As(err, &engaged):
		return nil, &ExitError{Code: report.ExitRefused, Err: err, Hint: "nothing was changed; `chaosctl allow` lifts it"}
	case errors.As(err, &left) && !recoverFirst:
		return nil, &ExitError{Code: report.ExitRefused, Err: err, Hint: "nothing was changed; `chaosctl recover --all` puts back what is left, --recover-first does so before the run"}
	case errors.As(err, &left):
		if err := a.recoverFirst(ctx, c, holder.JournalNamespace, "", scope); err != nil {
			return nil, err
		}
		return nil, errPutBack
	case errors.As(err, &other):
		if err := a.putBackFirst(ctx, c, spec.Target, other, recoverFirst); err != nil {
			return nil, err
		}
		return nil, errPutBack
	}
	return taken, err
}

// putBackFirst puts back what another run has left on the target that is dead. It is an error that the other is in
// progress, or has given up, unless recoverFirst says that people know.
func (a *app) putBackFirst(ctx context.Context, c *cluster.Cluster, target experiment.Target, other *lock.Taken, recoverFirst bool) error {
	switch {
	case other.Released && !recoverFirst:
		return &ExitError{Code: report.ExitRefused, Err: other, Hint: fmt.Sprintf("nothing was changed; `chaosctl recover %s` puts it back, --recover-first does so before the run", other.Holder.Run)}
	case !other.Lapsed(time.Now()):
		return &ExitError{Code: report.ExitRefused, Err: fmt.Errorf("%s is taken: %w", target, other), Hint: "nothing was changed; wait for its end"}
	}
	fmt.Fprintf(a.Err, "%v; that comes first\n", other)
	return a.recoverFirst(ctx, c, target.Namespace, other.Holder.Run, other.Scope)
}

// recoverFirst puts back what one run has left in a namespace, or all whose leftovers are there where none is named.
// Who may not look for runs knows of those that hold the scopes.
func (a *app) recoverFirst(ctx context.Context, c *cluster.Cluster, namespace, run string, scopes ...lock.Scope) error {
	identity, err := c.Identity(ctx)
	if err != nil {
		return err
	}
	found, err := leftover.Find(ctx, c, namespace)
	if apierrors.IsForbidden(err) && len(scopes) > 0 {
		found, err = leftover.FindAt(ctx, c, scopes...)
	}
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
	if run == "" && len(runs) == 0 {
		return &ExitError{Code: report.ExitRefused, Err: errors.New("nothing is found of the run that the journal belongs to"), Hint: "look at that Secret, and delete it"}
	}
	code, err := a.recoverRuns(ctx, a.recovery(c, identity.UID), runs, true)
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
