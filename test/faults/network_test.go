package faults

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/nftables"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/net/icmp"
	"golang.org/x/net/ipv4"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// network are the faults of the network of pods.
func network() []faultCase {
	with := func(parameters string) string { return parameters + ", image: '" + agentImage + "'}" }
	cases := []faultCase{
		{fault: "netLoss", yaml: with("- netLoss: {percent: 40%"), inForce: losing(1), beside: untouched, after: agentsStopped(1)},
		{fault: "netLoss", name: "of what goes out, in all pods", yaml: with("- netLoss: {percent: 60%, direction: out, count: all"), inForce: losing(replicas), beside: untouched, after: agentsStopped(replicas)},
		{fault: "netPartition", yaml: with("- netPartition: {count: all, peers: [{service: web}]"), inForce: cutOff, beside: talking, after: agentsStopped(replicas)},
		{fault: "netPartition", name: "from the pods of a workload", yaml: with("- netPartition: {count: all, peers: [{workload: deployment/web}]"), inForce: cutOff, beside: talking, after: agentsStopped(replicas)},
		{fault: "netPartition", name: "from everybody", yaml: with("- netPartition: {peers: [{cidr: 0.0.0.0/0}, {cidr: '::/0'}]"), inForce: silent(1), beside: untouched, after: agentsStopped(1)},
		{fault: "netReset", yaml: with("- netReset: {count: all, port: 8080, at: connect"), inForce: failing(syscall.ECONNREFUSED), beside: untouched, after: agentsStopped(replicas)},
		{fault: "netReset", name: "of established connections", yaml: with("- netReset: {count: all, port: 8080, at: established"), inForce: failing(syscall.ECONNRESET), beside: untouched, after: agentsStopped(replicas)},
	}
	for i := range cases {
		cases[i].duration = 20 * time.Second // connections that get no answer are waited for
	}
	return cases
}

// echoes is how many echo requests a pod is sent.
const echoes = 100

// losing wants so many pods to answer some echo requests and not others, and the rest to answer all.
func losing(want int) func(context.Context, *stage) error {
	return func(_ context.Context, s *stage) error {
		var answered []int
		losing := 0
		for i := range s.pods {
			came, err := ping(s.pods[i].Status.PodIP)
			if err != nil {
				return err
			}
			answered = append(answered, came)
			switch {
			case came > echoes/10 && came < echoes*8/10:
				losing++
			case came != echoes:
				return fmt.Errorf("of %d echo requests, pods answer %v", echoes, answered)
			}
		}
		if losing != want {
			return fmt.Errorf("of %d echo requests, pods answer %v", echoes, answered)
		}
		return nil
	}
}

// silent wants so many pods to answer no echo request, and the rest to answer all.
func silent(want int) func(context.Context, *stage) error {
	return func(_ context.Context, s *stage) error {
		var answered []int
		for i := range s.pods {
			came, err := ping(s.pods[i].Status.PodIP)
			if err != nil {
				return err
			}
			answered = append(answered, came)
		}
		slices.Sort(answered)
		if !slices.Equal(answered, slices.Concat(make([]int, want), slices.Repeat([]int{echoes}, len(answered)-want))) {
			return fmt.Errorf("of %d echo requests, pods answer %v", echoes, answered)
		}
		return nil
	}
}

// ping sends echo requests to an address, and returns how many answers come.
func ping(address string) (came int, err error) {
	c, err := icmp.ListenPacket("ip4:icmp", "0.0.0.0")
	if err != nil {
		return 0, err
	}
	defer c.Close()
	to, id := &net.IPAddr{IP: net.ParseIP(address)}, rand.IntN(1<<16)
	for i := range echoes {
		request, err := (&icmp.Message{Type: ipv4.ICMPTypeEcho, Body: &icmp.Echo{ID: id, Seq: i}}).Marshal(nil)
		if err != nil {
			return 0, err
		}
		if _, err := c.WriteTo(request, to); err != nil {
			return 0, err
		}
	}
	if err := c.SetReadDeadline(time.Now().Add(time.Second)); err != nil {
		return 0, err
	}
	b := make([]byte, 256)
	for came < echoes {
		n, _, err := c.ReadFrom(b)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			break
		}
		if err != nil {
			return 0, err
		}
		// The socket sees what comes to everybody on this machine.
		if m, err := icmp.ParseMessage(1, b[:n]); err == nil && m.Type == ipv4.ICMPTypeEchoReply {
			if echo, ok := m.Body.(*icmp.Echo); ok && echo.ID == id {
				came++
			}
		}
	}
	return came, nil
}

