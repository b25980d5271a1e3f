package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/history"
	"github.com/chaosctl/chaosctl/pkg/report"
)

// historyOptions are what the flags of history say.
type historyOptions struct {
	out, since, verdict, promise, experiment, gameDay, output string
	last                                                      int
	rebuild                                                   bool
}

func (a *app) history() *cobra.Command {
	var o historyOptions
	cmd := &cobra.Command{
		Use:   "history",
		Short: "List the runs that were recorded, and what became of each",
		Long: `history lists the runs whose directories are below that of --out, the newest last: the worst availability of
a stream, the longest outage, the slowest recovery, whether everything was put back, and where the report is.

It reads them from an index, history.db in the same directory, which run and serve keep up to date. The directories are
the truth: runs that the index lacks are taken in, those whose directories are gone are taken out, and --rebuild makes it
anew. It reads no cluster.`,
		Example: `  chaosctl history
  chaosctl history --since 30d --verdict fail
  chaosctl history --promise scaling --gameday shop -o json
  chaosctl history --rebuild`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.listHistory(cmd.Context(), o) },
	}
	flags := cmd.Flags()
	runsFlag(flags, &o.out)
	flags.StringVar(&o.since, "since", "", "Only runs that started within this `TIME`, such as 12h, 30d or 8w, or since it (UTC), such as 2027-03-01T00:00")
	flags.StringVar(&o.verdict, "verdict", "", "Only runs with this `VERDICT`: "+strings.Join(allVerdicts(), ", "))
	flags.StringVar(&o.promise, "promise", "", "Only runs that test this `PROMISE`: "+strings.Join(report.Promises(), ", "))
	flags.StringVar(&o.experiment, "experiment", "", "Only runs of the experiment of this `NAME`")
	flags.StringVar(&o.gameDay, "gameday", "", "Only runs of the game day of this `NAME`")
	flags.IntVar(&o.last, "last", 0, "Only the newest, as a `NUMBER`; all where absent")
	flags.StringVarP(&o.output, "output", "o", "text", "text or json")
	flags.BoolVar(&o.rebuild, "rebuild", false, "Make the index anew from the runs first")
	cmd.AddCommand(a.prune())
	return cmd
}

// runsFlag is that of all commands that read runs which were recorded.
func runsFlag(flags *pflag.FlagSet, out *string) {
	flags.StringVar(out, "out", "chaosctl-runs", "The `DIR` that has the directories of the runs, as run and serve make them")
}

func allVerdicts() []string {
	return []string{string(report.Pass), string(report.Fail), string(report.Unknown), string(report.Aborted)}
}

func (a *app) listHistory(ctx context.Context, o historyOptions) error {
	if err := checkOutput(o.output); err != nil {
		return err
	}
	q, err := o.query(time.Now())
	if err != nil {
		return err
	}
	if o.rebuild {
		if err := a.rebuildHistory(ctx, o.out); err != nil {
			return err
		}
	}
	var runs []history.Run
	err = a.withHistory(ctx, o.out, func(index *history.Index) error {
		if runs, err = index.Runs(ctx, q); err != nil || len(runs) > 0 {
			return err
		}
		return errors.Join(nameKnown(ctx, index, history.OfExperiment, "experiment", q.Experiment), nameKnown(ctx, index, history.OfGameDay, "game day", q.GameDay))
	})
	if err != nil {
		return err
	}
	if o.output == "json" {
		if runs == nil {
			runs = []history.Run{}
		}
		return seen(writeJSON(a.Out, struct {
			Items []history.Run `json:"items"`
		}{runs}))
	}
	if len(runs) == 0 {
		_, err := fmt.Fprintln(a.Out, "no run is like that")
		return seen(err)
	}
	style := history.Style{}
	if _, ok := terminal(a.Out); ok {
		style.Width = width(a.Out)
		style.Dim = func(text string) string { return paint(colours(a.Out), dim, text) }
	}
	return seen(history.WriteText(a.Out, o.out, runs, style))
}

// seen forgives a reader that has seen enough.
func seen(err error) error {
	if errors.Is(err, syscall.EPIPE) {
		return nil
	}
	return err
}

func checkOutput(output string) error {
	if output != "text" && output != "json" {
		return usage(fmt.Errorf("--output %q is not known: use text or json", output))
	}
	return nil
}

