package inject

import (
	"context"
	"fmt"

	"github.com/chaosctl/chaosctl/pkg/access"
	"github.com/chaosctl/chaosctl/pkg/experiment"
)

var _ = registry.Add(Definition{
	Name:    "loadSurge",
	Summary: "Sends many more requests of the kind that a load of the experiment sends; they are not among those that are judged.",
	Example: `
- name: rush
  loadSurge: {of: browse, rate: 500/s}
  for: 30s
`,
	New: func() Fault { return &LoadSurge{} },
})

// LoadSurge offers requests beside those of a load, to the same place and with the same timeout and connections, until the fault
// is over. What expectations, abort conditions and reports tell of the load is of its own requests alone.
type LoadSurge struct {
	// Of is the name of the load, an entry of spec.load.
	Of string `json:"of"`
	// Rate is how many requests there are beside those of the load, all connections together.
	Rate experiment.Rate `json:"rate"`
}

// Check wants a load of that name.
func (f *LoadSurge) Check(c *experiment.Check) { c.Stream("of", f.Of) }

// Plan changes nothing in the cluster.
func (f *LoadSurge) Plan(context.Context, Scope) ([]Change, error) {
	return []Change{{
		ID: "surge-" + f.Of, What: fmt.Sprintf("send %s more requests like those of %s", f.Rate, f.Of),
		Object: Object{Kind: "Load", Name: f.Of}, Surge: &Surge{Rate: f.Rate},
	}}, nil
}

// Needs are none: where the requests go is found for the load.
func (f *LoadSurge) Needs(access.Scope) []access.Need { return nil }
