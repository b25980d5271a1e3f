package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/command"
	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/inject"
	"github.com/chaosctl/chaosctl/pkg/leftover"
	"github.com/chaosctl/chaosctl/pkg/lock"
	"github.com/chaosctl/chaosctl/pkg/report"
)

// recoverFlags are those of the command.
type recoverFlags struct {
	all, stale, now, dryRun, abandon, yes, allowCommands bool
	output                                               string
	of                                                   selection
}

func (a *app) recover() *cobra.Command {
	flags := recoverFlags{of: selection{gameDays: true}}
	cmd := &cobra.Command{
		Use:   "recover RUN… | -f FILE | --all | --stale",
		Short: "Put back what runs have left that were killed or could not finish",
		Long: `recover undoes what runs have changed and not put back. It needs nothing but the cluster: what there is to undo stands
in the run's journal, a Secret, and on the changed objects themselves. It may be called at any time, from any machine, by
several at once, and again.

A field is restored only if it still holds what chaosctl wrote. What somebody else has written meanwhile stays, and is
reported together with the original. Pods that were deleted or evicted are their controllers' business.

What the fault exec did, its undo command takes back. That is run where this machine has the run's own journal, in the directory
that --out names. A command that stands in the cluster alone may be anybody's, and is run only with --allow-commands.

A run that is in progress is left alone. Where it cannot be told from a dead one, recover waits for the run's lease to
expire, which takes 15 seconds at the most.

With -f it looks at the targets of experiments, and needs no more permissions than they do themselves (chaosctl rbac).
Otherwise it looks for runs, and for their marks on objects of every kind, in the whole cluster or a namespace (-n).`,
		Example: `  chaosctl recover 20260102-150405-pod-kill-x7k2
  chaosctl recover --all --dry-run
  chaosctl recover -f experiments/       # in a step of CI that runs always
  chaosctl recover --stale               # by whoever looks after the cluster, on a schedule`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := errors.Join(flags.check(args), a.checkUndoTimeout()); err != nil {
				return err
			}
			return a.recoverCommand(cmd.Context(), args, flags)
		},
	}
	f := cmd.Flags()
	f.StringArrayVarP(&flags.of.files, "file", "f", nil, "The runs on the targets of the experiments, or of the game days, in a `FILE`, a directory of such files, or - for standard input; may be repeated")
	f.BoolVar(&flags.all, "all", false, "All runs, but those in progress")
	f.BoolVar(&flags.stale, "stale", false, "All runs that are over for sure, without waiting for leases to expire")
	f.BoolVar(&flags.now, "now", false, "Do not wait for a run's lease to expire: you know that its process is dead")
	f.BoolVar(&flags.dryRun, "dry-run", false, "Have the server check every write, and change nothing")
	f.BoolVar(&flags.abandon, "abandon", false, "Leave the objects as the run has made them, and drop its marks, journal and lease")
	a.undoTimeoutFlag(f)
	f.BoolVar(&flags.allowCommands, "allow-commands", false, "Run the undo commands of the fault exec that are known from the cluster alone: who may write Secrets there may have written them")
	runsFlag(f, &a.runs)
	f.BoolVar(&flags.yes, "yes", false, "Do not ask before abandoning")
	f.StringVarP(&flags.output, "output", "o", "text", "text or json")
	return cmd
}

func (f recoverFlags) check(runs []string) error {
	ways := 0
	for _, way := range []bool{len(runs) > 0, len(f.of.files) > 0, f.all, f.stale} {
		if way {
			ways++
		}
	}
	switch {
	case ways == 0:
		return usage(errors.New("recover what? Name runs (chaosctl status lists them), or give -f, --all or --stale"))
	case ways > 1:
		return usage(errors.New("names of runs, -f, --all and --stale exclude each other: give one of them"))
	case f.abandon && len(runs) == 0:
		return usage(errors.New("--abandon is for runs that are named: chaosctl status lists them"))
	case f.abandon && f.dryRun:
		return usage(errors.New("--abandon and --dry-run exclude each other: without --yes, --abandon shows what would stay, and asks"))
	case f.output != "text" && f.output != "json":
		return usage(fmt.Errorf("--output %q is not known: use text or json", f.output))
	}
	return nil
}

