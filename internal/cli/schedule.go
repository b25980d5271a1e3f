package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/schedule"
)

func (a *app) schedule() *cobra.Command {
	cmd := &cobra.Command{
		Use: "schedule", Short: "Show when a game day runs, or have Kubernetes run it", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.scheduleNext(), a.scheduleRender())
	return cmd
}

func (a *app) scheduleNext() *cobra.Command {
	var file, from, output string
	var count int
	cmd := &cobra.Command{
		Use:   "next -f GAMEDAY",
		Short: "Print the coming runs of a game day, and why others are left out",
		Long: `next prints when a game day runs, in its own time zone and in that of this machine. Between the runs it says what is
left out, and why: no window allows it, a freeze, a holiday, or since the game day is suspended; and what becomes of
a run when clocks are put forward or back. It reads no cluster.`,
		Example: `  chaosctl schedule next -f gameday.yaml
  chaosctl schedule next -f gameday.yaml -n 50 --from 2027-03-01T00:00 -o json`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if output != "text" && output != "json" {
				return usage(fmt.Errorf("--output %q is not known: use text or json", output))
			}
			if count < 1 || count > mostComing {
				return usage(fmt.Errorf("--count is %d: expected 1 to %d", count, mostComing))
			}
			d, err := a.gameDayFile(file)
			if err != nil {
				return err
			}
			table, err := timetable(d)
			if err != nil {
				return err
			}
			start := time.Now()
			if from != "" {
				var moment schedule.Moment
				if err := moment.UnmarshalText([]byte(from)); err != nil {
					return usage(fmt.Errorf("--from: %w", err))
				}
				start = moment.In(table.Schedule.Zone())
			}
			c := comingRuns(d.GameDay, table, start, count)
			if output == "json" {
				return json.NewEncoder(a.Out).Encode(c)
			}
			return c.print(a.Out, time.Local)
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&file, "file", "f", "", "The `FILE` of the game day, or - for standard input")
	flags.IntVarP(&count, "count", "n", 10, "How many runs to print, as a `NUMBER`")
	flags.StringVar(&from, "from", "", "Print those after this `TIME`, such as 2027-03-01T00:00; now, where absent")
	flags.StringVarP(&output, "output", "o", "text", "text or json")
	withoutNamespace(flags)
	if err := cmd.MarkFlagRequired("file"); err != nil {
		panic(err) // the flag is defined above
	}
	return cmd
}

// withoutNamespace hides the flag that a command without a cluster has no use for.
func withoutNamespace(flags *pflag.FlagSet) {
	flags.String("namespace", "", "")
	if err := flags.MarkHidden("namespace"); err != nil {
		panic(err) // the flag is defined above
	}
}

// Bounds of one answer: of the runs in it, and of those that are skipped in a row.
const (
	mostComing  = 1_000_000
	mostSkipped = 200_000
)

// coming are the coming runs of a game day.
type coming struct {
	GameDay  string    `json:"gameDay"`
	TimeZone string    `json:"timeZone"`
	From     time.Time `json:"from"`
	// Items are the runs; there are fewer than were asked for where the schedule ends.
	Items []comingRun `json:"items"`
	// Skipped are the runs that are left out before the last of the items.
	Skipped []skippedRuns `json:"skipped"`
	// Note says why there are fewer items than were asked for.
	Note string `json:"note,omitempty"`

	zone *time.Location
}

// comingRun is a run; its instants are in UTC but for Local, which is At by the clocks of the game day's zone.
type comingRun struct {
	// At is when the run begins.
	At    time.Time `json:"at"`
	Local time.Time `json:"local"`
	// Scheduled is what the schedule says, where jitter makes the run begin later.
	Scheduled time.Time `json:"scheduled,omitzero"`
	// ClockChange says what a change of clocks does to the run.
	ClockChange string `json:"clockChange,omitempty"`
}

