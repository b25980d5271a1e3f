package agent

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/chaosctl/chaosctl/pkg/netfilter"
)

// Packets has rules for the packets of the pod. They end with the process, however it does.
type Packets struct{ Rules []netfilter.Rule }

// Run returns what has become of how many packets. That there were none for a rule to meet is an error: then nobody knows how the
// pod would have taken it.
func (p Packets) Run(ctx context.Context, started func()) (did string, err error) {
	table, err := netfilter.Install(p.Rules...)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, table.Close()) }()
	started()
	<-ctx.Done()
	counts, err := table.Counts()
	if err != nil {
		return "", err
	}
	var all []string
	var met uint64
	for i, c := range counts {
		met += c.Met
		all = append(all, tell(p.Rules[i], c))
	}
	if met == 0 {
		err = errors.New("no packet came by that the rules are for")
	}
	return strings.Join(all, ", "), err
}

// tell says what a rule has done.
func tell(r netfilter.Rule, c netfilter.Count) string {
	verb := "lost"
	if r.Action == netfilter.Reset {
		verb = "answered by a reset"
	}
	way := "came in"
	if r.Direction == netfilter.Out {
		way = "went out"
	}
	return fmt.Sprintf("%s %d of %d packets that %s", verb, c.Done, c.Met, way)
}