// cutOff wants each pod to get no answer from another, nor by the Service, and all to answer requests from here.
func cutOff(ctx context.Context, s *stage) error {
	service, err := shared.client.CoreV1().Services(s.namespace).Get(ctx, "web", metav1.GetOptions{})
	if err != nil {
		return err
	}
	for i := range s.pods {
		if _, err := get(ctx, &s.pods[i], "/readyz"); err != nil {
			return fmt.Errorf("pod %s does not answer from here: %w", s.pods[i].Name, err)
		}
		other := s.pods[(i+1)%len(s.pods)].Status.PodIP
		for _, address := range []string{net.JoinHostPort(other, "8080"), net.JoinHostPort(service.Spec.ClusterIP, "80")} {
			err := s.inNetwork(&s.pods[i], func() error {
				c, err := net.DialTimeout("tcp", address, 500*time.Millisecond)
				if err == nil {
					c.Close()
				}
				return err
			})
			var failure net.Error
			switch {
			case err == nil:
				return fmt.Errorf("pod %s is connected to %s", s.pods[i].Name, address)
			case !errors.As(err, &failure) || !failure.Timeout():
				return fmt.Errorf("pod %s finds out that %s is not there: %w", s.pods[i].Name, address, err)
			}
		}
	}
	return nil
}

// talking has each pod speak to another and to the Service until the test ends: an agent whose rules no packet meets has proved
// nothing.
func talking(t *testing.T, s *stage) {
	t.Helper()
	untouched(t, s)
	service, err := shared.client.CoreV1().Services(s.namespace).Get(t.Context(), "web", metav1.GetOptions{})
	require.NoError(t, err)
	var all sync.WaitGroup
	t.Cleanup(all.Wait)
	for i := range s.pods {
		addresses := []string{net.JoinHostPort(s.pods[(i+1)%len(s.pods)].Status.PodIP, "8080"), net.JoinHostPort(service.Spec.ClusterIP, "80")}
		all.Go(func() {
			for tick := time.NewTicker(200 * time.Millisecond); t.Context().Err() == nil; <-tick.C {
				for _, address := range addresses {
					_ = s.inNetwork(&s.pods[i], func() error { // whether it comes through is for others to see
						c, err := net.DialTimeout("tcp", address, 200*time.Millisecond)
						if err == nil {
							c.Close()
						}
						return err
					})
				}
			}
		})
	}
}

// failing wants requests to all pods to end in an error.
func failing(want error) func(context.Context, *stage) error {
	return func(ctx context.Context, s *stage) error {
		for i := range s.pods {
			if _, err := get(ctx, &s.pods[i], "/readyz"); !errors.Is(err, want) {
				return fmt.Errorf("a request to %s does not end in %q, but in: %w", s.pods[i].Name, want.Error(), err)
			}
		}
		return nil
	}
}

// namespaceOf is the network namespace of a pod of the stage.
func (s *stage) namespaceOf(pod *corev1.Pod) (netns.NsHandle, error) {
	all, err := s.processes()
	if err != nil {
		return netns.None(), err
	}
	for _, p := range all {
		if p.pod == pod.Name {
			if n, err := netns.GetFromPath(filepath.Join(p.directory, "ns/net")); err == nil {
				return n, nil
			}
		}
	}
	return netns.None(), fmt.Errorf("no process of pod %s is there", pod.Name)
}

// inNetwork runs f in the network of a pod.
func (s *stage) inNetwork(pod *corev1.Pod, f func() error) error {
	n, err := s.namespaceOf(pod)
	if err != nil {
		return err
	}
	defer n.Close()
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		if err := netns.Set(n); err != nil {
			done <- err
			return
		}
		done <- f()
	}()
	return <-done
}

// untouched wants the networks of the pods to be in the end what they are now: their tables, addresses and routes.
func untouched(t *testing.T, s *stage) {
	before := s.networks(t)
	require.Len(t, before, replicas)
	t.Cleanup(func() { assert.Equal(t, before, s.networks(t)) })
}

func (s *stage) networks(t *testing.T) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	for i := range s.pods {
		n, err := s.namespaceOf(&s.pods[i])
		require.NoError(t, err)
		defer n.Close()
		h, err := netlink.NewHandleAt(n)
		require.NoError(t, err)
		defer h.Close()
		addresses, err := h.AddrList(nil, netlink.FAMILY_ALL)
		require.NoError(t, err)
		routes, err := h.RouteListFiltered(netlink.FAMILY_ALL, &netlink.Route{}, netlink.RT_FILTER_TABLE)
		require.NoError(t, err)
		tables, err := (&nftables.Conn{NetNS: int(n)}).ListTables()
		require.NoError(t, err)
		found := []string{fmt.Sprintf("%d tables", len(tables))}
		for _, a := range addresses {
			found = append(found, "address "+a.IPNet.String())
		}
		for _, r := range routes {
			found = append(found, "route "+r.String())
		}
		slices.Sort(found)
		all[s.pods[i].Name] = found
	}
	return all
}
