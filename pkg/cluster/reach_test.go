package cluster

import (
	"context"
	"net"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/chaosctl/chaosctl/pkg/experiment"
)

func TestReachURL(t *testing.T) {
	route, err := (&Cluster{}).Reach(t.Context(), nil, &experiment.Load{HTTP: &experiment.HTTPLoad{URL: "https://shop.example/"}})
	require.NoError(t, err)
	assert.Equal(t, Route{URL: "https://shop.example/", Via: "url"}, route)
}

func TestReachAddress(t *testing.T) {
	route, err := (&Cluster{}).Reach(t.Context(), nil, &experiment.Load{TCP: &experiment.TCPLoad{Address: "[::1]:5432"}})
	require.NoError(t, err)
	assert.Equal(t, Route{URL: "tcp://[::1]:5432", Via: "address"}, route)
}

func TestURLOfCalls(t *testing.T) {
	load := &experiment.Load{GRPC: &experiment.GRPCLoad{Method: "/a.B/C"}}
	assert.Equal(t, "grpc://10.0.0.1:9090/a.B/C", urlOf(load, &corev1.ServicePort{Port: 9090}, "10.0.0.1:9090"))
	assert.Equal(t, "grpcs://10.0.0.1:443/a.B/C", urlOf(load, &corev1.ServicePort{Port: 443}, "10.0.0.1:443"))
	load.GRPC.TLS = &experiment.ClientTLS{}
	assert.Equal(t, "grpcs://10.0.0.1:9090/a.B/C", urlOf(load, &corev1.ServicePort{Port: 9090}, "10.0.0.1:9090"))
}

func TestServicePort(t *testing.T) {
	service := func(ports ...corev1.ServicePort) *corev1.Service {
		return &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web"}, Spec: corev1.ServiceSpec{Ports: ports}}
	}
	web, metrics := corev1.ServicePort{Name: "http", Port: 80}, corev1.ServicePort{Name: "metrics", Port: 9090}
	for name, c := range map[string]struct {
		service *corev1.Service
		want    string
		port    int32
		problem string
	}{
		"the only one":   {service(web), "", 80, ""},
		"by name":        {service(web, metrics), "metrics", 9090, ""},
		"by number":      {service(web, metrics), "80", 80, ""},
		"one of several": {service(web, metrics), "", 0, "service shop/web has 2 ports: name one (port)"},
		"none":           {service(), "", 0, "has 0 ports"},
		"another":        {service(web), "https", 0, `service shop/web has no port "https"`},
	} {
		t.Run(name, func(t *testing.T) {
			port, err := servicePort(c.service, c.want)
			if c.problem != "" {
				require.ErrorContains(t, err, c.problem)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, c.port, port.Port)
		})
	}
}

func TestAddresses(t *testing.T) {
	service := func(ip string, ingress ...corev1.LoadBalancerIngress) *corev1.Service {
		return &corev1.Service{Spec: corev1.ServiceSpec{ClusterIP: ip}, Status: corev1.ServiceStatus{LoadBalancer: corev1.LoadBalancerStatus{Ingress: ingress}}}
	}
	port := &corev1.ServicePort{Port: 80}
	for name, c := range map[string]struct {
		service *corev1.Service
		want    []address
	}{
		"cluster IP":    {service("10.96.0.7"), []address{{"10.96.0.7:80", "cluster IP"}}},
		"IPv6":          {service("fd00::7"), []address{{"[fd00::7]:80", "cluster IP"}}},
		"headless":      {service(corev1.ClusterIPNone), nil},
		"external name": {service(""), nil},
		"load balancer first": {service("10.96.0.7", corev1.LoadBalancerIngress{IP: "192.0.2.1"}, corev1.LoadBalancerIngress{Hostname: "lb.example"}), []address{
			{"192.0.2.1:80", "load balancer"}, {"lb.example:80", "load balancer"}, {"10.96.0.7:80", "cluster IP"},
		}},
	} {
		got, err := (&Cluster{}).addresses(t.Context(), c.service, port)
		require.NoError(t, err)
		assert.Equal(t, c.want, got, name)
	}
}

func TestNodeAddress(t *testing.T) {
	node := func(addresses ...corev1.NodeAddress) *corev1.Node {
		return &corev1.Node{Status: corev1.NodeStatus{Addresses: addresses}}
	}
	internal, external := corev1.NodeAddress{Type: corev1.NodeInternalIP, Address: "10.0.0.1"}, corev1.NodeAddress{Type: corev1.NodeExternalIP, Address: "192.0.2.1"}
	host := corev1.NodeAddress{Type: corev1.NodeHostName, Address: "node1"}
	assert.Equal(t, "192.0.2.1", nodeAddress(node(host, internal, external)))
	assert.Equal(t, "10.0.0.1", nodeAddress(node(internal, host)))
	assert.Empty(t, nodeAddress(node(host)))
}

func TestScheme(t *testing.T) {
	https := "https"
	assert.Equal(t, "http", scheme(&corev1.ServicePort{Port: 80, Name: "http"}, false))
	assert.Equal(t, "https", scheme(&corev1.ServicePort{Port: 80, Name: "http"}, true))
	assert.Equal(t, "https", scheme(&corev1.ServicePort{Port: 443}, false))
	assert.Equal(t, "https", scheme(&corev1.ServicePort{Port: 8443, Name: "https"}, false))
	assert.Equal(t, "https", scheme(&corev1.ServicePort{Port: 8443, AppProtocol: &https}, false))
}

func TestAnswers(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	assert.True(t, answers(t.Context(), listener.Addr().String()))
	require.NoError(t, listener.Close())
	assert.True(t, answers(t.Context(), listener.Addr().String()), "who refuses was reached")
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	assert.False(t, answers(cancelled, listener.Addr().String()))
	assert.False(t, answers(t.Context(), "no-such-host.invalid:80"))
}
