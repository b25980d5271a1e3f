package leftover

import (
	"context"
	"fmt"
	"os"
	"slices"

	"github.com/chaosctl/chaosctl/pkg/inject"
)

// commands puts the run's own journal on this machine, where there is one, in the place of what that in the cluster says of commands,
// and says which of them may be run. Who may write a Secret in some namespace must not have commands run by whoever recovers
// what is in it.
func (r *Recovery) commands(run string, changes []*inject.Change, out *Outcome) (all []*inject.Change, mayRun func(*inject.Change) error) {
	own := map[*inject.Change]bool{}
	isCommand := func(c *inject.Change) bool { return c.Command != nil }
	if r.Local != nil && slices.ContainsFunc(changes, isCommand) {
		local, err := r.Local(run)
		if err != nil {
			out.Notes = append(out.Notes, fmt.Sprintf("the run's journal on this machine cannot be read: %v", err))
		}
		changes = slices.Clone(changes)
		for _, c := range local {
			if at := slices.IndexFunc(changes, func(other *inject.Change) bool { return other.ID == c.ID && isCommand(other) }); at >= 0 && isCommand(c) {
				changes[at], own[c] = c, true
			}
		}
	}
	return changes, func(c *inject.Change) error {
		host, err := os.Hostname()
		switch {
		case r.AllowCommands:
			return nil
		case err != nil:
			return err
		case !own[c]:
			return fmt.Errorf("its undo is a command, which stands in the cluster's journal alone, where others may have written it: recover on the machine %q, "+
				"where the directory of the run is (--out), or look at the command and say --allow-commands", c.Command.Host)
		case c.Command.Host != host:
			return fmt.Errorf("its undo is a command for the machine %q, and this is %q: recover there, or say --allow-commands", c.Command.Host, host)
		}
		return nil
	}
}

// Unmarked are the changes of a run that no object can tell of: what commands have done, and objects that may be gone.
func (r *Recovery) Unmarked(ctx context.Context, run *Run) ([]*inject.Change, error) {
	_, changes, err := r.journals(ctx, run, &Outcome{})
	return slices.DeleteFunc(changes, func(c *inject.Change) bool { return c.InCluster() && c.Withdraw == nil || !c.Reversible() }), err
}
