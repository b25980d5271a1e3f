package inject

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	"github.com/chaosctl/chaosctl/pkg/access"
	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/target"
)

var _ = registry.Add(Definition{
	Name:    "networkPolicy",
	Summary: "Cuts the target's pods off by a NetworkPolicy that allows nothing; it is removed again.",
	Example: `
- name: cut-off
  networkPolicy: {}
  for: 30s
- name: no-database
  at: 1m
  networkPolicy: {deny: egress, to: [db.shop.svc:5432]}
  for: 30s
`,
	New: func() Fault { return &NetworkPolicy{Deny: DenyIngress} },
})

// NetworkPolicy denies new connections to the target's pods, and from them if that is wanted. What is connected already is up to
// the network plugin.
//
// Not every network plugin enforces policies, and none says whether it does. So that is tried: chaosctl connects to some of the
// pods, by their addresses, before the policy and after it. The fault is proved when no pod that took a connection before takes
// one any more. Where none could be reached before, or one still can be, it is unproved, and the run does not pass.
//
// Whether connections from the pods are denied cannot be seen from outside of them. With `deny: egress`, an agent in some of them
// connects to what `to` names, before the policy and after it; it does nothing else, and needs no rights. What it leaves is its
// ended container in the pod's list.
type NetworkPolicy struct {
	// Deny says which connections are denied: ingress, those to the pods; egress, those from them; or both, which is proved by those to
	// them. Ingress unless told otherwise.
	Deny Denied `json:"deny"`
	// To are addresses that the pods can connect to, as host:port, by which it is seen that egress is denied; that of the API server
	// unless told otherwise. Names are resolved in the pod, before the policy.
	To []string `json:"to,omitempty" form:"address"`
	// Image is that of the agent, with chaosctl as its entrypoint; the one of this version unless told otherwise.
	Image string `json:"image,omitempty"`
}

// Check wants addresses and an image only where there is an agent.
func (f *NetworkPolicy) Check(c *experiment.Check) {
	for i, to := range f.To {
		if form, _ := experiment.FormOf("address"); !form.Accepts(to) {
			c.Fail(fmt.Sprintf("to[%d]", i), "%q is not host:port: expected something like db.shop.svc:5432", to)
		}
	}
	if f.Deny != DenyEgress && len(f.To) > 0 {
		c.Fail("to", "deny: %s is seen from outside of the pods: to goes with deny: egress", f.Deny)
	}
	if f.Deny != DenyEgress && f.Image != "" {
		c.Fail("image", "deny: %s needs no agent: an image goes with deny: egress", f.Deny)
	}
	if f.Image != "" && !cluster.IsImage(f.Image) {
		c.Fail("image", "%q is no name of an image: expected one such as registry.example/chaosctl:1", f.Image)
	}
}

// Denied is a choice of directions.
type Denied string

// The choices there are.
const (
	DenyIngress Denied = "ingress"
	DenyEgress  Denied = "egress"
	DenyBoth    Denied = "both"
)

// Values lists them.
func (Denied) Values() []string {
	return []string{string(DenyIngress), string(DenyEgress), string(DenyBoth)}
}

var networkPolicies = networkingv1.SchemeGroupVersion.WithResource("networkpolicies")

const (
	// mostTried is how many pods are connected to, or from.
	mostTried = 3
	// policyTimeout is how long a network plugin may take to come to know a policy.
	policyTimeout = 15 * time.Second
)

// Plan creates the policy. All pods of the target are cut off, and so are out of service.
func (f *NetworkPolicy) Plan(ctx context.Context, s Scope) ([]Change, error) {
	live, err := livePods(ctx, s)
	if err != nil {
		return nil, err
	}
	selector, err := metav1.ParseToLabelSelector(s.Workload.Selector.String())
	if err != nil {
		return nil, err
	}
	policy := &networkingv1.NetworkPolicy{
		TypeMeta:   metav1.TypeMeta{APIVersion: networkingv1.SchemeGroupVersion.String(), Kind: "NetworkPolicy"},
		ObjectMeta: metav1.ObjectMeta{Name: createdName(s, "deny"), Namespace: s.Workload.Namespace},
		Spec:       networkingv1.NetworkPolicySpec{PodSelector: *selector, PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeIngress}},
	}
	what := "deny connections to"
	switch f.Deny {
	case DenyIngress:
	case DenyEgress:
		policy.Spec.PolicyTypes = []networkingv1.PolicyType{networkingv1.PolicyTypeEgress}
		what = "deny connections from"
	case DenyBoth:
		policy.Spec.PolicyTypes = append(policy.Spec.PolicyTypes, networkingv1.PolicyTypeEgress)
		what = "deny connections to and from"
	}
	changes, cut, err := f.lookouts(ctx, s, live)
	if err != nil {
		return nil, err
	}
	var lost []types.UID
	for _, p := range live {
		lost = append(lost, p.UID)
	}
	return append(changes, Change{
		ID: "network-policy", Stage: 1, What: fmt.Sprintf("%s the %d pods of %s, if the cluster's network enforces policies", what, len(live), subject(s.Workload)), Removes: lost,
		Object: Object{Resource: networkPolicies, Kind: policy.Kind, Namespace: policy.Namespace, Name: policy.Name},
		Create: &Create{Manifest: mustJSON(policy), Cut: cut, Timeout: policyTimeout},
	}), nil
}

