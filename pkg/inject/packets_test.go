package inject_test

import (
	"encoding/json"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/chaosctl/chaosctl/pkg/access"
	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/inject"
	"github.com/chaosctl/chaosctl/pkg/netfilter"
	"github.com/chaosctl/chaosctl/pkg/target"
)

// addressed gives a pod labels and addresses.
func addressed(labels map[string]string, addresses ...string) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Labels = labels
		for _, a := range addresses {
			p.Status.PodIPs = append(p.Status.PodIPs, corev1.PodIP{IP: a})
		}
	}
}

// onHost puts a pod into the network of its node.
func onHost(p *corev1.Pod) { p.Spec.HostNetwork = true }

// rules are those that the agent of a change is given.
func rules(t *testing.T, c inject.Change) []netfilter.Rule {
	t.Helper()
	require.Equal(t, "packets", c.Agent.Task[0])
	var all []netfilter.Rule
	for _, text := range c.Agent.Task[1:] {
		var r netfilter.Rule
		require.NoError(t, json.Unmarshal([]byte(text), &r))
		require.NoError(t, r.Check())
		all = append(all, r)
	}
	return all
}

func prefixes(texts ...string) []netip.Prefix {
	var all []netip.Prefix
	for _, text := range texts {
		all = append(all, netip.MustParsePrefix(text))
	}
	return all
}

func TestFaultsOfPackets(t *testing.T) {
	v := &view{pods: []*cluster.Pod{pod("web-1", "n1"), pod("web-2", "n2")}}
	s := v.scope()
	s.Lasts = 20 * time.Second
	port := 8080
	for name, c := range map[string]struct {
		fault inject.Fault
		what  string
		want  []netfilter.Rule
	}{
		"loss": {
			inPods(t, "netLoss", func(f inject.Fault) {
				loss := f.(*inject.NetLoss)
				loss.Percent, loss.Port, loss.Protocol = 0.2, &port, "tcp"
			}),
			"lose 20% of the tcp packets in and out of the pod, of port 8080",
			[]netfilter.Rule{
				{Action: netfilter.Drop, Direction: netfilter.In, Protocol: netfilter.TCP, Ports: []uint16{8080}, Share: 0.2},
				{Action: netfilter.Drop, Direction: netfilter.Out, Protocol: netfilter.TCP, Ports: []uint16{8080}, Share: 0.2},
			},
		},
		"partition": {
			inPods(t, "netPartition", func(f inject.Fault) {
				f.(*inject.NetPartition).Direction = "out"
				f.(*inject.NetPartition).Peers = []inject.Peer{{CIDR: "10.9.0.0/16"}, {CIDR: "fd00::1"}}
			}),
			"lose all packets out of the pod, from and to 10.9.0.0/16, fd00::1 (2 addresses)",
			[]netfilter.Rule{{Action: netfilter.Drop, Direction: netfilter.Out, Peers: prefixes("10.9.0.0/16", "fd00::1/128")}},
		},
		"reset": {
			inPods(t, "netReset", func(f inject.Fault) {
				f.(*inject.NetReset).Direction, f.(*inject.NetReset).At = "in", "connect"
			}),
			"answer 100% of the tcp packets that begin a connection by a reset, into the pod",
			[]netfilter.Rule{{Action: netfilter.Reset, Direction: netfilter.In, Share: 1, At: netfilter.Connect}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			changes := planned(t, c.fault, s)
			require.Len(t, changes, 1)
			assert.Equal(t, c.what, changes[0].What)
			assert.Equal(t, c.want, rules(t, changes[0]))
			assert.Zero(t, *changes[0].Agent.Needs.User)
			assert.Equal(t, []corev1.Capability{"NET_ADMIN"}, changes[0].Agent.Needs.Capabilities)
			assert.Empty(t, changes[0].Agent.Needs.Container)
		})
	}
}

func TestPodsInTheNetworkOfTheirNode(t *testing.T) {
	v := &view{pods: []*cluster.Pod{pod("web-1", "n1", onHost)}}
	_, err := inPods(t, "netReset", func(inject.Fault) {}).Plan(t.Context(), v.scope())
	require.ErrorAs(t, err, new(*target.Refusal))
	assert.ErrorContains(t, err, "pod web-1 is in the network of its node")
}

