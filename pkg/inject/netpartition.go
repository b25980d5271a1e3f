package inject

import (
	"context"

	"github.com/chaosctl/chaosctl/pkg/access"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/netfilter"
)

var _ = registry.Add(Definition{
	Name:    "netPartition",
	Summary: "Cuts pods of the target off from some of their peers, by an agent inside of them that ends by itself.",
	Example: `
- name: no-database
  netPartition: {count: all, peers: [{service: database}]}
  for: 30s
`,
	New: func() Fault { return &NetPartition{packetParameters: somePackets()} },
})

// NetPartition loses all packets between the chosen pods and some peers, silently: connections get no answer, and are not refused.
// Those of before stay, and go on once it is over if nobody gave up on them.
type NetPartition struct{ packetParameters }

// Check wants peers.
func (f *NetPartition) Check(c *experiment.Check) {
	f.check(c)
	if len(f.Peers) == 0 {
		c.Fail("peers", "the pods are cut off from nobody: name a workload, a service, pods or a cidr, such as 0.0.0.0/0 for all that have an IPv4 address")
	}
}

// Plan runs an agent in the chosen pods.
func (f *NetPartition) Plan(ctx context.Context, s Scope) ([]Change, error) {
	return f.planRule(ctx, s, "lose all packets", netfilter.Rule{Action: netfilter.Drop})
}

// Needs are those of agents in the target's namespace, and of finding the peers.
func (f *NetPartition) Needs(s access.Scope) []access.Need { return f.needs(s) }
