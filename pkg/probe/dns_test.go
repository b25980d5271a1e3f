package probe_test

import (
	"fmt"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/probe"
)

// nameServer serves zones by UDP and TCP on one port of loopback.
func nameServer(t *testing.T, answer dns.HandlerFunc) (address string) {
	t.Helper()
	packets, listener := twofold(t)
	for _, server := range []*dns.Server{{PacketConn: packets, Handler: answer}, {Listener: listener, Handler: answer}} {
		ready := make(chan struct{})
		server.NotifyStartedFunc = func() { close(ready) }
		go func() { _ = server.ActivateAndServe() }()
		<-ready
		t.Cleanup(func() { _ = server.Shutdown() })
	}
	return packets.LocalAddr().String()
}

// zone answers by the records that it is given, as text.
func zone(t *testing.T, records ...string) dns.HandlerFunc {
	t.Helper()
	var all []dns.RR
	for _, text := range records {
		rr, err := dns.NewRR(text)
		require.NoError(t, err)
		all = append(all, rr)
	}
	return func(w dns.ResponseWriter, question *dns.Msg) {
		answer := new(dns.Msg).SetReply(question)
		answer.Rcode = dns.RcodeNameError
		name, asked := question.Question[0].Name, question.Question[0].Qtype
		for _, rr := range all {
			if rr.Header().Name != name {
				continue
			}
			answer.Rcode = dns.RcodeSuccess
			if rr.Header().Rrtype == asked {
				answer.Answer = append(answer.Answer, rr)
			} else if alias, ok := rr.(*dns.CNAME); ok {
				answer.Answer, name = append(answer.Answer, rr), alias.Target
			}
		}
		if _, isTCP := w.RemoteAddr().(*net.TCPAddr); !isTCP {
			answer.Truncate(1232)
		}
		_ = w.WriteMsg(answer)
	}
}

