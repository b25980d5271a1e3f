package proxy_test

import (
	"context"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/agent/proxy"
)

// sockets are one of UDP and one of TCP at the same port.
func sockets(t *testing.T) (net.PacketConn, net.Listener) {
	t.Helper()
	for {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		packets, err := net.ListenPacket("udp", l.Addr().String())
		if err == nil {
			return packets, l
		}
		require.ErrorIs(t, err, syscall.EADDRINUSE) // somebody else's, by UDP alone
		require.NoError(t, l.Close())
	}
}

// named begins a name server, and returns its address.
func named(t *testing.T, handler dns.HandlerFunc) string {
	t.Helper()
	packets, l := sockets(t)
	for _, s := range []*dns.Server{{PacketConn: packets, Handler: handler}, {Listener: l, Handler: handler}} {
		started := make(chan struct{})
		s.NotifyStartedFunc = func() { close(started) }
		go func() { _ = s.ActivateAndServe() }()
		<-started
		t.Cleanup(func() { _ = s.Shutdown() })
	}
	return packets.LocalAddr().String()
}

// tells answers every question of a name with an address; over UDP it says that there is no room for it where the name begins
// with "large".
func tells(w dns.ResponseWriter, question *dns.Msg) {
	answer := new(dns.Msg).SetReply(question)
	name := question.Question[0].Name
	if _, udp := w.RemoteAddr().(*net.UDPAddr); udp && name == "large.example.com." {
		answer.Truncated = true
	} else {
		answer.Answer = []dns.RR{&dns.A{Hdr: dns.RR_Header{Name: name, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: 60}, A: net.IPv4(192, 0, 2, 1)}}
	}
	_ = w.WriteMsg(answer)
}

// before puts d in front of a server, and returns its address, and what ends the fault.
func before(t *testing.T, d *proxy.DNS, server string) (string, context.CancelFunc) {
	t.Helper()
	packets, l := sockets(t)
	faults, over := context.WithCancel(t.Context())
	stop, leave := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- d.Serve(faults, stop, packets, l, server) }()
	t.Cleanup(func() {
		over()
		leave()
		require.NoError(t, <-ended)
		_, err := net.Dial("tcp", l.Addr().String())
		assert.Error(t, err, "nothing is left of it")
	})
	return packets.LocalAddr().String(), over
}

func look(network, server, name string, timeout time.Duration) (*dns.Msg, error) {
	c := dns.Client{Net: network, Timeout: timeout}
	answer, _, err := c.Exchange(new(dns.Msg).SetQuestion(name, dns.TypeA).SetEdns0(1232, true), server)
	return answer, err
}

const soon, enough = 100 * time.Millisecond, 10 * time.Second

