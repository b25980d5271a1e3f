package agent

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

// Reach tells which addresses can be connected to from inside of the pod. It changes nothing.
type Reach struct {
	// Addresses are host:port. Where there are none, it is that of the API server, which every container is told.
	Addresses []string

	mu sync.Mutex
	// resolved are those addresses without names: when a pod is cut off, it may not resolve any.
	resolved []string
}

const (
	// reachPatience is how long a connection may take.
	reachPatience = time.Second
	// reachAgain is how long it waits before it tries again.
	reachAgain = 200 * time.Millisecond
)

// Run is in effect when one of the addresses was reached, and waits for ctx to end.
func (r *Reach) Run(ctx context.Context, started func()) (string, error) {
	if len(r.Addresses) == 0 {
		host, port := os.Getenv("KUBERNETES_SERVICE_HOST"), os.Getenv("KUBERNETES_SERVICE_PORT")
		if host == "" || port == "" {
			return "", errors.New("this container was not told where the API server is")
		}
		r.Addresses = []string{net.JoinHostPort(host, port)}
	}
	for len(r.Look(ctx)) == 0 {
		select {
		case <-ctx.Done():
			return "", fmt.Errorf("%s: none took a connection from inside of the pod", strings.Join(r.Addresses, ", "))
		case <-time.After(reachAgain):
		}
	}
	started()
	<-ctx.Done()
	return "reached " + strings.Join(r.Addresses, ", ") + " in the beginning", nil
}

// Look are the addresses that take a connection now, by number.
func (r *Reach) Look(ctx context.Context) []string {
	addresses := r.numbers(ctx)
	takes := make([]bool, len(addresses))
	var all sync.WaitGroup
	for i, address := range addresses {
		all.Go(func() {
			conn, err := (&net.Dialer{Timeout: reachPatience}).DialContext(ctx, "tcp", address)
			if err == nil {
				takes[i] = true
				_ = conn.Close()
			}
		})
	}
	all.Wait()
	var open []string
	for i, address := range addresses {
		if takes[i] {
			open = append(open, address)
		}
	}
	return open
}

// numbers are the addresses with all names resolved, once that was possible for all of them.
func (r *Reach) numbers(ctx context.Context) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.resolved != nil {
		return r.resolved
	}
	var all []string
	whole := true
	for _, address := range r.Addresses {
		host, port, err := net.SplitHostPort(address)
		if err != nil {
			continue
		}
		found, err := net.DefaultResolver.LookupHost(ctx, host)
		whole = whole && err == nil
		for _, number := range found {
			all = append(all, net.JoinHostPort(number, port))
		}
	}
	slices.Sort(all)
	all = slices.Compact(all)
	if whole {
		r.resolved = all
	}
	return all
}