// lookouts are the agents by which the effect is seen, where it is seen from inside, and what is tried.
func (f *NetworkPolicy) lookouts(ctx context.Context, s Scope, live []*cluster.Pod) (agents []Change, cut *Cut, err error) {
	if f.Deny != DenyEgress {
		addresses, err := podAddresses(ctx, s, live)
		return nil, &Cut{Addresses: addresses}, err
	}
	var own []*cluster.Pod
	for _, p := range live {
		if !p.Ready {
			continue
		}
		o, err := s.Object(ctx, pods, p.Namespace, p.Name)
		if err != nil {
			return nil, nil, err
		}
		// No policy acts on a pod that shares its node's network.
		if shares, _, _ := unstructured.NestedBool(o.Object, "spec", "hostNetwork"); !shares {
			own = append(own, p)
		}
	}
	if len(own) == 0 {
		return nil, nil, &target.Refusal{Reason: fmt.Sprintf("no pod of %s is ready and has a network of its own, so that it cannot be seen from inside whether egress is denied", subject(s.Workload))}
	}
	chosen := target.Pick(s.Draw, own, min(mostTried, len(own)), func(p *cluster.Pod) string { return string(p.UID) })
	image, err := (&agentParameters{Image: f.Image}).imageFor(ctx, s, chosen)
	if err != nil {
		return nil, nil, err
	}
	task, to := []string{"reach"}, "the API server"
	for _, address := range f.To {
		task = append(task, "--to", address)
	}
	if len(f.To) > 0 {
		to = strings.Join(f.To, ", ")
	}
	for _, p := range chosen {
		agents = append(agents, Change{
			ID: "agent-" + p.Name, Object: podObject(p), What: "connect to " + to + " from inside of the pod, and say whether that can be done",
			Agent: &Agent{Image: image, Task: task, For: s.Lasts + agentSlack, Confirms: true, Looks: true},
		})
	}
	return agents, &Cut{Inside: true}, nil
}

// podAddresses are where some of the pods that are ready listen for TCP: the ports that their containers name.
func podAddresses(ctx context.Context, s Scope, live []*cluster.Pod) ([]string, error) {
	var addresses []string
	tried := 0
	for _, p := range live {
		if tried == mostTried {
			break
		}
		if !p.Ready {
			continue
		}
		o, err := s.Object(ctx, pods, p.Namespace, p.Name)
		if err != nil {
			return nil, err
		}
		var pod corev1.Pod
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, &pod); err != nil {
			return nil, err
		}
		if of := listening(&pod); len(of) > 0 {
			addresses = append(addresses, of...)
			tried++
		}
	}
	slices.Sort(addresses)
	return slices.Compact(addresses), nil
}

// listening are the addresses of a pod's ports; none where it shares its node's, on which no policy acts.
func listening(pod *corev1.Pod) []string {
	if pod.Status.PodIP == "" || pod.Spec.HostNetwork {
		return nil
	}
	var addresses []string
	for i := range pod.Spec.Containers {
		for _, port := range pod.Spec.Containers[i].Ports {
			if port.Protocol == "" || port.Protocol == corev1.ProtocolTCP {
				addresses = append(addresses, net.JoinHostPort(pod.Status.PodIP, strconv.Itoa(int(port.ContainerPort))))
			}
		}
	}
	return addresses
}

// Needs are those of a policy in the target's namespace, and of finding where its pods listen.
func (f *NetworkPolicy) Needs(s access.Scope) []access.Need {
	finding := access.Object{Resource: pods.Resource, Namespace: s.Target.Namespace}
	needs := access.Needs("find where the target's pods listen", finding, "list", "get")
	if f.Deny == DenyEgress {
		needs = append(needs, agents(s.Target.Namespace)...)
	}
	return append(needs, creations(networkPolicies, s.Target.Namespace, "", "cut the target's pods off")...)
}
