package experiment_test

import (
	"fmt"

	"github.com/chaosctl/chaosctl/pkg/experiment"
)

// podKill stands for a fault whose parameters have defaults.
type podKill struct {
	Count       experiment.Count     `json:"count"`
	GracePeriod *experiment.Duration `json:"gracePeriod,omitempty"`
	Labels      map[string]string    `json:"labels,omitempty"`
	Force       bool                 `json:"force,omitempty"`
}

// nodeDrain stands for a fault with lists and numbers.
type nodeDrain struct {
	Nodes   []string `json:"nodes"`
	Retries int      `json:"retries,omitempty"`
	Weight  uint8    `json:"weight,omitempty"`
	Share   float64  `json:"share,omitempty"`
}

func (n *nodeDrain) Check(c *experiment.Check) {
	for i, node := range n.Nodes {
		c.OneOf(fmt.Sprintf("nodes[%d]", i), "node", node, []string{"n1", "n2", "n3"})
	}
	if c.Fault().At > c.Experiment().Spec.Recovery.Timeout {
		c.Fail("", "a drain as late as %s is not allowed", c.Fault().At)
	}
}

// manifest stands for a fault with an object of Kubernetes in it.
type manifest struct {
	Object map[string]any `json:"object"`
}

// rolloutRestart stands for a fault that needs no parameters.
type rolloutRestart struct{}

// stream is embedded by the expectations of a stream.
type stream struct {
	Of string `json:"of"`
}

// availability stands for an expectation that refers to a stream.
type availability struct {
	stream
	AtLeast experiment.Percent `json:"atLeast"`
}

func (a *availability) Check(c *experiment.Check) {
	c.Stream("of", a.Of)
}

// holds stands for an expectation that refers to a probe.
type holds struct {
	Probe string `json:"probe"`
}

func (h *holds) Check(c *experiment.Check) { c.Probe("probe", h.Probe) }

// tcp stands for a probe whose port has a name or a number.
type tcp struct {
	Port string `json:"port" number:"allowed"`
}

// tree stands for an expectation made of others, to any depth.
type tree struct {
	Of []tree `json:"of,omitempty"`
}

func newOf[T any]() any { return new(T) }

var catalogue = experiment.Catalogue{
	Faults: experiment.Kinds{
		"podKill":        func() any { return &podKill{Count: experiment.CountOf(1)} },
		"nodeDrain":      newOf[nodeDrain],
		"manifest":       newOf[manifest],
		"rolloutRestart": newOf[rolloutRestart],
	},
	Probes:       experiment.Kinds{"tcp": newOf[tcp]},
	Expectations: experiment.Kinds{"availability": newOf[availability], "cel": newOf[string], "within": newOf[experiment.Duration], "tree": newOf[tree], "holds": newOf[holds]},
	Aborts:       experiment.Kinds{"availability": newOf[availability]},
}