func TestPeers(t *testing.T) {
	db, other := map[string]string{"app": "db"}, map[string]string{"app": "other"}
	v := &view{
		pods: []*cluster.Pod{
			pod("web-1", "n1"), pod("db-1", "n1", in("data"), addressed(db, "10.1.0.1", "fd00::1")), pod("db-2", "n2", in("data"), addressed(db, "10.1.0.2")),
			pod("db-3", "n2", in("data"), addressed(db, "10.1.0.3"), terminating), pod("other", "n2", in("data"), addressed(other, "10.1.0.4")),
			pod("agent", "n2", in("data"), addressed(map[string]string{"app": "agent"}, "192.168.0.1"), onHost),
		},
		services: []corev1.Service{
			{ObjectMeta: metav1.ObjectMeta{Namespace: "data", Name: "db"}, Spec: corev1.ServiceSpec{Selector: db, ClusterIPs: []string{"10.96.0.1", "fd96::1"}, ExternalIPs: []string{"192.0.2.1"}}},
			{ObjectMeta: metav1.ObjectMeta{Namespace: "data", Name: "db-headless"}, Spec: corev1.ServiceSpec{Selector: db, ClusterIPs: []string{corev1.ClusterIPNone}}},
			{ObjectMeta: metav1.ObjectMeta{Namespace: "data", Name: "other"}, Spec: corev1.ServiceSpec{Selector: other, ClusterIPs: []string{"10.96.0.2"}}},
			{ObjectMeta: metav1.ObjectMeta{Namespace: "data", Name: "elsewhere"}, Spec: corev1.ServiceSpec{ClusterIPs: []string{"10.96.0.3"}}, Status: corev1.ServiceStatus{LoadBalancer: corev1.LoadBalancerStatus{Ingress: []corev1.LoadBalancerIngress{{IP: "192.0.2.3"}, {Hostname: "example.com"}}}}},
			{ObjectMeta: metav1.ObjectMeta{Namespace: "data", Name: "nothing"}, Spec: corev1.ServiceSpec{Selector: map[string]string{"app": "no"}, ClusterIPs: []string{corev1.ClusterIPNone}}},
		},
	}
	v.add(t, &appsv1.StatefulSet{
		TypeMeta: metav1.TypeMeta{APIVersion: "apps/v1", Kind: "StatefulSet"}, ObjectMeta: metav1.ObjectMeta{Namespace: "data", Name: "db"},
		Spec: appsv1.StatefulSetSpec{Selector: &metav1.LabelSelector{MatchLabels: db}},
	})
	plan := func(peers ...inject.Peer) ([]inject.Change, error) {
		return inPods(t, "netPartition", func(f inject.Fault) { f.(*inject.NetPartition).Peers = peers }).Plan(t.Context(), v.scope())
	}
	all := prefixes("10.1.0.1/32", "10.1.0.2/32", "10.96.0.1/32", "192.0.2.1/32", "fd00::1/128", "fd96::1/128")
	for name, c := range map[string]struct {
		peers []inject.Peer
		want  []netip.Prefix
	}{
		"a Service":                    {[]inject.Peer{{Service: "db", Namespace: "data"}}, all},
		"a headless Service":           {[]inject.Peer{{Service: "db-headless", Namespace: "data"}}, all},
		"a workload":                   {[]inject.Peer{{Workload: "statefulset/db", Namespace: "data"}}, all},
		"pods":                         {[]inject.Peer{{Pods: db, Namespace: "data"}}, all},
		"several, each address once":   {[]inject.Peer{{Pods: db, Namespace: "data"}, {CIDR: "10.1.0.1"}, {Service: "db", Namespace: "data"}}, all},
		"a Service without a selector": {[]inject.Peer{{Service: "elsewhere", Namespace: "data"}}, prefixes("10.96.0.3/32", "192.0.2.3/32")},
	} {
		t.Run(name, func(t *testing.T) {
			changes, err := plan(c.peers...)
			require.NoError(t, err)
			require.Len(t, changes, 1)
			found := rules(t, changes[0])
			require.Len(t, found, 2)
			for _, r := range found {
				assert.Equal(t, c.want, r.Peers)
			}
		})
	}
	for want, peer := range map[string]inject.Peer{
		`there is no Service "db" in namespace shop`:          {Service: "db"},
		"there is no deployment/db in namespace data":         {Workload: "deployment/db", Namespace: "data"},
		"pods with app=no in namespace data has no address":   {Pods: map[string]string{"app": "no"}, Namespace: "data"},
		"service/nothing in namespace data has no address":    {Service: "nothing", Namespace: "data"},
		"pod data/agent, of pods with app=agent in namespace": {Pods: map[string]string{"app": "agent"}, Namespace: "data"},
	} {
		_, err := plan(peer)
		require.ErrorAs(t, err, new(*target.Refusal), want)
		require.ErrorContains(t, err, want)
	}
}

func TestNeedsOfPeers(t *testing.T) {
	fault := inPods(t, "netPartition", func(f inject.Fault) {
		f.(*inject.NetPartition).Peers = []inject.Peer{{Workload: "statefulset/db", Namespace: "data"}, {CIDR: "10.0.0.0/8"}, {Service: "web"}}
	}).(*inject.NetPartition)
	var texts []string
	for _, n := range fault.Needs(access.Scope{Target: experiment.Target{Namespace: "shop", Workload: "deployment/web"}}) {
		texts = append(texts, n.String())
	}
	assert.Subset(t, texts, []string{
		"get statefulsets.apps db in namespace data", "list pods in namespace data", "list services in namespace data",
		"list pods in namespace shop", "list services in namespace shop",
	})
}
