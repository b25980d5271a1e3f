package faults

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
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
		{fault: "httpFault", name: "connections of before", yaml: httpFault("count: all, status: 500, resetEstablished: true"), inForce: (&kept{}).lost, lasts: true},
	}
}

func httpFault(parameters string) string {
	return "- httpFault: {port: 8080, " + parameters + ", image: '" + agentImage + "'}"
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
