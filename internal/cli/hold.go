package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/hold"
	"github.com/chaosctl/chaosctl/pkg/lock"
	"github.com/chaosctl/chaosctl/pkg/notify"
	"github.com/chaosctl/chaosctl/pkg/report"
	"github.com/chaosctl/chaosctl/pkg/web"
)

// awaited is the go that an experiment of a game day waits for.
type awaited struct{ patience time.Duration }

// answer is what the waiting for a person came to: words for the record where there is a go, and the reason where there is none.
type answer struct{ words, refused string }

// held has an experiment wait for a person's go, as long as its file says and the window is open.
func (d *gameDay) held(ctx context.Context, e chosen) (answer, error) {
	c, err := d.app.connect()
	if err != nil {
		return answer{}, err
	}
	now := d.clock.Now()
	until, why := now.Add(e.awaits.patience), fmt.Sprintf("nobody gave it a go within %s (hold: before)", e.awaits.patience)
	if closes := d.table.Windows.Closes(now); !closes.IsZero() && closes.Before(until) {
		until, why = closes, "the window ended before anybody gave it a go (hold: before)"
	}
	h := &hold.Hold{GameDay: e.day.Metadata.Name, Experiment: e.Metadata.Name, By: me() + "@" + host(), Asked: now, Until: until}
	if err := hold.Ask(ctx, c.Client, h, lock.ScopeOf(e.Spec.Target)); err != nil {
		return answer{}, fmt.Errorf("it cannot be asked for a go: %w", err)
	}
	defer func() {
		// The Lease goes even where the wait was interrupted.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), removal)
		defer cancel()
		if err := h.Remove(ctx, c.Client); err != nil {
			d.say("warning: the hold of %s could not be removed (%v); it does no harm", e.Metadata.Name, err)
		}
	}()
	defer d.board.Hold(web.Hold{
		ID: d.Metadata.Name + "/" + e.Metadata.Name, GameDay: d.Metadata.Name, Experiment: e.Metadata.Name, Target: h.Namespace + "/" + targetName(e.Spec.Target), Until: until,
		Approve: func(ctx context.Context, by string) error { return h.Approve(ctx, c.Client, by) },
	})()
	d.say("%s waits for a go until %s: chaosctl approve %s -n %s", e.Metadata.Name, until.Format(time.RFC3339), h, h.Namespace)
	waits := d.of(notify.Held, e)
	waits.Reason = fmt.Sprintf("chaosctl approve %s -n %s, until %s", h, h.Namespace, until.UTC().Format(time.RFC3339))
	d.tell(waits)
	approval, err := h.Await(ctx, c.Client, func(err error) { d.say("warning: whether %s has a go cannot be told now: %v", e.Metadata.Name, err) })
	switch {
	case errors.Is(err, hold.ErrUnanswered):
		return answer{refused: why}, nil
	case ctx.Err() != nil:
		return answer{}, &ExitError{Code: report.ExitInterrupted, Err: fmt.Errorf("%s was not waited for any more", e.Metadata.Name), Hint: "nothing was changed"}
	case err != nil:
		return answer{}, err
	}
	words := fmt.Sprintf("approved by %s at %s", approval.By, approval.At.UTC().Format(time.RFC3339))
	d.say("%s is %s", e.Metadata.Name, words)
	return answer{words: words}, nil
}

// removal is how long the removal of a hold may take.
const removal = 5 * time.Second

func targetName(t experiment.Target) string {
	if t.Workload != "" {
		return t.Workload
	}
	return "selector"
}

func (a *app) approve() *cobra.Command {
	var everywhere bool
	var output string
	cmd := &cobra.Command{
		Use:   "approve [GAMEDAY[/EXPERIMENT]]",
		Short: "Give a go to experiments of game days that wait for one, or list them",
		Long: `approve gives the go to what waits for it since it has hold: before in its game day: to one experiment, or to all of a
game day that wait now. Without a name it lists what waits. It works from anywhere: what waits is a Lease in the namespace of its target,
and who may change that may approve.`,
		Example: `  chaosctl approve -A
  chaosctl approve shop-tuesdays/node-drain -n shop`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkOutput(output); err != nil {
				return err
			}
			namespace := ""
			if !everywhere {
				var err error
				if namespace, _, err = a.kube.config().Namespace(); err != nil {
					return usage(err)
				}
			}
			return a.approveHolds(cmd.Context(), namespace, strings.Join(args, ""), output)
		},
	}
	cmd.Flags().BoolVarP(&everywhere, "all-namespaces", "A", false, "Look in all namespaces, and not only in that of -n")
	cmd.Flags().StringVarP(&output, "output", "o", "text", "text or json")
	return cmd
}

// approveHolds approves what goes by a name; where that is "", it lists what waits.
func (a *app) approveHolds(ctx context.Context, namespace, name, output string) error {
	c, err := a.connect()
	if err != nil {
		return err
	}
	all, err := hold.List(ctx, c.Client, namespace)
	if apierrors.IsForbidden(err) {
		return &ExitError{Code: report.ExitRefused, Err: err, Hint: "name the namespace of the target (-n) if you may list Leases there"}
	}
	if err != nil {
		return err
	}
	where := "namespace " + namespace
	if namespace == "" {
		where = "any namespace"
	}
	if name == "" {
		return a.listHolds(all, where, output)
	}
	approved := []*hold.Hold{}
	for _, h := range all {
		if h.GameDay != name && h.String() != name {
			continue
		}
		if err := h.Approve(ctx, c.Client, me()+"@"+host()); err != nil {
			return &ExitError{Code: report.ExitRefused, Err: err}
		}
		approved = append(approved, h)
	}
	if len(approved) == 0 {
		return &ExitError{Code: report.ExitRefused, Err: fmt.Errorf("nothing named %s waits for a go in %s", name, where), Hint: "chaosctl approve -A lists what does"}
	}
	if output == "json" {
		return seen(writeJSON(a.Out, holds{approved}))
	}
	for _, h := range approved {
		fmt.Fprintf(a.Out, "%s in namespace %s is approved\n", h, h.Namespace)
	}
	return nil
}

// holds are a list for programs.
type holds struct {
	Items []*hold.Hold `json:"items"`
}

func (a *app) listHolds(all []*hold.Hold, where, output string) error {
	if output == "json" {
		return seen(writeJSON(a.Out, holds{append([]*hold.Hold{}, all...)}))
	}
	if len(all) == 0 {
		_, err := fmt.Fprintf(a.Out, "nothing waits for a go in %s\n", where)
		return seen(err)
	}
	table := tabwriter.NewWriter(a.Out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(table, "NAME\tNAMESPACE\tWAITS UNTIL\tBY")
	for _, h := range all {
		by := h.By
		if h.Approved != nil {
			by += ", approved by " + h.Approved.By
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", h, h.Namespace, h.Until.UTC().Format(time.RFC3339), by)
	}
	return seen(table.Flush())
}