func (a *app) recoverCommand(ctx context.Context, ids []string, flags recoverFlags) error {
	c, err := a.connect()
	if err != nil {
		return err
	}
	identity, err := c.Identity(ctx)
	if err != nil {
		return err
	}
	found, err := a.find(ctx, c, flags.of)
	if apierrors.IsForbidden(err) {
		return &ExitError{Code: report.ExitRefused, Err: err, Hint: "name a namespace that you may look at by -n"}
	}
	if err != nil {
		return err
	}
	runs, err := pick(found, ids, flags)
	if err != nil {
		return err
	}
	r := a.recovery(c, identity.UID)
	r.Now, r.DryRun, r.AllowCommands = flags.now, flags.dryRun, flags.allowCommands
	if flags.abandon {
		return a.abandon(ctx, r, runs, flags.yes)
	}
	var outcomes []*leftover.Outcome
	code, err := a.recoverEach(ctx, r, runs, len(ids) > 0, func(o *leftover.Outcome) {
		outcomes = append(outcomes, o)
		if flags.output == "text" {
			printOutcome(a.Out, o, flags.dryRun)
		}
	})
	if err != nil {
		return err
	}
	if flags.output == "json" {
		if err := json.NewEncoder(a.Out).Encode(map[string]any{"items": recoveredItems(outcomes)}); err != nil {
			return err
		}
	} else if len(runs) == 0 {
		fmt.Fprintln(a.Out, "there is nothing to put back")
	}
	for _, hidden := range found.Hidden {
		fmt.Fprintf(a.Err, "note: not looked at: %s\n", hidden)
	}
	return exitWith(code)
}

// find looks where the user has said.
func (a *app) find(ctx context.Context, c *cluster.Cluster, of selection) (*leftover.Found, error) {
	if len(of.files) == 0 {
		return leftover.Find(ctx, c, a.namespaceFlag())
	}
	all, err := of.load(a, nil)
	if err != nil {
		return nil, err
	}
	var scopes []lock.Scope
	for _, e := range all {
		if scope := lock.ScopeOf(e.Spec.Target); !slices.Contains(scopes, scope) {
			scopes = append(scopes, scope)
		}
	}
	return leftover.FindAt(ctx, c, scopes...)
}

// namespaceFlag is the namespace that the user has named; empty for all.
func (a *app) namespaceFlag() string { return a.kube.namespace() }

// pick chooses runs, the newest first: what they have changed is undone in the opposite order.
func pick(found *leftover.Found, ids []string, flags recoverFlags) ([]*leftover.Run, error) {
	runs := slices.Clone(found.Runs)
	if len(ids) > 0 {
		runs = nil
		for _, id := range ids {
			r := found.Run(id)
			if r == nil {
				return nil, &ExitError{Code: report.ExitInvalid, Err: fmt.Errorf("nothing is known of a run %s: it has left nothing, or is another cluster's", id),
					Hint: "chaosctl status lists what there is"}
			}
			runs = append(runs, r)
		}
	}
	if flags.stale {
		runs = slices.DeleteFunc(runs, func(r *leftover.Run) bool { return r.Lease != nil && !r.Lease.Dead(time.Now()) })
	}
	leftover.Newest(runs)
	return runs, nil
}

func (a *app) recovery(c *cluster.Cluster, uid string) *leftover.Recovery {
	local := func(run string) ([]*inject.Change, error) { return a.ownJournal(run, uid) }
	return &leftover.Recovery{Cluster: c, UID: uid, Command: a.commandLine(), UndoTimeout: a.undoTimeout, Local: local, Wait: func(s lock.State, left time.Duration) {
		fmt.Fprintf(a.Err, "%s may still be alive; its lease expires in %s\n", s.Holder, left.Round(time.Second))
	}}
}

// recoverRuns recovers runs and prints what became of each.
func (a *app) recoverRuns(ctx context.Context, r *leftover.Recovery, runs []*leftover.Run, named bool) (code int, err error) {
	return a.recoverEach(ctx, r, runs, named, func(o *leftover.Outcome) { printOutcome(a.Err, o, r.DryRun) })
}

// recoverEach goes through the runs. One that is in progress is an error where it was named, and left out otherwise.
func (a *app) recoverEach(ctx context.Context, r *leftover.Recovery, runs []*leftover.Run, named bool, each func(*leftover.Outcome)) (code int, err error) {
	code = report.ExitPass
	for _, run := range runs {
		outcome, err := r.Recover(ctx, run)
		var live *leftover.InProgress
		var foreign *leftover.Foreign
		switch {
		case errors.As(err, &live) && !named:
			fmt.Fprintf(a.Err, "note: %v\n", err)
			continue
		case errors.As(err, &live), errors.As(err, &foreign), apierrors.IsForbidden(err):
			fmt.Fprintf(a.Err, "error: %v\n", err)
			code = worseCode(code, report.ExitRefused)
			continue
		case err != nil:
			return code, fmt.Errorf("run %s: %w", run.ID, err)
		}
		each(outcome)
		if outcome.Left {
			code = report.ExitUndoIncomplete
		}
	}
	return code, nil
}

