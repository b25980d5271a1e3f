package inject

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/chaosctl/chaosctl/pkg/access"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/netfilter"
)

// connectionParameters are those of faults that happen to whole connections of TCP, whatever is spoken in them.
type connectionParameters struct {
	agentParameters
	// Direction says who opens the connections: in is for those that peers open to the pod, out for those that the pod opens. in
	// unless told otherwise.
	Direction string `json:"direction"`
	// Ports are those that the connections go to: with in, those at which the container listens, where a Service may have others;
	// with out, those to which the pod connects, which are the Service's where it goes by one. All unless told otherwise.
	Ports []int `json:"ports,omitempty" form:"port-number"`
	// Peers are those at the other end; all unless told otherwise, the kubelet with its probes among them.
	Peers []Peer `json:"peers,omitempty"`
	// Percent is the share of the connections to which it happens, chosen at random for each. 100% unless told otherwise.
	Percent experiment.Percent `json:"percent"`
	// ResetEstablished resets connections that were there before, so that who needs them makes new ones.
	ResetEstablished bool `json:"resetEstablished,omitempty"`
}

func someConnections() connectionParameters {
	return connectionParameters{agentParameters: agentParameters{Count: experiment.CountOf(1)}, Direction: string(netfilter.In), Percent: 1}
}

func (p *connectionParameters) check(c *experiment.Check) {
	p.agentParameters.check(c)
	c.OneOf("direction", "direction", p.Direction, []string{string(netfilter.In), string(netfilter.Out)})
	for i, port := range p.Ports {
		checkPort(c, fmt.Sprintf("ports[%d]", i), port)
	}
	for i := range p.Peers {
		p.Peers[i].check(c, fmt.Sprintf("peers[%d]", i))
	}
	checkPercent(c, "percent", p.Percent, "connections")
}

// planConnections has an agent do something to the connections of each of the chosen pods. What is that in words, and the flags are
// those by which the agent is told.
func (p *connectionParameters) planConnections(ctx context.Context, s Scope, what string, flags ...string) ([]Change, error) {
	found, err := addresses(ctx, s, p.Peers)
	if err != nil {
		return nil, err
	}
	task := []string{"connections", "--direction", p.Direction, "--share", fraction(p.Percent)}
	for _, port := range p.Ports {
		task = append(task, "--port", strconv.Itoa(port))
	}
	for _, peer := range found {
		task = append(task, "--peer", peer.String())
	}
	if p.ResetEstablished {
		task = append(task, "--reset")
	}
	return p.planBetween(ctx, s, what+p.words(len(found)), slices.Concat(task, flags)...)
}

// words say which connections they are.
func (p *connectionParameters) words(addresses int) string {
	text := fmt.Sprintf(" in %s of the new tcp connections into the pod", p.Percent)
	of := ", from "
	if p.Direction == string(netfilter.Out) {
		text, of = fmt.Sprintf(" in %s of the new tcp connections out of the pod", p.Percent), ", to "
	}
	switch len(p.Ports) {
	case 0:
	case 1:
		text += fmt.Sprintf(", to port %d", p.Ports[0])
	default:
		text += ", to ports " + strings.Trim(strings.ReplaceAll(fmt.Sprint(p.Ports), " ", ", "), "[]")
	}
	if len(p.Peers) > 0 {
		text += of + peerNames(p.Peers, addresses)
	}
	if p.ResetEstablished {
		text += ", and reset those of before"
	}
	return text
}

func (p *connectionParameters) needs(s access.Scope) []access.Need {
	return append(agents(s.Target.Namespace), findPeers(s, p.Peers)...)
}
