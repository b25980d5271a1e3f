package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/user"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/chaosctl/chaosctl/pkg/killswitch"
	"github.com/chaosctl/chaosctl/pkg/leftover"
)

func (a *app) status() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show runs in progress, what others have left behind, locks and the kill switch",
		Long: `status looks through the cluster, or the namespace given by -n, for runs that are in progress, runs that have ended
without putting everything back, and the kill switch. It changes nothing, and exits with 0 whatever it finds.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if output != "text" && output != "json" {
				return usage(fmt.Errorf("--output %q is not known: use text or json", output))
			}
			s, err := a.statusOf(cmd.Context())
			if err != nil {
				return err
			}
			if output == "json" {
				return json.NewEncoder(a.Out).Encode(s)
			}
			return s.print(a.Out)
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "text", "text or json")
	return cmd
}

// clusterStatus is the JSON of status.
type clusterStatus struct {
	KillSwitch *killSwitchStatus `json:"killSwitch,omitempty"`
	Items      []runStatus       `json:"items"`
	// NotSeen names kinds that could not be looked at.
	NotSeen []string `json:"notSeen,omitempty"`
}

type killSwitchStatus struct {
	By     string    `json:"by,omitempty"`
	Reason string    `json:"reason,omitempty"`
	Since  time.Time `json:"since"`
}

type runStatus struct {
	Run   string `json:"run"`
	State string `json:"state"`
	// Lease is the lock on the run's target, as namespace/name.
	Lease   string    `json:"lease,omitempty"`
	Holder  string    `json:"holder,omitempty"`
	Renewed time.Time `json:"renewed,omitzero"`
	Journal string    `json:"journal,omitempty"`
	// Objects bear the run's mark.
	Objects []string `json:"objects"`
}

// The states of runs.
const (
	inProgress = "in progress" // its lease is being renewed, or was a moment ago
	recovering = "recovering"  // somebody puts back what it has left
	dead       = "dead"        // it has ended without putting everything back
	incomplete = "incomplete"  // it could not put everything back, and is over
)

func (a *app) statusOf(ctx context.Context) (*clusterStatus, error) {
	c, err := a.connect()
	if err != nil {
		return nil, err
	}
	if _, err := c.Contact(ctx); err != nil {
		return nil, err
	}
	found, err := leftover.Find(ctx, c, a.namespaceFlag())
	if err != nil {
		return nil, err
	}
	s := &clusterStatus{Items: []runStatus{}, NotSeen: found.Hidden}
	order, err := killswitch.Get(ctx, c.Client)
	if err != nil {
		s.NotSeen = append(s.NotSeen, fmt.Sprintf("the kill switch: %v", err))
	}
	if order != nil {
		s.KillSwitch = &killSwitchStatus{By: order.By, Reason: order.Reason, Since: order.At}
	}
	for _, r := range found.Runs {
		s.Items = append(s.Items, statusOfRun(r, time.Now()))
	}
	return s, nil
}

func statusOfRun(r *leftover.Run, now time.Time) runStatus {
	s := runStatus{Run: r.ID, State: dead, Objects: []string{}}
	for _, m := range r.Objects {
		s.Objects = append(s.Objects, objectName(m.Object.Event()))
	}
	if r.Lease == nil {
		return s
	}
	s.Lease, s.Holder, s.Renewed = r.Lease.Scope.String(), r.Lease.Holder.String(), r.Lease.Renewed
	s.Journal = r.Lease.Holder.JournalNamespace + "/" + r.Lease.Holder.Journal
	switch {
	case r.Lease.Released:
		s.State = incomplete
	case r.Lease.Lapsed(now):
	case r.Lease.Holder.Recovering:
		s.State = recovering
	default:
		s.State = inProgress
	}
	return s
}

func (s *clusterStatus) print(w io.Writer) error {
	if k := s.KillSwitch; k != nil {
		fmt.Fprintf(w, "%s; `chaosctl allow` lifts it\n\n", killswitch.Order{By: k.By, Reason: k.Reason, At: k.Since})
	}
	if len(s.Items) == 0 {
		fmt.Fprintln(w, "no run is in progress, and none has left anything behind")
	}
	table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	for _, r := range s.Items {
		fmt.Fprintf(table, "%s\t%s\t%s\n", r.Run, r.State, r.Holder)
		for _, o := range r.Objects {
			fmt.Fprintf(table, "\t  changed\t%s\n", o)
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, r := range s.Items {
		if r.State == dead || r.State == incomplete {
			fmt.Fprintln(w, "\n`chaosctl recover --all` puts back what the dead and the incomplete have left")
			break
		}
	}
	for _, hidden := range s.NotSeen {
		fmt.Fprintf(w, "note: not looked at: %s\n", hidden)
	}
	return nil
}

func (a *app) stop() *cobra.Command {
	var all bool
	var reason string
	cmd := &cobra.Command{
		Use:   "stop --all",
		Short: "Set the kill switch: end all runs in the cluster, and let no new one begin",
		Long: fmt.Sprintf(`stop makes the ConfigMap %s/%s. As long as it is there, every run in the cluster stops at once, puts
everything back and exits with 6, and no new one begins.`, killswitch.Namespace, killswitch.Name),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !all {
				return usage(fmt.Errorf("stop ends all runs of everybody in the cluster: say --all (a single run is ended by interrupting it)"))
			}
			c, err := a.connect()
			if err != nil {
				return err
			}
			order, err := killswitch.Set(cmd.Context(), c.Client, me(), reason)
			if err != nil {
				return err
			}
			fmt.Fprintf(a.Out, "%s\n", order)
			return nil
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "All runs of everybody")
	cmd.Flags().StringVar(&reason, "reason", "", "Why, for those whose runs end")
	return cmd
}

func (a *app) allow() *cobra.Command {
	return &cobra.Command{
		Use:   "allow",
		Short: "Lift the kill switch",
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.connect()
			if err != nil {
				return err
			}
			order, err := killswitch.Lift(cmd.Context(), c.Client)
			switch {
			case err != nil:
				return err
			case order == nil:
				fmt.Fprintln(a.Out, "the kill switch was not set")
			default:
				fmt.Fprintln(a.Out, "the kill switch is lifted: runs may begin again")
			}
			return nil
		},
	}
}

// host is this machine by its name.
func host() string {
	name, err := os.Hostname()
	if err != nil {
		return "unknown host"
	}
	return name
}

// me names the person for others.
func me() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return ""
}