// printOutcome writes a line for each change.
func printOutcome(w io.Writer, o *leftover.Outcome, dryRun bool) {
	title := "run " + o.Run
	if dryRun {
		title += " (dry run: nothing was changed)"
	}
	fmt.Fprintln(w, title)
	for _, i := range o.Items {
		fmt.Fprintf(w, "  %-10s %s %s\n", word(i), objectName(i.Object), strings.Join(i.Fields, ", "))
		if i.Message != "" {
			fmt.Fprintf(w, "             %s\n", i.Message)
		}
	}
	for _, n := range o.Notes {
		fmt.Fprintf(w, "  note: %s\n", n)
	}
	switch {
	case o.Left:
		fmt.Fprintln(w, "  something is left: mend what is said above, and recover again")
	case len(o.Items) == 0:
		fmt.Fprintln(w, "  it has left nothing; its lease and its journal are gone")
	}
}

func word(i leftover.Item) string {
	switch {
	case i.State == event.ChangeStuck:
		return "not done"
	case i.State == event.ChangeDiverged:
		return "diverged"
	case i.Message != "":
		return "nothing"
	case i.Verb == "create":
		return "removed"
	case i.Verb == "run":
		return "undone"
	}
	return "restored"
}

func objectName(o event.Object) string {
	if o.Namespace == "" {
		return o.Kind + " " + o.Name
	}
	return o.Kind + " " + o.Namespace + "/" + o.Name
}

// recoveredItem is one run in the JSON of recover.
type recoveredItem struct {
	Run     string          `json:"run"`
	Undo    string          `json:"undo"`
	Changes []recoveredUndo `json:"changes"`
	Notes   []string        `json:"notes,omitempty"`
}

type recoveredUndo struct {
	Object  event.Object `json:"object"`
	Fields  []string     `json:"fields"`
	Undo    string       `json:"undo"`
	Message string       `json:"message,omitempty"`
}

func recoveredItems(outcomes []*leftover.Outcome) []recoveredItem {
	all := []recoveredItem{}
	for _, o := range outcomes {
		item := recoveredItem{Run: o.Run, Undo: "clean", Notes: o.Notes, Changes: []recoveredUndo{}}
		for _, i := range o.Items {
			item.Changes = append(item.Changes, recoveredUndo{i.Object, i.Fields, string(i.State), i.Message})
			if i.State == event.ChangeDiverged {
				item.Undo = "diverged"
			}
		}
		if o.Left {
			item.Undo = "incomplete"
		}
		all = append(all, item)
	}
	return all
}

// abandon shows what would stay broken, asks, and drops the marks.
func (a *app) abandon(ctx context.Context, r *leftover.Recovery, runs []*leftover.Run, yes bool) error {
	for _, run := range runs {
		fmt.Fprintf(a.Err, "run %s would leave behind, as it has made them:\n", run.ID)
		for _, m := range run.Objects {
			for _, c := range m.Changes {
				if c.Create != nil {
					fmt.Fprintf(a.Err, "  %s (the run has made it)\n", objectName(m.Object.Event()))
				}
				for _, f := range c.Fields() {
					original := "it was not there before"
					switch {
					case f.Original != nil:
						original = "originally " + string(f.Original)
					case f.OriginalDigest != "":
						original = "its original is in the run's journal, which goes too"
					}
					fmt.Fprintf(a.Err, "  %s %s (%s)\n", objectName(m.Object.Event()), f.PathString(), original)
				}
			}
		}
		unmarked, err := r.Unmarked(ctx, run)
		if err != nil && !errors.As(err, new(*leftover.Foreign)) {
			return err
		}
		for _, c := range unmarked {
			if c.Withdraw != nil {
				fmt.Fprintf(a.Err, "  %s (if the run has deleted it; what it held is in the run's journal, which goes too)\n", objectName(c.Object.Event()))
			} else {
				fmt.Fprintf(a.Err, "  what a command has done, which is taken back by: %s\n", command.Shell(c.Command.Undo))
			}
		}
		if !yes && !a.agreed() {
			return &ExitError{Code: report.ExitRefused, Err: errors.New("not abandoned"), Hint: "nothing was changed; --yes abandons without asking"}
		}
		outcome, err := r.Abandon(ctx, run)
		if err != nil {
			return err
		}
		printOutcome(a.Out, outcome, false)
		if outcome.Left {
			return exitWith(report.ExitUndoIncomplete)
		}
	}
	return nil
}

// agreed asks on the standard error, and reads a line.
func (a *app) agreed() bool {
	fmt.Fprint(a.Err, "Abandon it? Type yes: ")
	line, _ := bufio.NewReader(a.In).ReadString('\n')
	return strings.TrimSpace(line) == "yes"
}
