package inject

import (
	"context"
	"fmt"

	"github.com/chaosctl/chaosctl/pkg/access"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/netfilter"
)

var _ = registry.Add(Definition{
	Name:    "netLoss",
	Summary: "Loses a share of the packets of pods of the target, by an agent inside of them that ends by itself.",
	Example: `
- name: bad-line
  netLoss: {count: 1, percent: 20%, port: 8080, protocol: tcp}
  for: 30s
`,
	New: func() Fault { return &NetLoss{packetParameters: somePackets()} },
})

// NetLoss loses packets between the chosen pods and their peers, each by chance and silently: neither side is told, so that TCP sends
// again what was lost, and UDP does not know. What goes over the pod's loopback device is left alone, and so are ARP and the neighbour
// discovery of IPv6.
type NetLoss struct {
	packetParameters
	// Percent is the share of the packets that is lost: 20%. A packet is what the pod's network takes for one, which may be several
	// on the wire.
	Percent experiment.Percent `json:"percent"`
	// Protocol is tcp or udp; all unless told otherwise.
	Protocol string `json:"protocol,omitempty"`
}

// Check refuses what loses nothing.
func (f *NetLoss) Check(c *experiment.Check) {
	f.check(c)
	checkProtocol(c, f.Protocol)
	if f.Percent == 0 {
		c.Fail("percent", "0%% loses no packet: expected more")
	}
}

func checkProtocol(c *experiment.Check, protocol string) {
	if protocol != "" {
		c.OneOf("protocol", "protocol", protocol, []string{string(netfilter.TCP), string(netfilter.UDP)})
	}
}

// Plan runs an agent in the chosen pods.
func (f *NetLoss) Plan(ctx context.Context, s Scope) ([]Change, error) {
	of := ""
	if f.Protocol != "" {
		of = f.Protocol + " "
	}
	return f.planRule(ctx, s, fmt.Sprintf("lose %s of the %spackets", f.Percent, of), netfilter.Rule{
		Action: netfilter.Drop, Protocol: netfilter.Protocol(f.Protocol), Share: float64(f.Percent),
	})
}

// Needs are those of agents in the target's namespace, and of finding the peers.
func (f *NetLoss) Needs(s access.Scope) []access.Need { return f.needs(s) }