func TestDNS(t *testing.T) {
	records := []string{
		"www.shop.example. 60 IN CNAME web.shop.example.",
		"web.shop.example. 30 IN A 10.0.0.1", "web.shop.example. 30 IN A 10.0.0.2", "web.shop.example. 30 IN AAAA fd00::1",
		"web.shop.example. 30 IN MX 10 mail.shop.example.",
		"shop.example. 30 IN NS ns1.shop.example.", "1.0.0.10.in-addr.arpa. 30 IN PTR web.shop.example.",
		"_mq._tcp.shop.example. 5 IN SRV 1 2 5672 a.shop.example.", "_mq._tcp.shop.example. 5 IN SRV 1 2 5672 b.shop.example.",
		`shop.example. 5 IN TXT "v=1" " all"`,
	}
	for i := range 200 {
		records = append(records, fmt.Sprintf("many.shop.example. 5 IN A 10.1.%d.%d", i/100, i%100))
	}
	server := nameServer(t, zone(t, records...))
	code := func(code int) string {
		return nameServer(t, func(w dns.ResponseWriter, question *dns.Msg) { _ = w.WriteMsg(new(dns.Msg).SetRcode(question, code)) })
	}
	broken := code(dns.RcodeServerFailure)
	mute := nameServer(t, func(dns.ResponseWriter, *dns.Msg) {})
	garbage := nameServer(t, func(w dns.ResponseWriter, _ *dns.Msg) {
		_, _ = w.Write([]byte("what is this? no answer of a name server"))
	})
	liar := nameServer(t, func(w dns.ResponseWriter, question *dns.Msg) { // what somebody who cannot see the question may send
		question.Id++
		_ = w.WriteMsg(new(dns.Msg).SetReply(question))
	})
	var asked atomic.Int32
	lossy := nameServer(t, func(w dns.ResponseWriter, question *dns.Msg) {
		if asked.Add(1) > 1 {
			zone(t, records...)(w, question)
		}
	})
	const late, enough = 300 * time.Millisecond, 5 * time.Second
	for name, c := range map[string]struct {
		probe   probe.DNS
		timeout time.Duration
		want    outcome
	}{
		"an address":                {probe.DNS{Name: "web.shop.example"}, enough, holds()},
		"by an alias":               {probe.DNS{Name: "www.shop.example", CEL: "size(answers) == 2 && answers.all(a, a.name == 'web.shop.example.')"}, enough, holds()},
		"its condition":             {probe.DNS{Name: "web.shop.example", CEL: "answers.exists(a, a.value == '10.0.0.2' && a.ttl <= 30)"}, enough, holds()},
		"another address":           {probe.DNS{Name: "web.shop.example", CEL: "answers.all(a, a.value == '10.0.0.2')"}, enough, fails(`does not hold: NOERROR with 2 records: "10.0.0.1, 10.0.0.2"`)},
		"AAAA":                      {probe.DNS{Name: "web.shop.example", Type: "AAAA", CEL: "answers[0].value == 'fd00::1'"}, enough, holds()},
		"CNAME":                     {probe.DNS{Name: "www.shop.example", Type: "CNAME", CEL: "answers[0].value == 'web.shop.example.'"}, enough, holds()},
		"MX":                        {probe.DNS{Name: "web.shop.example", Type: "MX", CEL: "answers[0].value == 'mail.shop.example.' && answers[0].priority == 10"}, enough, holds()},
		"NS":                        {probe.DNS{Name: "shop.example", Type: "NS", CEL: "answers[0].value == 'ns1.shop.example.'"}, enough, holds()},
		"PTR":                       {probe.DNS{Name: "10.0.0.1", Type: "PTR", CEL: "answers[0].value == 'web.shop.example.'"}, enough, holds()},
		"SRV":                       {probe.DNS{Name: "_mq._tcp.shop.example", Type: "SRV", CEL: "size(answers) == 2 && answers.all(a, a.port == 5672 && a.weight == 2)"}, enough, holds()},
		"TXT":                       {probe.DNS{Name: "shop.example", Type: "TXT", CEL: "answers[0].value == 'v=1 all'"}, enough, holds()},
		"more than a packet":        {probe.DNS{Name: "many.shop.example", CEL: "size(answers) == 200"}, enough, holds()},
		"no such name":              {probe.DNS{Name: "none.shop.example"}, enough, fails("the server answered NXDOMAIN for none.shop.example.")},
		"no such type":              {probe.DNS{Name: "web.shop.example", Type: "TXT"}, enough, fails("web.shop.example. has no records of type TXT")},
		"all of none":               {probe.DNS{Name: "none.shop.example", CEL: "answers.all(a, a.value == 'x')"}, enough, fails("NXDOMAIN")},
		"all of no type":            {probe.DNS{Name: "web.shop.example", Type: "TXT", CEL: "size(answers) == 0"}, enough, fails("has no records")},
		"asks for none":             {probe.DNS{Name: "none.shop.example", CEL: "code == 'NXDOMAIN'"}, enough, holds()},
		"asks for none, but is":     {probe.DNS{Name: "web.shop.example", CEL: "code == 'NXDOMAIN'"}, enough, fails("NOERROR with 2 records")},
		"the server fails":          {probe.DNS{Name: "web.shop.example", Server: broken}, enough, fails("SERVFAIL")},
		"the server fails, no code": {probe.DNS{Name: "web.shop.example", Server: broken, CEL: "answers.all(a, true)"}, enough, fails("SERVFAIL")},
		"the server will not":       {probe.DNS{Name: "web.shop.example", Server: code(dns.RcodeRefused)}, enough, fails("REFUSED")},
		"a lost packet":             {probe.DNS{Name: "web.shop.example", Server: lossy}, enough, holds()},
		"no answer":                 {probe.DNS{Name: "web.shop.example", Server: mute}, late, fails("no answer in time")},
		"garbage":                   {probe.DNS{Name: "web.shop.example", Server: garbage}, late, fails("no ")},
		"another's answer":          {probe.DNS{Name: "web.shop.example", Server: liar}, late, fails("no answer in time")},
		"refuses":                   {probe.DNS{Name: "web.shop.example", Server: nobody(t)}, enough, fails("connection refused")},
		"unknown server":            {probe.DNS{Name: "web.shop.example", Server: "nobody.invalid"}, 3 * time.Second, fails("nobody.invalid")},
		"a field that is not there": {probe.DNS{Name: "web.shop.example", CEL: "answers[0].port == 1"}, enough, isUnknown("no such key: port")},
	} {
		t.Run(name, func(t *testing.T) {
			if c.probe.Server == "" {
				c.probe.Server = server
			}
			if c.probe.Type == "" {
				c.probe.Type = probe.RecordA
			}
			measured(t, &c.probe, c.timeout, c.want)
		})
	}
}

