package inject

import (
	"context"
	"fmt"

	"github.com/chaosctl/chaosctl/pkg/access"
	"github.com/chaosctl/chaosctl/pkg/experiment"
)

var _ = registry.Add(Definition{
	Name:    "netDelay",
	Summary: "Delays what pods of the target send in TCP connections, by an agent inside of them that ends by itself.",
	Example: `
- name: far-database
  netDelay: {count: 1, delay: 200ms, jitter: 50ms, direction: out, ports: [5432]}
  for: 30s
`,
	New: func() Fault { return &NetDelay{connectionParameters: someConnections()} },
})

// NetDelay brings TCP connections of the chosen pods to a proxy inside of them, which holds what the pod sends before it passes it on,
// in order, and leaves alone what the pod receives. So a request and its answer take longer by the delay, once. UDP is not delayed,
// nor is the handshake: a connection comes about as fast as ever, and one to a server that cannot be reached is reset after that,
// where it would be refused. Connections that were there before go on without the proxy, unless they are reset. To the pod's own
// server, those that come in are from the pod itself. TLS passes as it is.
type NetDelay struct {
	connectionParameters
	// Delay is how long what the pod sends is held: 200ms. Under way in one connection is no more than 1 MiB at once.
	Delay experiment.Duration `json:"delay" form:"positive"`
	// Jitter is by how much the delay is more or less, drawn anew for each piece that is sent; none unless told otherwise.
	Jitter *experiment.Duration `json:"jitter,omitempty" form:"positive"`
}

// Check refuses what delays nothing, and a jitter by which something would be sent before it is there.
func (f *NetDelay) Check(c *experiment.Check) {
	f.check(c)
	checkDelay(c, "delay", &f.Delay)
	switch {
	case f.Jitter == nil:
	case *f.Jitter <= 0:
		c.Fail("jitter", "%s is no jitter: expected more, or none of it", f.Jitter)
	case *f.Jitter > f.Delay:
		c.Fail("jitter", "%s is more than the delay of %s: nothing is sent before it is there", f.Jitter, f.Delay)
	}
}

// Plan runs an agent with a proxy in the chosen pods.
func (f *NetDelay) Plan(ctx context.Context, s Scope) ([]Change, error) {
	what, flags := fmt.Sprintf("hold for %s", f.Delay), []string{"--delay", f.Delay.String()}
	if f.Jitter != nil {
		what += fmt.Sprintf(" ± %s", f.Jitter)
		flags = append(flags, "--jitter", f.Jitter.String())
	}
	return f.planConnections(ctx, s, what+" what the pod sends", flags...)
}

// Needs are those of agents in the target's namespace, and of finding the peers.
func (f *NetDelay) Needs(s access.Scope) []access.Need { return f.needs(s) }
