package inject

import (
	"context"
	"fmt"
	"strconv"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/chaosctl/chaosctl/pkg/access"
	"github.com/chaosctl/chaosctl/pkg/experiment"
)

var _ = registry.Add(Definition{
	Name:    "netBandwidth",
	Summary: "Lets no more than so many bytes a second through TCP connections of pods of the target, by an agent inside of them that ends by itself.",
	Example: `
- name: thin-line
  netBandwidth: {count: 1, bytesPerSecond: 128Ki, ports: [8080]}
  for: 30s
`,
	New: func() Fault { return &NetBandwidth{connectionParameters: someConnections(), Per: PerPod} },
})

// NetBandwidth brings TCP connections of the chosen pods to a proxy inside of them, which passes on no more than so many bytes a second,
// each way. UDP is not limited, and neither are connections that were there before, unless they are reset. After a pause, as much may
// go at once as in a tenth of a second, or 1500 bytes where that is more. Up to 1 MiB of one connection is taken from who sends it before
// it is let go. To the pod's own server, connections that come in are from the pod itself. TLS passes as it is.
type NetBandwidth struct {
	connectionParameters
	// BytesPerSecond is how many may go each way, as Kubernetes writes quantities: 128Ki, 1M. They are bytes, and not bits: 125k is a
	// line of 1 Mbit/s. 1k at the least.
	BytesPerSecond string `json:"bytesPerSecond" number:"allowed"`
	// Per says whose limit that is: pod, where all connections of a pod share it, as they would share its line, or connection, where
	// each has it for itself. pod unless told otherwise.
	Per Sharing `json:"per"`
}

// Sharing is who has a limit together.
type Sharing string

// Who may have one.
const (
	PerPod        Sharing = "pod"
	PerConnection Sharing = "connection"
)

// Values lists what it may be.
func (Sharing) Values() []string { return []string{string(PerPod), string(PerConnection)} }

// slowest is the least that a limit may be. A packet takes longer than a second below that, and so would all that comes after it.
const slowest = 1000

// Check wants a quantity of bytes.
func (f *NetBandwidth) Check(c *experiment.Check) {
	f.check(c)
	q, err := resource.ParseQuantity(f.BytesPerSecond)
	switch {
	case err != nil:
		c.Fail("bytesPerSecond", "%q is no number of bytes: expected one such as 128Ki or 1M", f.BytesPerSecond)
	case q.Value() < slowest:
		c.Fail("bytesPerSecond", "%s bytes a second are fewer than can be held to: expected 1k or more, or netPartition, which lets nothing through", f.BytesPerSecond)
	}
}

// Plan runs an agent with a proxy in the chosen pods.
func (f *NetBandwidth) Plan(ctx context.Context, s Scope) ([]Change, error) {
	q, err := resource.ParseQuantity(f.BytesPerSecond)
	if err != nil {
		return nil, fmt.Errorf("bytesPerSecond: %w", err)
	}
	flags, of := []string{"--rate", strconv.FormatInt(q.Value(), 10)}, "all together"
	if f.Per == PerConnection {
		flags, of = append(flags, "--each"), "each"
	}
	what := fmt.Sprintf("let no more than %s bytes a second through each way, %s,", q.String(), of)
	return f.planConnections(ctx, s, what, flags...)
}

// Needs are those of agents in the target's namespace, and of finding the peers.
func (f *NetBandwidth) Needs(s access.Scope) []access.Need { return f.needs(s) }
