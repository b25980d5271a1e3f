package inject

import (
	"context"
	"encoding/json"
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/chaosctl/chaosctl/pkg/access"
	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/netfilter"
	"github.com/chaosctl/chaosctl/pkg/target"
)

// packetParameters are those of faults that happen to packets.
type packetParameters struct {
	agentParameters
	// Direction of the packets, as the pod sees them: in, out or both. Both unless told otherwise.
	Direction string `json:"direction"`
	// Port is the one that packets have at either of their ends: that at which the pod serves, or that of a server to which it
	// connects. It is that of the container, where a Service has another. All unless told otherwise.
	Port *int `json:"port,omitempty" form:"port-number"`
	// Peers are those at the other end; all unless told otherwise, the kubelet with its probes among them.
	Peers []Peer `json:"peers,omitempty"`
}

func somePackets() packetParameters {
	return packetParameters{agentParameters: agentParameters{Count: experiment.CountOf(1)}, Direction: both}
}

// both is each of the directions.
const both = "both"

func (p *packetParameters) check(c *experiment.Check) {
	p.agentParameters.check(c)
	c.OneOf("direction", "direction", p.Direction, []string{string(netfilter.In), string(netfilter.Out), both})
	if p.Port != nil && (*p.Port < 1 || *p.Port > 65535) {
		c.Fail("port", "%d is no port: expected 1 to 65535", *p.Port)
	}
	for i := range p.Peers {
		p.Peers[i].check(c, fmt.Sprintf("peers[%d]", i))
	}
}

// planRule has an agent do something to packets in each of the chosen pods. What is the rule in words, up to which packets they
// are.
func (p *packetParameters) planRule(ctx context.Context, s Scope, what string, rule netfilter.Rule) ([]Change, error) {
	var err error
	if rule.Peers, err = addresses(ctx, s, p.Peers); err != nil {
		return nil, err
	}
	if p.Port != nil {
		rule.Ports = []uint16{uint16(*p.Port)}
	}
	task := []string{"packets"}
	for _, direction := range []netfilter.Direction{netfilter.In, netfilter.Out} {
		if p.Direction == both || p.Direction == string(direction) {
			rule.Direction = direction
			text, err := json.Marshal(rule)
			if err != nil {
				return nil, err
			}
			task = append(task, string(text))
		}
	}
	what += p.words(rule)
	return p.planEach(ctx, s, func(pod *cluster.Pod) (agentJob, error) {
		needs, err := inNetwork(pod)
		return agentJob{what: what, task: task, needs: needs}, err
	})
}

// words say which packets they are.
func (p *packetParameters) words(rule netfilter.Rule) string {
	text := map[string]string{both: " in and out of the pod", string(netfilter.In): " into the pod", string(netfilter.Out): " out of the pod"}[p.Direction]
	if p.Port != nil {
		text += fmt.Sprintf(", of port %d", *p.Port)
	}
	if len(p.Peers) > 0 {
		text += ", from and to " + peerNames(p.Peers, len(rule.Peers))
	}
	return text
}

// inNetwork is what an agent needs that changes the network of a pod. That of a node is not touched.
func inNetwork(pod *cluster.Pod) (AgentNeeds, error) {
	if pod.Shape != nil && pod.Shape.HostNetwork {
		return AgentNeeds{}, &target.Refusal{Reason: fmt.Sprintf("pod %s is in the network of its node, with all that runs there: faults of the network are for pods that have their own", pod.Name)}
	}
	var root int64
	return AgentNeeds{User: &root, Capabilities: []corev1.Capability{"NET_ADMIN"}}, nil
}

func (p *packetParameters) needs(s access.Scope) []access.Need {
	return append(agents(s.Target.Namespace), findPeers(s, p.Peers)...)
}
