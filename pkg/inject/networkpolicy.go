package inject

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	"github.com/chaosctl/chaosctl/pkg/access"
	"github.com/chaosctl/chaosctl/pkg/cluster"
)

var _ = registry.Add(Definition{
	Name:    "networkPolicy",
	Summary: "Cuts the target's pods off by a NetworkPolicy that allows nothing; it is removed again.",
	Example: `
- name: cut-off
  networkPolicy: {}
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
type NetworkPolicy struct {
	// Deny says which connections are denied: ingress, those to the pods; or both, those from them too. Ingress unless told otherwise.
	// Those from the pods alone cannot be chosen, for whether they are denied cannot be seen from outside of the pods.
	Deny Denied `json:"deny"`
}

// Denied is a choice of directions.
type Denied string

// The choices there are.
const (
	DenyIngress Denied = "ingress"
	DenyBoth    Denied = "both"
)

// Values lists them.
func (Denied) Values() []string { return []string{string(DenyIngress), string(DenyBoth)} }

var networkPolicies = networkingv1.SchemeGroupVersion.WithResource("networkpolicies")

const (
	// mostTried is how many pods are connected to.
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
	if f.Deny == DenyBoth {
		policy.Spec.PolicyTypes = append(policy.Spec.PolicyTypes, networkingv1.PolicyTypeEgress)
		what = "deny connections to and from"
	}
	addresses, err := podAddresses(ctx, s, live)
	if err != nil {
		return nil, err
	}
	var lost []types.UID
	for _, p := range live {
		lost = append(lost, p.UID)
	}
	return []Change{{
		ID: "network-policy", What: fmt.Sprintf("%s the %d pods of %s, if the cluster's network enforces policies", what, len(live), subject(s.Workload)), Removes: lost,
		Object: Object{Resource: networkPolicies, Kind: policy.Kind, Namespace: policy.Namespace, Name: policy.Name},
		Create: &Create{Manifest: mustJSON(policy), Cut: &Cut{Addresses: addresses}, Timeout: policyTimeout},
	}}, nil
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
	return append(access.Needs("find where the target's pods listen", finding, "list", "get"),
		creations(networkPolicies, s.Target.Namespace, "", "cut the target's pods off")...)
}
