package cluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/chaosctl/chaosctl/pkg/experiment"
)

// Route is where requests go, and how that was found.
type Route struct {
	URL string
	// Via is url, address, load balancer, node port or cluster IP.
	Via string
	// Service is the Service's name; empty for a URL or an address.
	Service string
	// PublishesNotReady says that the Service sends requests to pods that are not ready.
	PublishesNotReady bool
}

// Reach finds where a load reaches its Service from here: the URL or address given; else a load balancer's address; else a
// node port; else the cluster IP. Each is tried by a TCP connection, so that an address that does not answer from
// here is passed over.
func (c *Cluster) Reach(ctx context.Context, target *Workload, load *experiment.Load) (Route, error) {
	to := load.Destination()
	if to.Address != "" {
		if load.HTTP != nil {
			return Route{URL: to.Address, Via: "url"}, nil
		}
		return Route{URL: urlOf(load, &corev1.ServicePort{}, to.Address), Via: "address"}, nil
	}
	service, err := c.service(ctx, target, to.Service)
	if err != nil {
		return Route{}, err
	}
	port, err := servicePort(service, to.Port)
	if err != nil {
		return Route{}, err
	}
	candidates, err := c.addresses(ctx, service, port)
	if err != nil {
		return Route{}, err
	}
	var tried []string
	for _, a := range candidates {
		if answers(ctx, a.host) {
			return Route{URL: urlOf(load, port, a.host), Via: a.via, Service: service.Name, PublishesNotReady: service.Spec.PublishNotReadyAddresses}, nil
		}
		tried = append(tried, a.host)
	}
	return Route{}, fmt.Errorf("service %s/%s does not answer from here (tried %v): make it a NodePort or LoadBalancer, or name its URL (--url) or address", service.Namespace, service.Name, tried)
}

// service is the one named, or the only one that selects the target's pods.
func (c *Cluster) service(ctx context.Context, target *Workload, name string) (*corev1.Service, error) {
	services := c.Client.CoreV1().Services(target.Namespace)
	if name != "" {
		return services.Get(ctx, name, metav1.GetOptions{})
	}
	list, err := services.List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	var found []*corev1.Service
	var names []string
	for i := range list.Items {
		s := &list.Items[i]
		if len(s.Spec.Selector) > 0 && labels.SelectorFromSet(s.Spec.Selector).Matches(labels.Set(target.Template.Labels)) {
			found, names = append(found, s), append(names, s.Name)
		}
	}
	if len(found) != 1 {
		return nil, fmt.Errorf("%d services select the pods of %s (%v): name the one under load (service), or its URL (--url)", len(found), target, names)
	}
	return found[0], nil
}

func servicePort(service *corev1.Service, want string) (*corev1.ServicePort, error) {
	ports := service.Spec.Ports
	if want == "" {
		if len(ports) == 1 {
			return &ports[0], nil
		}
		return nil, fmt.Errorf("service %s/%s has %d ports: name one (port)", service.Namespace, service.Name, len(ports))
	}
	for i := range ports {
		if ports[i].Name == want || strconv.Itoa(int(ports[i].Port)) == want {
			return &ports[i], nil
		}
	}
	return nil, fmt.Errorf("service %s/%s has no port %q", service.Namespace, service.Name, want)
}

type address struct{ host, via string }

func (c *Cluster) addresses(ctx context.Context, service *corev1.Service, port *corev1.ServicePort) ([]address, error) {
	var all []address
	add := func(via, host string, number int32) {
		if host != "" && number > 0 {
			all = append(all, address{net.JoinHostPort(host, strconv.Itoa(int(number))), via})
		}
	}
	for _, ingress := range service.Status.LoadBalancer.Ingress {
		add("load balancer", ingress.IP, port.Port)
		add("load balancer", ingress.Hostname, port.Port)
	}
	if port.NodePort > 0 {
		nodes, err := c.Nodes(ctx)
		if err != nil {
			return nil, err
		}
		for i := range nodes {
			if NodeReady(&nodes[i]) {
				add("node port", nodeAddress(&nodes[i]), port.NodePort)
			}
		}
	}
	if service.Spec.ClusterIP != corev1.ClusterIPNone {
		add("cluster IP", service.Spec.ClusterIP, port.Port)
	}
	return all, nil
}

// nodeAddress prefers the address that is meant for the outside.
func nodeAddress(node *corev1.Node) string {
	internal := ""
	for _, a := range node.Status.Addresses {
		switch a.Type {
		case corev1.NodeExternalIP:
			return a.Address
		case corev1.NodeInternalIP:
			internal = a.Address
		}
	}
	return internal
}

// answers says that a TCP connection can be made. A Service without a ready endpoint refuses; that is an answer too,
// since the address was reached, and the steady state will say what is wrong.
func answers(ctx context.Context, host string) bool {
	dialer := net.Dialer{Timeout: time.Second}
	conn, err := dialer.DialContext(ctx, "tcp", host)
	if err != nil {
		return errors.Is(err, syscall.ECONNREFUSED)
	}
	return conn.Close() == nil
}

// urlOf is where requests go, at the address of a port.
func urlOf(load *experiment.Load, port *corev1.ServicePort, host string) string {
	u := url.URL{Host: host}
	if h := load.HTTP; h != nil {
		u.Scheme = scheme(port, h.TLS != nil)
		return u.String() + h.Path
	}
	if g := load.GRPC; g != nil {
		u.Scheme = "grpc"
		if scheme(port, g.TLS != nil) == "https" {
			u.Scheme = "grpcs"
		}
		return u.String() + g.Method
	}
	u.Scheme = "tcp"
	return u.String()
}

// scheme is https where the load asks for TLS, or the port tells.
func scheme(port *corev1.ServicePort, tls bool) string {
	if tls || port.Port == 443 || port.Name == "https" || (port.AppProtocol != nil && *port.AppProtocol == "https") {
		return "https"
	}
	return "http"
}