func TestDNSFaults(t *testing.T) {
	server := named(t, tells)
	for _, network := range []string{"udp", "tcp"} {
		t.Run(network, func(t *testing.T) {
			t.Run("wrong answers", func(t *testing.T) {
				for answer, want := range map[proxy.Answer]int{proxy.NXDOMAIN: dns.RcodeNameError, proxy.SERVFAIL: dns.RcodeServerFailure} {
					d := &proxy.DNS{Names: []string{"db.example.com", "*.internal"}, Answer: answer, Share: 1}
					at, over := before(t, d, server)
					for name, want := range map[string]int{"db.example.com.": want, "DB.example.com.": want, "a.b.internal.": want, "internal.": 0, "example.com.": 0, "a.db.example.com.": 0} {
						got, err := look(network, at, name, enough)
						require.NoError(t, err)
						assert.Equal(t, want, got.Rcode, name)
						assert.Equal(t, name, got.Question[0].Name)
						if want == 0 {
							require.Len(t, got.Answer, 1)
						} else {
							assert.NotNil(t, got.IsEdns0())
						}
					}
					did, err := d.Did()
					require.NoError(t, err)
					assert.Equal(t, "answered with "+string(answer)+": 3 of 3 questions that fit; 3 others were passed on", did)
					over()
					got, err := look(network, at, "db.example.com.", enough)
					require.NoError(t, err)
					assert.Equal(t, dns.RcodeSuccess, got.Rcode, "the fault is over")
				}
			})
			t.Run("no answer", func(t *testing.T) {
				d := &proxy.DNS{Answer: proxy.NoAnswer, Share: 1}
				at, _ := before(t, d, server)
				_, err := look(network, at, "example.com.", soon)
				var late net.Error
				require.ErrorAs(t, err, &late)
				assert.True(t, late.Timeout())
				did, err := d.Did()
				require.NoError(t, err)
				assert.Equal(t, "left without an answer: 1 of 1 questions that fit", did)
			})
			t.Run("late", func(t *testing.T) {
				d := &proxy.DNS{Answer: proxy.TrueAnswer, Delay: soon, Share: 1}
				at, _ := before(t, d, server)
				began := time.Now()
				got, err := look(network, at, "example.com.", enough)
				require.NoError(t, err)
				assert.Len(t, got.Answer, 1)
				assert.GreaterOrEqual(t, time.Since(began), soon)
				did, err := d.Did()
				require.NoError(t, err)
				assert.Equal(t, "held for 100ms: 1 of 1 questions that fit", did)
			})
			t.Run("nothing that fits", func(t *testing.T) {
				d := &proxy.DNS{Names: []string{"other"}, Answer: proxy.SERVFAIL, Delay: time.Hour, Share: 1}
				at, _ := before(t, d, server)
				_, err := look(network, at, "example.com.", enough)
				require.NoError(t, err)
				did, err := d.Did()
				require.ErrorIs(t, err, proxy.ErrNothing)
				assert.Equal(t, "held for 1h0m0s and answered with SERVFAIL: 0 of 0 questions that fit; 1 others were passed on", did)
			})
		})
	}
}

// TestNamesInSearchDomains: what a container asks for becomes several names, of which the first that there is counts.
func TestNamesInSearchDomains(t *testing.T) {
	d := &proxy.DNS{Names: []string{"payments", "db.shop.svc", "example.com."}, Search: []string{"shop.svc.cluster.local", "cluster.local"}, Answer: proxy.NXDOMAIN, Share: 1}
	at, _ := before(t, d, named(t, tells))
	for name, want := range map[string]int{
		"payments.": dns.RcodeNameError, "payments.shop.svc.cluster.local.": dns.RcodeNameError, "db.shop.svc.cluster.local.": dns.RcodeNameError,
		"example.com.": dns.RcodeNameError, "example.com.cluster.local.": dns.RcodeSuccess, "orders.shop.svc.cluster.local.": dns.RcodeSuccess,
	} {
		got, err := look("udp", at, name, enough)
		require.NoError(t, err)
		assert.Equal(t, want, got.Rcode, name)
	}
}

// TestAnswersPassAsTheyAre: that an answer has no room in a packet is told, and that there is none is seen.
func TestAnswersPassAsTheyAre(t *testing.T) {
	d := &proxy.DNS{Names: []string{"other"}, Answer: proxy.NXDOMAIN, Share: 1}
	at, _ := before(t, d, named(t, tells))
	got, err := look("udp", at, "large.example.com.", enough)
	require.NoError(t, err)
	assert.True(t, got.Truncated)
	got, err = look("tcp", at, "large.example.com.", enough)
	require.NoError(t, err)
	assert.Len(t, got.Answer, 1)
	none, _ := before(t, &proxy.DNS{Names: []string{"other"}, Answer: proxy.NXDOMAIN, Share: 1}, nobody(t))
	_, err = look("udp", none, "example.com.", soon)
	require.Error(t, err)
	_, err = look("tcp", none, "example.com.", enough)
	assert.ErrorContains(t, err, "EOF")
}
