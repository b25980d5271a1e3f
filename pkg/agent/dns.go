package agent

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"sync"

	"github.com/miekg/dns"

	"github.com/chaosctl/chaosctl/pkg/agent/proxy"
	"github.com/chaosctl/chaosctl/pkg/netfilter"
)

// DNS puts a name server between the pod and each of those that its resolv.conf names. Questions to others are left alone.
type DNS struct {
	// Resolv is the path of that file.
	Resolv string
	Proxy  *proxy.DNS
}

// dnsPort is that of name servers.
const dnsPort = 53

// Run returns what became of the questions. That none came which fits is an error.
func (d DNS) Run(ctx context.Context, started func()) (string, error) {
	c, err := dns.ClientConfigFromFile(d.Resolv)
	if err != nil {
		return "", err
	}
	servers, err := nameservers(c)
	if err != nil {
		return "", err
	}
	d.Proxy.Search, d.Proxy.Dialer = c.Search, net.Dialer{Control: netfilter.Exempt}
	stop, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	var rules []netfilter.Rule
	var serving sync.WaitGroup
	failed := make(chan error, len(servers))
	for _, server := range servers {
		packets, l, err := socketsFor(server)
		if err != nil {
			return "", err
		}
		to := uint16(l.Addr().(*net.TCPAddr).Port) //nolint:gosec // ports are no larger
		peer := []netip.Prefix{netip.PrefixFrom(server, server.BitLen())}
		rules = append(rules, netfilter.RedirectOut(netfilter.UDP, to, peer, dnsPort), netfilter.RedirectOut(netfilter.TCP, to, peer, dnsPort))
		serving.Go(func() {
			if err := d.Proxy.Serve(ctx, stop, packets, l, netip.AddrPortFrom(server, dnsPort).String()); err != nil {
				failed <- err
			}
		})
	}
	table, err := netfilter.Install(rules...)
	if err != nil {
		return "", err
	}
	started()
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	err = errors.Join(err, table.Release()) // no more questions come
	end()
	serving.Wait()
	err = errors.Join(err, table.Close())
	did, nothing := d.Proxy.Did()
	return did, errors.Join(err, nothing)
}

// nameservers are those outside of the pod.
func nameservers(c *dns.ClientConfig) ([]netip.Addr, error) {
	var servers []netip.Addr
	for _, text := range c.Servers {
		server, err := netip.ParseAddr(text)
		if err != nil {
			return nil, fmt.Errorf("resolv.conf: %w", err)
		}
		if !server.IsLoopback() {
			servers = append(servers, server)
		}
	}
	if len(servers) == 0 {
		return nil, fmt.Errorf("resolv.conf names no server outside of the pod, but %v", c.Servers)
	}
	return servers, nil
}

// socketsFor are of UDP and TCP, at one port of the address to which questions for a server are brought. It is that address
// alone: from it the answers have to come.
func socketsFor(server netip.Addr) (net.PacketConn, net.Listener, error) {
	at := "127.0.0.1"
	if server.Is6() {
		at = "::1"
	}
	l, err := net.Listen("tcp", net.JoinHostPort(at, "0"))
	if err != nil {
		return nil, nil, err
	}
	packets, err := net.ListenPacket("udp", net.JoinHostPort(at, strconv.Itoa(l.Addr().(*net.TCPAddr).Port)))
	if err != nil {
		l.Close()
		return nil, nil, err
	}
	return packets, l, nil
}
