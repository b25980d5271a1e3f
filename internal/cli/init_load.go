package cli

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/chaosctl/chaosctl/pkg/cluster"
)

// draftLoad is where the requests of a draft go.
type draftLoad struct {
	// Missing says why there is nowhere to send them; empty where there is.
	Missing             string
	Service, ServiceWhy string
	Port, PortWhy       string
	Path, PathWhy       string
}

// candidate is a port of a Service that may speak HTTP.
type candidate struct {
	service *corev1.Service
	port    *corev1.ServicePort
	rank    int
}

// findLoad chooses the Service and the port that clients most likely use.
func findLoad(w *cluster.Workload, s *cluster.Surroundings) draftLoad {
	var all []candidate
	headless := ""
	for i := range s.Services {
		service := &s.Services[i]
		if service.Spec.ClusterIP == corev1.ClusterIPNone {
			headless = service.Name // it has no address, only those of the pods
			continue
		}
		for n := range service.Spec.Ports {
			port := &service.Spec.Ports[n]
			if rank, ok := likelihood(port); ok {
				all = append(all, candidate{service, port, rank})
			}
		}
	}
	if len(all) == 0 {
		return draftLoad{Missing: whyNoLoad(w, s, headless)}
	}
	slices.SortStableFunc(all, func(a, b candidate) int { return cmp.Compare(b.rank, a.rank) })
	best := all[0]
	behind := podPort(best.port)
	load := draftLoad{
		Service: best.service.Name, ServiceWhy: "it selects the pods of the target",
		Port: portName(best.port), PortWhy: fmt.Sprintf("%d, to %s of the pods", best.port.Port, behind.String()),
	}
	var others []string
	for _, c := range all[1:] {
		others = append(others, c.service.Name+":"+portName(c.port))
	}
	if len(others) > 0 {
		load.PortWhy += "; there are also " + strings.Join(others, ", ")
	}
	load.Path, load.PathWhy = pathOf(w, best.port)
	return load
}

func whyNoLoad(w *cluster.Workload, s *cluster.Surroundings, headless string) string {
	switch {
	case hidden(s, "Services"):
		return "you may not list the Services of this namespace"
	case len(s.Services) == 0:
		return "no Service selects the pods of " + w.String()
	case headless != "" && len(s.Services) == 1:
		return "Service " + headless + " is headless, and has no address that requests could be sent to"
	}
	return "no port of the Services that select its pods looks like HTTP"
}

// likelihood ranks a port by how much it looks like HTTP; not ok is one that is known to speak something else.
func likelihood(p *corev1.ServicePort) (rank int, ok bool) {
	if p.Protocol != "" && p.Protocol != corev1.ProtocolTCP {
		return 0, false
	}
	name := strings.ToLower(p.Name)
	if p.AppProtocol != nil {
		name = strings.ToLower(*p.AppProtocol)
	}
	switch {
	case name == "http" || name == "https":
		return 4, true
	case strings.HasPrefix(name, "http") || name == "web":
		return 3, true
	case slices.Contains([]int32{80, 443, 8080, 8443}, p.Port):
		return 2, true
	case speaksOther(name, p.Port):
		return 0, false
	case strings.Contains(name, "metrics") || strings.Contains(name, "admin") || strings.Contains(name, "debug"):
		return 0, true
	}
	return 1, true
}

// speaksOther knows the protocols that are most often found behind a Service and are not HTTP.
func speaksOther(name string, port int32) bool {
	for _, other := range []string{"grpc", "postgres", "mysql", "redis", "mongo", "kafka", "amqp", "mqtt", "nats", "ldap", "smtp", "dns", "ssh", "tcp"} {
		if strings.HasPrefix(name, other) {
			return true
		}
	}
	return slices.Contains([]int32{22, 25, 53, 389, 3306, 4222, 5432, 5672, 6379, 9042, 9092, 27017}, port)
}

// portName is the port's name, which outlives a change of its number, or the number.
func portName(p *corev1.ServicePort) string {
	if p.Name != "" {
		return p.Name
	}
	return strconv.Itoa(int(p.Port))
}

// pathOf is the path of the readiness probe behind a port, which is sure to be answered, or else the root.
func pathOf(w *cluster.Workload, port *corev1.ServicePort) (path, why string) {
	for i := range w.Template.Spec.Containers {
		c := &w.Template.Spec.Containers[i]
		if c.ReadinessProbe == nil || c.ReadinessProbe.HTTPGet == nil {
			continue
		}
		get := c.ReadinessProbe.HTTPGet
		path := "/" + strings.TrimPrefix(get.Path, "/")
		if _, err := url.ParseRequestURI(path); err == nil && number(c, get.Port) == number(c, podPort(port)) {
			return path, "what the readiness probe asks for; better is a page that clients ask for"
		}
	}
	return "/", "better is a page that clients ask for"
}

// podPort is the port of the pods behind a Service's.
func podPort(p *corev1.ServicePort) intstr.IntOrString {
	if p.TargetPort == (intstr.IntOrString{}) {
		return intstr.FromInt32(p.Port)
	}
	return p.TargetPort
}

// number resolves the name of a container's port.
func number(c *corev1.Container, port intstr.IntOrString) int32 {
	for _, p := range c.Ports {
		if port.Type == intstr.String && p.Name == port.StrVal {
			return p.ContainerPort
		}
	}
	return port.IntVal
}