// skippedRuns are runs in a row that are left out for one reason.
type skippedRuns struct {
	// At is the first of them, Until the last one where they are several.
	At     time.Time     `json:"at"`
	Until  time.Time     `json:"until,omitzero"`
	Count  int           `json:"count"`
	Reason schedule.Kind `json:"reason"`
	Why    string        `json:"why"`
}

// comingRuns are those after an instant.
func comingRuns(day *experiment.GameDay, table *schedule.Timetable, from time.Time, count int) *coming {
	c := &coming{
		GameDay: day.Metadata.Name, TimeZone: day.Spec.TimeZone, From: from.UTC(),
		Items: []comingRun{}, Skipped: []skippedRuns{}, zone: table.Schedule.Zone(),
	}
	last := from
	// A run that is delayed into the time after from counts, and one that is not does not.
	if table.Jitter > 0 {
		last = from.Add(-table.Jitter)
	}
	for row := 0; len(c.Items) < count; {
		run, ok := table.Next(last)
		if !ok {
			c.Note = "no other run is left: the schedule is over"
			return c
		}
		last = run.At
		if !run.Start.After(from) {
			continue
		}
		if run.Skip != nil {
			c.skip(run)
			if row++; row == mostSkipped || table.Suspended && row == count {
				c.Note = "no run follows until " + c.show(last)
				return c
			}
			continue
		}
		row = 0
		item := comingRun{At: run.Start.UTC(), Local: run.Start.In(c.zone), ClockChange: run.Shift}
		if !run.Start.Equal(run.At) {
			item.Scheduled = run.At.UTC()
		}
		c.Items = append(c.Items, item)
	}
	return c
}

// skip adds a run that is left out to those before it that are so for the same reason, if no other lies between.
func (c *coming) skip(run schedule.Run) {
	if n := len(c.Skipped); n > 0 {
		last := &c.Skipped[n-1]
		between := len(c.Items) > 0 && c.Items[len(c.Items)-1].At.After(last.At)
		if !between && last.Reason == run.Skip.Kind && last.Why == run.Skip.Why {
			last.Until = run.Start.UTC()
			last.Count++
			return
		}
	}
	c.Skipped = append(c.Skipped, skippedRuns{At: run.Start.UTC(), Count: 1, Reason: run.Skip.Kind, Why: run.Skip.Why})
}

// face is how an instant is shown; the weekday is what people look for.
const face = "Mon 2006-01-02 15:04:05 MST"

func (c *coming) show(at time.Time) string { return at.In(c.zone).Format(face) }

// print writes the runs, and those that are left out, in the order of time.
func (c *coming) print(w io.Writer, local *time.Location) error {
	fmt.Fprintf(w, "game day %s, in %s\n\n", c.GameDay, c.TimeZone)
	table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	if len(c.Items)+len(c.Skipped) > 0 {
		fmt.Fprintf(table, "%s\tHERE\t\n", c.TimeZone)
	}
	skipped := c.Skipped
	for i := 0; i < len(c.Items) || len(skipped) > 0; {
		if len(skipped) > 0 && (i == len(c.Items) || skipped[0].At.Before(c.Items[i].At)) {
			s := skipped[0]
			skipped = skipped[1:]
			what := "skipped: " + s.Why
			if s.Count > 1 {
				what = fmt.Sprintf("%d skipped until %s: %s", s.Count, c.show(s.Until), s.Why)
			}
			fmt.Fprintf(table, "%s\t%s\t%s\n", c.show(s.At), s.At.In(local).Format(face), what)
			continue
		}
		r := c.Items[i]
		i++
		note := r.ClockChange
		if !r.Scheduled.IsZero() {
			if note != "" {
				note += "; "
			}
			note += fmt.Sprintf("jitter of %s", r.At.Sub(r.Scheduled))
		}
		fmt.Fprintf(table, "%s\t%s\t%s\n", c.show(r.At), r.At.In(local).Format(face), note)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if c.Note != "" {
		_, err := fmt.Fprintln(w, c.Note)
		return err
	}
	return nil
}
