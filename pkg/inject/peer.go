package inject

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/chaosctl/chaosctl/pkg/access"
	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/target"
)

// Peer is who is at the other end of a pod's connections: one of workload, service, pods and cidr. Names are turned into addresses
// when the fault is planned: those of the pods, at which they send, and those of the Services that lead to them, to which others
// send; a pod that begins later is not among them.
type Peer struct {
	// Workload is the one whose pods they are, as kind/name.
	Workload string `json:"workload,omitempty" form:"workload" choice:"peer"`
	// Service is the name of the Service that leads to them.
	Service string `json:"service,omitempty" form:"given" choice:"peer"`
	// Pods are labels that they all have.
	Pods map[string]string `json:"pods,omitempty" form:"label-value" choice:"peer"`
	// CIDR is an address, or a block of them, inside of the cluster or outside: 192.0.2.7, 10.0.0.0/8, fd00::/8.
	CIDR string `json:"cidr,omitempty" form:"given" choice:"peer"`
	// Namespace is where workload, service or pods are; that of the target unless told otherwise.
	Namespace string `json:"namespace,omitempty" form:"dns-label"`
}

// check refuses what names no peer.
func (p *Peer) check(c *experiment.Check, field string) {
	given := 0
	for _, is := range []bool{p.Workload != "", p.Service != "", len(p.Pods) > 0, p.CIDR != ""} {
		if is {
			given++
		}
	}
	if given != 1 {
		c.Fail(field, "a peer is one of workload, service, pods and cidr: expected one, and not %d of them", given)
		return
	}
	if p.CIDR != "" {
		if _, err := p.prefix(); err != nil {
			c.Fail(field+".cidr", "%q is no address, nor a block of them: expected something like 192.0.2.7 or 10.0.0.0/8", p.CIDR)
		}
		if p.Namespace != "" {
			c.Fail(field+".namespace", "addresses are in no namespace")
		}
	}
	if p.Namespace != "" && len(validation.IsDNS1123Label(p.Namespace)) > 0 {
		c.Fail(field+".namespace", "%q is not a namespace", p.Namespace)
	}
	if kind, name, ok := strings.Cut(p.Workload, "/"); p.Workload != "" && (!ok || cluster.ResourceOf(kind).Empty() || len(validation.IsDNS1123Subdomain(name)) > 0) {
		c.Fail(field+".workload", "%q is not kind/name: expected something like deployment/web", p.Workload)
	}
	for name, value := range p.Pods {
		if len(validation.IsQualifiedName(name)) > 0 || len(validation.IsValidLabelValue(value)) > 0 {
			c.Fail(field+".pods", "%s=%s is no label", name, value)
		}
	}
}

func (p *Peer) prefix() (netip.Prefix, error) {
	if prefix, err := netip.ParsePrefix(p.CIDR); err == nil {
		return prefix.Masked(), nil
	}
	a, err := netip.ParseAddr(p.CIDR)
	if err != nil {
		return netip.Prefix{}, err
	}
	if a.Zone() != "" {
		return netip.Prefix{}, errors.New("an address with a zone is of one machine")
	}
	return host(a.Unmap()), nil
}

func host(a netip.Addr) netip.Prefix { return netip.PrefixFrom(a, a.BitLen()) }

// String is the peer in a sentence.
func (p *Peer) String() string {
	var text string
	switch {
	case p.CIDR != "":
		return p.CIDR
	case p.Workload != "":
		text = p.Workload
	case p.Service != "":
		text = "service/" + p.Service
	default:
		text = "pods with " + labels.Set(p.Pods).String()
	}
	if p.Namespace != "" {
		text += " in namespace " + p.Namespace
	}
	return text
}

// peerNames are the peers in a sentence.
func peerNames(peers []Peer, addresses int) string {
	var names []string
	for i := range peers {
		names = append(names, peers[i].String())
	}
	return fmt.Sprintf("%s (%d addresses)", strings.Join(names, ", "), addresses)
}

// maxPeers is how many addresses an agent is given. They are arguments of its container, which stand in its pod.
const maxPeers = 1000

