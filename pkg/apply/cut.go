package apply

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/chaosctl/chaosctl/pkg/inject"
)

// connectPatience is how long a connection may take; pods in a network that can be reached at all take milliseconds.
const connectPatience = time.Second

// lookBefore finds out which of the addresses that the creation is to cut off take a connection before it.
func (n creation) lookBefore(ctx context.Context) {
	cut := n.c.Create.Cut
	if cut == nil || n.a.dryRun != nil {
		return
	}
	var open []string
	if cut.Inside {
		open = n.reachedBefore(ctx)
	} else {
		open = connectable(ctx, cut.Addresses)
	}
	n.a.mu.Lock()
	defer n.a.mu.Unlock()
	if n.a.open == nil {
		n.a.open = map[*inject.Change][]string{}
	}
	n.a.open[n.c] = open
}

// cutsOff says which addresses still take a connection. Where none did before, nothing can be seen.
func (n creation) cutsOff(ctx context.Context) error {
	cut := n.c.Create.Cut
	if cut == nil {
		return nil
	}
	n.a.mu.Lock()
	before := n.a.open[n.c]
	n.a.mu.Unlock()
	switch {
	case cut.Inside:
		return n.cutsOffInside(ctx, before)
	case len(cut.Addresses) == 0:
		return errors.New("no pod of the target listens at a port that its containers name, so that it cannot be seen whether the cluster's network enforces policies")
	case len(before) == 0:
		return fmt.Errorf("of %s none took a connection from here before either, so that it cannot be seen whether the cluster's network enforces policies",
			strings.Join(cut.Addresses, ", "))
	}
	if still := connectable(ctx, before); len(still) > 0 {
		return fmt.Errorf("%s still takes connections from here: it seems that the cluster's network does not enforce policies", strings.Join(still, ", "))
	}
	return ctx.Err() // one that was given up tells nothing
}

// connectable are those of the addresses that take a TCP connection from here, in their order.
func connectable(ctx context.Context, addresses []string) []string {
	takes := make([]bool, len(addresses))
	var all sync.WaitGroup
	for i, address := range addresses {
		all.Go(func() {
			conn, err := (&net.Dialer{Timeout: connectPatience}).DialContext(ctx, "tcp", address)
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
