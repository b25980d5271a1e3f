package faults

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/miekg/dns"
	corev1 "k8s.io/api/core/v1"
)

// between are the faults that an agent makes between a pod and its peers, by a proxy.
func between() []faultCase {
	return []faultCase{
		{fault: "httpFault", yaml: httpFault("status: 503, path: /products"), inForce: meet(1, answered(503)), after: agentsStopped(1)},
		{fault: "httpFault", name: "late", yaml: httpFault("count: all, delay: 500ms, methods: [GET]"), inForce: meet(replicas, late(500*time.Millisecond)), after: agentsStopped(replicas)},
		{fault: "httpFault", name: "aborted", yaml: httpFault("abort: true, pattern: '^/prod'"), inForce: meet(1, aborted), after: agentsStopped(1)},
		{
			fault: "dnsFail", yaml: "- dnsFail: {names: [kubernetes.default], image: '" + agentImage + "'}",
			inForce: meet(1, named("kubernetes.default.svc.cluster.local.", dns.RcodeNameError)), after: agentsStopped(1), build: farNames,
		},
		{fault: "netDelay", yaml: connections("netDelay", "count: all, delay: 400ms, jitter: 100ms, ports: [8080]"), inForce: meet(replicas, late(300*time.Millisecond)), after: agentsStopped(replicas)},
		{
			fault: "netDelay", name: "of what pods send to one another", yaml: connections("netDelay", "count: all, delay: 400ms, direction: out, peers: [{workload: deployment/web}]"),
			inForce: lateAmongThemselves(400 * time.Millisecond), after: agentsStopped(replicas),
		},
		{fault: "netBandwidth", yaml: connections("netBandwidth", "bytesPerSecond: 20k, ports: [8080]"), inForce: meet(1, slow), after: agentsStopped(1)},
		{fault: "netBandwidth", name: "of each connection", yaml: connections("netBandwidth", "count: all, bytesPerSecond: 20k, per: connection"), inForce: meet(replicas, slow), after: agentsStopped(replicas)},
		{fault: "httpFault", name: "connections of before", yaml: httpFault("count: all, status: 500, resetEstablished: true"), inForce: (&kept{}).lost, lasts: true},
	}
}

func httpFault(parameters string) string {
	return "- httpFault: {port: 8080, " + parameters + ", image: '" + agentImage + "'}"
}

func connections(fault, parameters string) string {
	return "- " + fault + ": {" + parameters + ", image: '" + agentImage + "'}"
}

// farNames gives the pods a name server that is nowhere, as the lab of these tests has none: an answer is one of the fault.
func farNames(o *objects) {
	spec := &o.deployment.Spec.Template.Spec
	spec.DNSPolicy = corev1.DNSNone
	spec.DNSConfig = &corev1.PodDNSConfig{Nameservers: []string{"192.0.2.53"}, Searches: []string{"svc.cluster.local"}}
}

// meet wants so many pods to meet the fault, and the others not to; all of them are to be ready.
func meet(want int, fault func(context.Context, *stage, *corev1.Pod) error) func(context.Context, *stage) error {
	return func(ctx context.Context, s *stage) error {
		met := 0
		var missing error
		for i := range s.pods {
			if err := fault(ctx, s, &s.pods[i]); err != nil {
				missing = errors.Join(missing, err)
				continue
			}
			met++
		}
		if met != want {
			return fmt.Errorf("%d pods meet it, not %d: %w", met, want, missing)
		}
		return s.endpoints(ctx, replicas)
	}
}

func answered(status int) func(context.Context, *stage, *corev1.Pod) error {
	return func(ctx context.Context, _ *stage, pod *corev1.Pod) error {
		answer, body, err := request(ctx, pod, "/products", "")
		if err == nil && answer.StatusCode != status {
			err = fmt.Errorf("%s: %s", answer.Status, body)
		}
		return err
	}
}

func late(by time.Duration) func(context.Context, *stage, *corev1.Pod) error {
	return func(ctx context.Context, _ *stage, pod *corev1.Pod) error {
		began := time.Now()
		_, _, err := request(ctx, pod, "/products", "")
		if took := time.Since(began); err == nil && took < by {
			err = fmt.Errorf("it took %s", took)
		}
		return err
	}
}

// slow wants a request of 20 kB to take most of the second that it needs at 20 kB a second, but for the burst.
func slow(ctx context.Context, _ *stage, pod *corev1.Pod) error {
	began := time.Now()
	_, _, err := request(ctx, pod, "/products", strings.Repeat("x", 20_000))
	if took := time.Since(began); err == nil && took < 700*time.Millisecond {
		err = fmt.Errorf("it took %s", took)
	}
	return err
}

// lateAmongThemselves wants each pod to wait so long for an answer of another, and nobody to wait here.
func lateAmongThemselves(by time.Duration) func(context.Context, *stage) error {
	return func(ctx context.Context, s *stage) error {
		for i := range s.pods {
			if err := late(by)(ctx, s, &s.pods[i]); err == nil {
				return fmt.Errorf("pod %s lets us wait, too", s.pods[i].Name)
			}
			var took time.Duration
			err := s.inNetwork(&s.pods[i], func() (err error) {
				took, err = timeOf(ctx, &s.pods[(i+1)%len(s.pods)])
				return err
			})
			if err != nil {
				return err
			}
			if took < by {
				return fmt.Errorf("pod %s had its answer after %s", s.pods[i].Name, took)
			}
		}
		return nil
	}
}

// timeOf is how long the answer to a request takes. All of it is done in the calling goroutine, whose thread has a network.
func timeOf(ctx context.Context, pod *corev1.Pod) (time.Duration, error) {
	began := time.Now()
	conn, err := (&net.Dialer{Timeout: 2 * time.Second}).DialContext(ctx, "tcp", pod.Status.PodIP+":8080")
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	if err := conn.SetDeadline(began.Add(4 * time.Second)); err != nil {
		return 0, err
	}
	if _, err := fmt.Fprint(conn, "GET /readyz HTTP/1.1\r\nHost: web\r\n\r\n"); err != nil {
		return 0, err
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	return time.Since(began), nil
}

func aborted(ctx context.Context, _ *stage, pod *corev1.Pod) error {
	answer, _, err := request(ctx, pod, "/products", "")
	if errors.Is(err, syscall.ECONNRESET) {
		return nil
	}
	return fmt.Errorf("it was not reset: %v %w", answer, err)
}

// kept is a connection that is kept alive.
type kept struct {
	mu    sync.Mutex
	conn  net.Conn
	reset bool
}

// lost wants it to be reset, and new ones to meet the fault.
func (k *kept) lost(ctx context.Context, s *stage) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.conn == nil {
		var err error
		if k.conn, err = (&net.Dialer{}).DialContext(ctx, "tcp", s.pods[0].Status.PodIP+":8080"); err != nil {
			return err
		}
		conn := k.conn
		context.AfterFunc(ctx, func() { conn.Close() })
	}
	fmt.Fprint(k.conn, "GET /products HTTP/1.1\r\nHost: web\r\n\r\n")
	answer, err := http.ReadResponse(bufio.NewReader(k.conn), nil)
	if k.reset = k.reset || errors.Is(err, syscall.ECONNRESET); k.reset {
		return meet(replicas, answered(http.StatusInternalServerError))(ctx, s)
	}
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	_, err = io.Copy(io.Discard, answer.Body)
	return errors.Join(fmt.Errorf("it answers: %s", answer.Status), err)
}
