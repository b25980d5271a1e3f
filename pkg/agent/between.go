package agent

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/chaosctl/chaosctl/pkg/agent/proxy"
	"github.com/chaosctl/chaosctl/pkg/netfilter"
)

// Between puts a proxy between the pod and its peers. Connections of TCP that begin while it runs go through it; those that were
// there before go on without it.
type Between struct {
	// Direction is In for connections that peers open, and Out for those that the pod opens.
	Direction netfilter.Direction
	// Ports are those that connections go to.
	Ports []uint16
	// Peers are those at the other end; none stands for all.
	Peers []netip.Prefix
	// Reset has connections that were there before reset, at their next packet, so that who needs them makes new ones.
	Reset bool
	// Proxy passes them on.
	Proxy proxy.Server
}

// Run returns what the proxy did. That nothing came to it is an error: then nobody knows how the pod would have taken it.
func (b Between) Run(ctx context.Context, started func()) (string, error) {
	l, err := net.Listen("tcp", ":0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	own := uint16(l.Addr().(*net.TCPAddr).Port) //nolint:gosec // ports are no larger
	table, err := netfilter.Install(b.rules(own)...)
	if err != nil {
		return "", err
	}
	served := make(chan error, 1)
	go func() { served <- b.Proxy.Serve(ctx, l, originBut(own)) }()
	started()
	select {
	case <-ctx.Done():
	case err = <-served:
		return "", errors.Join(err, table.Close())
	}
	reset, err := b.reset(table)
	err = errors.Join(err, table.Release()) // no more connections come
	l.Close()
	err = errors.Join(err, <-served, table.Close())
	did, nothing := b.Proxy.Did()
	return did + reset, errors.Join(err, nothing)
}

func (b Between) rules(to uint16) []netfilter.Rule {
	rules := []netfilter.Rule{{Action: netfilter.Redirect, Direction: b.Direction, Protocol: netfilter.TCP, Ports: b.Ports, Peers: b.Peers, To: to}}
	if b.Reset {
		rules = append(rules, netfilter.Rule{Action: netfilter.Reset, Direction: b.Direction, Ports: b.Ports, Toward: true, Peers: b.Peers, At: netfilter.Established})
	}
	return rules
}

// reset tells how many packets of older connections were answered by a reset.
func (b Between) reset(table *netfilter.Table) (string, error) {
	if !b.Reset {
		return "", nil
	}
	counts, err := table.Counts()
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("; %d packets of connections of before were answered by a reset", counts[1].Done), nil
}

// originBut is where connections wanted to go. One that wanted to go to the proxy itself would be passed on to it for ever.
func originBut(own uint16) proxy.Origin {
	return func(c net.Conn) (netip.AddrPort, error) {
		tcp, ok := c.(*net.TCPConn)
		if !ok {
			return netip.AddrPort{}, fmt.Errorf("a connection of %s is none of TCP", c.RemoteAddr())
		}
		to, err := netfilter.OriginalDestination(tcp)
		if err == nil && to.Port() == own {
			err = errors.New("it was not redirected")
		}
		return to, err
	}
}