// addresses are those of all peers, sorted and each of them once.
func addresses(ctx context.Context, s Scope, peers []Peer) ([]netip.Prefix, error) {
	var all []netip.Prefix
	for i := range peers {
		some, err := peers[i].addresses(ctx, s)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	slices.SortFunc(all, func(a, b netip.Prefix) int {
		if c := a.Addr().Compare(b.Addr()); c != 0 {
			return c
		}
		return a.Bits() - b.Bits()
	})
	if all = slices.Compact(all); len(all) > maxPeers {
		return nil, &target.Refusal{Reason: fmt.Sprintf("the peers have %d addresses, and an agent can be told no more than %d: name fewer, or a block of addresses (cidr)", len(all), maxPeers)}
	}
	return all, nil
}

func (p *Peer) addresses(ctx context.Context, s Scope) ([]netip.Prefix, error) {
	if p.CIDR != "" {
		prefix, err := p.prefix()
		return []netip.Prefix{prefix}, err
	}
	namespace := p.namespace(s.Workload.Namespace)
	services, err := s.Services(ctx, namespace)
	if err != nil {
		return nil, err
	}
	selector := labels.SelectorFromSet(p.Pods)
	var all []netip.Prefix
	switch {
	case p.Service != "":
		i := slices.IndexFunc(services, func(c corev1.Service) bool { return c.Name == p.Service })
		if i < 0 {
			return nil, &target.Refusal{Reason: fmt.Sprintf("there is no Service %q in namespace %s", p.Service, namespace)}
		}
		all = serviceAddresses(&services[i])
		if len(services[i].Spec.Selector) == 0 {
			return p.some(all, namespace)
		}
		selector = labels.SelectorFromSet(services[i].Spec.Selector)
	case p.Workload != "":
		if selector, err = workloadSelector(ctx, s, namespace, p.Workload); err != nil {
			return nil, err
		}
	}
	pods, err := s.Pods(ctx, namespace, selector)
	if err != nil {
		return nil, err
	}
	for _, pod := range staying(pods) {
		if pod.Shape != nil && pod.Shape.HostNetwork {
			return nil, &target.Refusal{Reason: fmt.Sprintf("pod %s/%s, of %s, is in the network of its node, whose address is that of all who are: name the address (cidr) if that is meant", namespace, pod.Name, p)}
		}
		for _, a := range pod.Addresses {
			all = append(all, host(a))
		}
		for i := range services {
			if selects(&services[i], pod) {
				all = append(all, serviceAddresses(&services[i])...)
			}
		}
	}
	return p.some(all, namespace)
}

func (p *Peer) some(all []netip.Prefix, namespace string) ([]netip.Prefix, error) {
	if len(all) == 0 {
		return nil, &target.Refusal{Reason: fmt.Sprintf("%s has no address in namespace %s: no pod of it runs, and no Service leads to it", p, namespace)}
	}
	return all, nil
}

func (p *Peer) namespace(targets string) string {
	if p.Namespace != "" {
		return p.Namespace
	}
	return targets
}

// serviceAddresses are those to which a pod may send to reach a Service: what becomes of them is decided outside of its network.
func serviceAddresses(service *corev1.Service) []netip.Prefix {
	texts := slices.Concat(service.Spec.ClusterIPs, service.Spec.ExternalIPs)
	for _, ingress := range service.Status.LoadBalancer.Ingress {
		texts = append(texts, ingress.IP)
	}
	var all []netip.Prefix
	for _, text := range texts {
		if a, err := netip.ParseAddr(text); err == nil { // None is no address
			all = append(all, host(a))
		}
	}
	return all
}

func workloadSelector(ctx context.Context, s Scope, namespace, reference string) (labels.Selector, error) {
	kind, name, _ := strings.Cut(reference, "/")
	o, err := s.Object(ctx, cluster.ResourceOf(kind), namespace, name)
	if apierrors.IsNotFound(err) {
		return nil, &target.Refusal{Reason: fmt.Sprintf("there is no %s in namespace %s", reference, namespace)}
	}
	if err != nil {
		return nil, err
	}
	found, _, err := unstructured.NestedMap(o.Object, "spec", "selector")
	if err != nil {
		return nil, err
	}
	var selector metav1.LabelSelector
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(found, &selector); err != nil {
		return nil, err
	}
	return metav1.LabelSelectorAsSelector(&selector)
}

// findPeers are the needs of it.
func findPeers(s access.Scope, peers []Peer) []access.Need {
	var needs []access.Need
	for i := range peers {
		p := &peers[i]
		if p.CIDR != "" {
			continue
		}
		namespace := p.namespace(s.Target.Namespace)
		needs = append(needs, access.Needs("find the addresses of the peers' pods", access.Object{Resource: pods.Resource, Namespace: namespace}, "list")...)
		needs = append(needs, access.Needs("find the addresses that lead to the peers", access.Object{Resource: services.Resource, Namespace: namespace}, "list")...)
		if kind, name, ok := strings.Cut(p.Workload, "/"); ok {
			r := cluster.ResourceOf(kind)
			needs = append(needs, access.Needs("find the pods of the peer", access.Object{Group: r.Group, Resource: r.Resource, Namespace: namespace, Name: name}, "get")...)
		}
	}
	return needs
}
