package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/chaosctl/chaosctl/pkg/history"
	"github.com/chaosctl/chaosctl/pkg/report"
)

// pruneOptions are what the flags of history prune say.
type pruneOptions struct {
	out, keep, output string
	keepLast          int
	dryRun            bool
}

func (a *app) prune() *cobra.Command {
	var o pruneOptions
	cmd := &cobra.Command{
		Use:   "prune --keep TIME | --keep-last NUMBER",
		Short: "Remove the directories of old runs",
		Long: `prune removes the directories of runs that need not be kept, and takes them out of the index. A run is kept if any
of --keep and --keep-last says so.

It removes a directory only if that is one of a run for sure and holds nothing else, and if the run is over and has put
everything back: the others are listed, each with the reason. It follows no symbolic link.`,
		Example: `  chaosctl history prune --keep 90d --dry-run
  chaosctl history prune --keep 90d --keep-last 20 -o json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.pruneHistory(cmd.Context(), o) },
	}
	flags := cmd.Flags()
	runsFlag(flags, &o.out)
	flags.StringVar(&o.keep, "keep", "", "Keep the runs that started within this `TIME`, such as 12h, 90d or 8w")
	flags.IntVar(&o.keepLast, "keep-last", 0, "Keep the newest runs of each experiment on each workload, as a `NUMBER`")
	flags.BoolVar(&o.dryRun, "dry-run", false, "Only list what would be removed")
	flags.StringVarP(&o.output, "output", "o", "text", "text or json")
	return cmd
}

func (a *app) pruneHistory(ctx context.Context, o pruneOptions) error {
	if err := checkOutput(o.output); err != nil {
		return err
	}
	now := time.Now()
	keep := history.Keep{Last: o.keepLast}
	if o.keepLast < 0 {
		return usage(fmt.Errorf("--keep-last is %d: expected 1 or more", o.keepLast))
	}
	if o.keep != "" {
		long, err := age(o.keep)
		if err != nil {
			return usage(fmt.Errorf("--keep: %q is not %w", o.keep, err))
		}
		keep.Since = now.Add(-long)
	}
	if o.keep == "" && o.keepLast == 0 {
		return usage(errors.New("say what is to be kept: --keep TIME, --keep-last NUMBER, or both"))
	}
	return a.withHistory(ctx, o.out, func(index *history.Index) error {
		pruned, err := index.Prune(ctx, keep, now, o.dryRun)
		if pruned != nil {
			err = errors.Join(err, seen(a.tellPruned(o, pruned)))
		}
		if trouble := new(history.Trouble); err != nil && !errors.As(err, &trouble) {
			return &ExitError{Code: report.ExitInternal, Err: err, Hint: "the others were removed; call it again once these can be"}
		}
		return err
	})
}

func (a *app) tellPruned(o pruneOptions, p *history.Pruned) error {
	if o.output == "json" {
		return writeJSON(a.Out, prunedDocument(o, p))
	}
	does, did := "remove", "removed"
	if o.dryRun {
		does, did = "would remove", "would be removed"
	}
	for _, r := range p.Removed {
		fmt.Fprintf(a.Out, "%-12s %s\n", does, filepath.Join(o.out, r.Dir))
	}
	for _, s := range p.Spared {
		fmt.Fprintf(a.Out, "%-12s %s: %s\n", "keep", filepath.Join(o.out, s.Dir), s.Reason)
	}
	_, err := fmt.Fprintf(a.Out, "%s %s, with %s\n", plural(len(p.Removed), "run"), did, bytesOf(p.Bytes))
	return err
}

// prunedRun is a run of a list for programs: one that was removed, or would be, or the reason why it is kept.
type prunedRun struct {
	history.Run
	Removed bool   `json:"removed"`
	Reason  string `json:"reason,omitempty"`
}

// pruned is that list; bytes is the size of what was removed.
type pruned struct {
	DryRun bool        `json:"dryRun"`
	Bytes  int64       `json:"bytes"`
	Items  []prunedRun `json:"items"`
}

func prunedDocument(o pruneOptions, p *history.Pruned) pruned {
	d := pruned{DryRun: o.dryRun, Bytes: p.Bytes, Items: []prunedRun{}}
	for _, r := range p.Removed {
		d.Items = append(d.Items, prunedRun{Run: r, Removed: !o.dryRun})
	}
	for _, s := range p.Spared {
		d.Items = append(d.Items, prunedRun{Run: s.Run, Reason: s.Reason})
	}
	return d
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// bytesOf writes a size for people.
func bytesOf(n int64) string {
	for _, unit := range []struct {
		of   int64
		name string
	}{{1e9, "GB"}, {1e6, "MB"}, {1e3, "kB"}} {
		if n >= unit.of {
			return fmt.Sprintf("%.1f %s", float64(n)/float64(unit.of), unit.name)
		}
	}
	return fmt.Sprintf("%d bytes", n)
}

// forget removes the runs of a game day that need not be kept. That it could not is told, and changes nothing of the outcome.
func (d *gameDay) forget(ctx context.Context) {
	if d.Spec.History == nil || ctx.Err() != nil {
		return
	}
	keep := history.Keep{Last: d.Spec.History.Keep, GameDay: d.Metadata.Name}
	pruned, err := forgotten(ctx, d.out, keep, d.clock.Now())
	if err != nil {
		d.say("warning: old runs could not be removed (%v); chaosctl history prune does", err)
	}
	if pruned == nil {
		return
	}
	if n := len(pruned.Removed); n > 0 {
		d.say("%s removed, older than the newest %d of an experiment (history.keep)", plural(n, "old run"), keep.Last)
	}
	for _, s := range pruned.Spared {
		d.say("an old run is kept: %s: %s", filepath.Join(d.out, s.Dir), s.Reason)
	}
}

// forgotten removes what need not be kept below a directory, in which there may be no run.
func forgotten(ctx context.Context, out string, keep history.Keep, now time.Time) (*history.Pruned, error) {
	found, err := history.Scan(out)
	if errors.Is(err, fs.ErrNotExist) || err == nil && found.Empty() {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	index, err := history.Open(ctx, out)
	if err != nil {
		return nil, err
	}
	var pruned *history.Pruned
	if _, err = index.Sync(ctx, found); err == nil {
		pruned, err = index.Prune(ctx, keep, now, false)
	}
	return pruned, errors.Join(err, index.Close())
}
