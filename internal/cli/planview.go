package cli

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/chaosctl/chaosctl/pkg/engine"
)

// printPlan writes a plan for people: ~ is a change that is put back, - one that cannot be undone.
func printPlan(w io.Writer, p *engine.Plan, colour bool) {
	e := p.Experiment
	fmt.Fprintf(w, "%s  promise: %s  target: %s (%d of %d ready)\n", paint(colour, bold, e.Metadata.Name), e.Spec.Promise, e.Spec.Target, p.Ready, p.Workload.Status.Desired)
	fmt.Fprintf(w, "cluster %s, Kubernetes %s; seed %d\n", orElse(p.Cluster.Context, "of this pod"), p.Cluster.Version, p.Seed)
	for _, s := range p.Streams() {
		kind := "reused connections"
		if s.Fresh {
			kind = "a fresh connection for each"
		}
		fmt.Fprintf(w, "load %s: %s to %s (%s), %s\n", s.Name, requestRate(s), s.URL, p.Routes[routeOf(p, s.Name)].Via, kind)
	}
	table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	for _, c := range p.Event().Changes {
		sign := paint(colour, red, "-")
		if c.Reversible {
			sign = paint(colour, yellow, "~")
		}
		object := strings.TrimPrefix(c.Object.Namespace+"/"+c.Object.Name, "/")
		where := ""
		if c.Object.Node != "" {
			where = " on " + c.Object.Node
		}
		if c.Object.Kind != "" {
			object = c.Object.Kind + " " + object + where
		} else {
			sign, object = " ", c.ID
		}
		fmt.Fprintf(table, "  %s +%gs\t%s\t%s\t%s\n", sign, c.At.Seconds(), object, c.What, paint(colour, dim, "undo: "+c.Undo))
	}
	table.Flush()
	printImpact(w, p)
	fmt.Fprintf(w, "permissions: all %d that it needs are granted\n", len(p.Permissions))
	fmt.Fprintln(w)
}

// printImpact says what the plan does to the target at its worst.
func printImpact(w io.Writer, p *engine.Plan) {
	i, desired := p.Impact, max(p.Workload.Status.Desired, p.Pods)
	if i.InTotal > 0 {
		share := 100 * float64(i.AtOnce) / float64(desired)
		fmt.Fprintf(w, "impact: %d of %d pods at once (%.3g%%), %d in total; %d of %d ready ones stay untouched at the worst moment\n",
			i.AtOnce, desired, share, i.InTotal, i.WorstReady, p.Ready)
	}
	for _, b := range i.Budgets {
		fmt.Fprintf(w, "budget %s/%s: allows %d disruptions now, of the %d evictions that it covers\n", b.Namespace, b.Name, b.Allowed, b.Evictions)
	}
	if r := i.Room; r != nil {
		fmt.Fprintf(w, "room: %d of %d evicted pods fit on the %d other nodes, by what they request\n", r.Fit, r.Pods, r.Nodes)
	}
	for _, u := range i.Unknown {
		fmt.Fprintf(w, "unknown: %s\n", u)
	}
}

// requestRate is the rate of a stream, or how it changes over time.
func requestRate(s engine.Stream) string {
	if s.Shape.Constant != nil {
		return fmt.Sprintf("%g requests/s", s.Shape.Constant.PerSecond)
	}
	return s.Shape.String() + ","
}

func routeOf(p *engine.Plan, name string) int {
	for i, l := range p.Experiment.Spec.Load {
		if l.Name == name {
			return i
		}
	}
	return 0
}

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
