package inject

import (
	"context"
	"strconv"

	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/experiment"
)

// What faults have in common that are made between a pod and its peers.

// planBetween runs an agent with a proxy in each of the chosen pods.
func (p *agentParameters) planBetween(ctx context.Context, s Scope, what string, task ...string) ([]Change, error) {
	return p.planEach(ctx, s, func(pod *cluster.Pod) (agentJob, error) {
		needs, err := inNetwork(pod)
		return agentJob{what: what, task: task, needs: needs}, err
	})
}

func checkPort(c *experiment.Check, field string, port int) {
	if port < 1 || port > 65535 {
		c.Fail(field, "%d is no port: expected 1 to 65535", port)
	}
}

func checkPercent(c *experiment.Check, field string, percent experiment.Percent, of string) {
	if percent == 0 {
		c.Fail(field, "0%% of the %s are none: expected more", of)
	}
}

func checkDelay(c *experiment.Check, field string, delay *experiment.Duration) {
	if delay != nil && *delay <= 0 {
		c.Fail(field, "%s is no delay: expected more", delay)
	}
}

// fraction is how an agent reads a share.
func fraction(p experiment.Percent) string { return strconv.FormatFloat(float64(p), 'f', -1, 64) }