// query is what the flags choose.
func (o *historyOptions) query(now time.Time) (q history.Query, err error) {
	if q.Since, err = since(o.since, now); err != nil {
		return q, usage(fmt.Errorf("--since: %w", err))
	}
	if o.last < 0 {
		return q, usage(fmt.Errorf("--last is %d: expected 1 or more", o.last))
	}
	if err := oneOf("--verdict", o.verdict, allVerdicts()); err != nil {
		return q, err
	}
	if err := oneOf("--promise", o.promise, report.Promises()); err != nil {
		return q, err
	}
	q.Verdict, q.Promise, q.Experiment, q.GameDay, q.Last = report.Verdict(o.verdict), o.promise, o.experiment, o.gameDay, o.last
	return q, nil
}

// oneOf refuses a value that is none of those that there are, with the nearest.
func oneOf(flag, value string, all []string) error {
	if value == "" || slices.Contains(all, value) {
		return nil
	}
	return usage(fmt.Errorf("%s %q is not known: %s", flag, value, meant(value, all)))
}

func meant(value string, all []string) string {
	if near := experiment.Nearest(value, all); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return "there are " + strings.Join(all, ", ")
}

// nameKnown refuses a name that no run has, with the nearest.
func nameKnown(ctx context.Context, index *history.Index, of history.NameOf, noun, name string) error {
	if name == "" {
		return nil
	}
	names, err := index.Names(ctx, of)
	if err != nil || slices.Contains(names, name) {
		return err
	}
	if len(names) == 0 {
		return usage(fmt.Errorf("no run is of a %s", noun))
	}
	return usage(fmt.Errorf("no run is of the %s %q: %s", noun, name, meant(name, names)))
}

// withHistory gives the index of a directory, in step with the runs in it. Where the index cannot be used, that is told, and the
// runs are read instead; one of a newer version, or a database of something else, is refused.
func (a *app) withHistory(ctx context.Context, out string, use func(*history.Index) error) error {
	found, err := scan(out)
	if err != nil {
		return err
	}
	a.unfinished(out, found.Unfinished)
	index, err := history.Open(ctx, out)
	if err == nil {
		err = a.synced(ctx, index, found, use)
	}
	trouble := new(history.Trouble)
	if !errors.As(err, &trouble) || ctx.Err() != nil {
		return err
	}
	if errors.Is(err, history.ErrNewer) || errors.Is(err, history.ErrForeign) {
		return &ExitError{Code: report.ExitInvalid, Err: err, Hint: trouble.Mend()}
	}
	fmt.Fprintf(a.Err, "warning: %v: the runs are read one by one\nhint: nothing is lost; %s\n", err, trouble.Mend())
	if index, err = history.OpenMemory(ctx, out); err != nil {
		return err
	}
	return a.synced(ctx, index, found, use)
}

// synced uses an index after bringing it in step, and closes it.
func (a *app) synced(ctx context.Context, index *history.Index, found *history.Found, use func(*history.Index) error) error {
	synced, err := index.Sync(ctx, found)
	if err == nil {
		err = use(index)
	}
	if err = errors.Join(err, index.Close()); err == nil {
		a.unreadable(synced)
	}
	return err
}

// unfinished points out runs that are in no list: one that was killed may be the worst of all.
func (a *app) unfinished(out string, dirs []string) {
	const most = 3
	for _, dir := range dirs[:min(len(dirs), most)] {
		fmt.Fprintf(a.Err, "note: the run in %[1]s has no result: it is under way, or was killed (then `chaosctl report %[1]s` makes it)\n", quoted(filepath.Join(out, dir)))
	}
	if more := len(dirs) - most; more > 0 {
		fmt.Fprintf(a.Err, "note: so it is with %d more\n", more)
	}
}

func (a *app) unreadable(synced *history.Synced) {
	for _, err := range synced.Unreadable {
		fmt.Fprintf(a.Err, "warning: a run is left out: %v\n", err)
	}
}

func (a *app) rebuildHistory(ctx context.Context, out string) error {
	if _, err := scan(out); err != nil {
		return err
	}
	synced, err := history.Rebuild(ctx, out)
	if trouble := new(history.Trouble); errors.As(err, &trouble) {
		return &ExitError{Code: report.ExitInvalid, Err: err, Hint: trouble.Mend()}
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(a.Err, "the index was made anew from %d runs\n", synced.Runs)
	return nil
}

// scan looks for runs in a directory that must have some: nothing is made in one that has none.
func scan(out string) (*history.Found, error) {
	found, err := history.Scan(out)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, usage(fmt.Errorf("%s is not there: no run was recorded here (see --out)", out))
	case err != nil:
		return nil, usage(fmt.Errorf("the runs cannot be looked for: %w (see --out)", err))
	case found.Empty():
		return nil, usage(fmt.Errorf("%s holds no run: expected the directory that holds the directories of runs (see --out)", out))
	}
	return found, nil
}
