package inject

import (
	"context"
	"fmt"

	"github.com/chaosctl/chaosctl/pkg/access"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/netfilter"
)

var _ = registry.Add(Definition{
	Name:    "netReset",
	Summary: "Resets TCP connections of pods of the target, or refuses new ones, by an agent inside of them that ends by itself.",
	Example: `
- name: refused
  netReset: {count: 1, port: 8080, at: connect, percent: 50%}
  for: 30s
`,
	New: func() Fault { return &NetReset{packetParameters: somePackets(), Percent: 1} },
})

// NetReset answers packets of the TCP connections of the chosen pods by a reset, and loses them. Whoever has sent the packet finds
// the connection reset by its peer, or refused where it is a new one; the other end finds out when it sends something itself. What
// goes over the pod's loopback device is left alone.
type NetReset struct {
	packetParameters
	// Percent is the share of the packets to which it happens, chosen at random for each; 100% unless told otherwise. Of new
	// connections it is the share that is refused. One that is established has many packets, and is gone by the first.
	Percent experiment.Percent `json:"percent"`
	// At limits it to a moment in the life of connections: connect, where new ones are refused and those of before live on, or
	// established, where new ones come about and are reset by the first packet after that. Both unless told otherwise.
	At string `json:"at,omitempty"`
}

// Check refuses what resets nothing.
func (f *NetReset) Check(c *experiment.Check) {
	f.check(c)
	if f.Percent == 0 {
		c.Fail("percent", "0%% resets no connection: expected more")
	}
	if f.At != "" {
		c.OneOf("at", "moment", f.At, []string{string(netfilter.Connect), string(netfilter.Established)})
	}
}

// Plan runs an agent in the chosen pods.
func (f *NetReset) Plan(ctx context.Context, s Scope) ([]Change, error) {
	which := map[string]string{"": "", string(netfilter.Connect): " that begin a connection", string(netfilter.Established): " of established connections"}[f.At]
	return f.planRule(ctx, s, fmt.Sprintf("answer %s of the tcp packets%s by a reset,", f.Percent, which), netfilter.Rule{
		Action: netfilter.Reset, Share: float64(f.Percent), At: netfilter.Moment(f.At),
	})
}

// Needs are those of agents in the target's namespace, and of finding the peers.
func (f *NetReset) Needs(s access.Scope) []access.Need { return f.needs(s) }