// TestDNSFloods: what a server sends by TCP ends with the length that it announced, which is 64 KiB at the most.
func TestDNSFloods(t *testing.T) {
	packets, listener := twofold(t)
	server := &dns.Server{PacketConn: packets, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, question *dns.Msg) {
		answer := new(dns.Msg).SetReply(question)
		answer.Truncated = true
		_ = w.WriteMsg(answer)
	})}
	go func() { _ = server.ActivateAndServe() }()
	defer func() { _ = server.Shutdown() }()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				flood(conn)
			}()
		}
	}()
	measured(t, &probe.DNS{Name: "web.shop.example", Type: probe.RecordA, Server: packets.LocalAddr().String()}, 5*time.Second, fails("no sound answer"))
}

// TestDNSGoesOn: from a server that is of no use to the next, and from one search domain to the next.
func TestDNSGoesOn(t *testing.T) {
	good := nameServer(t, zone(t, "web.shop.example. 5 IN A 10.0.0.1", "web. 5 IN TXT x"))
	mute := nameServer(t, func(dns.ResponseWriter, *dns.Msg) {})
	broken := nameServer(t, func(w dns.ResponseWriter, question *dns.Msg) {
		_ = w.WriteMsg(new(dns.Msg).SetRcode(question, dns.RcodeServerFailure))
	})
	for name, servers := range map[string][]string{
		"one": {good}, "after one that is not there": {nobody(t), good}, "after one that is silent": {mute, good}, "after one that fails": {broken, good},
	} {
		t.Run(name, func(t *testing.T) {
			answer, err := probe.Resolve(within(t, 5*time.Second), servers, []string{"web.none.example.", "web.shop.example.", "web."}, dns.TypeA)
			require.NoError(t, err)
			require.Len(t, answer.Answer, 1)
			assert.Equal(t, "web.shop.example.", answer.Question[0].Name)
		})
	}
	t.Run("a name that exists counts for more than one that does not", func(t *testing.T) {
		answer, err := probe.Resolve(within(t, 5*time.Second), []string{good}, []string{"web.", "web.none.example."}, dns.TypeA)
		require.NoError(t, err)
		assert.Equal(t, dns.RcodeSuccess, answer.Rcode)
		assert.Equal(t, "web.", answer.Question[0].Name)
	})
	t.Run("none", func(t *testing.T) {
		_, err := probe.Resolve(within(t, 200*time.Millisecond), []string{mute, nobody(t)}, []string{"web."}, dns.TypeA)
		assert.ErrorContains(t, err, "name server 127.0.0.1:")
	})
}

// TestDNSOfThisMachine asks the servers of this machine, whatever they say: there is an answer or a reason in time.
func TestDNSOfThisMachine(t *testing.T) {
	err := (&probe.DNS{Name: "nobody.invalid", Type: probe.RecordA}).Measure(within(t, 2*time.Second), nil)
	assert.Error(t, err)
}
