package probe

import (
	"context"
	"fmt"
	"net"
	"net/netip"

	"github.com/miekg/dns"

	"github.com/chaosctl/chaosctl/pkg/access"
	"github.com/chaosctl/chaosctl/pkg/condition"
	"github.com/chaosctl/chaosctl/pkg/experiment"
)

var _ = registry.Add(Definition{
	Name:    "dns",
	Summary: "A name server has records of a name, and a CEL condition holds for them.",
	Example: `
- name: resolves
  dns: {name: shop.example}
- name: two-brokers
  dns: {name: _mq._tcp.shop.example, type: SRV, server: "10.96.0.10:53", cel: "size(answers) == 2 && answers.all(a, a.port == 5672)"}
- name: taken-out
  dns: {name: old.shop.example, cel: code == 'NXDOMAIN'}
`,
	New: func() Probe { return &DNS{Type: RecordA} },
})

// DNS asks a name server itself: /etc/hosts does not answer in its place. It holds if there are records of the type, and
// the condition is true where one is given. No answer is a failure, since the condition is that there is one.
//
// A question that gets no answer is asked once more, of each server, since UDP loses packets; the time of the check is
// shared out evenly. An answer that does not fit into a packet is asked for by TCP.
type DNS struct {
	// Name is the domain name. It is taken as it stands where server is given; else the search domains of
	// /etc/resolv.conf count, too. For PTR it may be an IP address.
	Name string `json:"name" form:"given"`
	// Type is that of the records.
	Type RecordType `json:"type"`
	// Server is the name server as host or host:port; those of /etc/resolv.conf unless told otherwise.
	Server string `json:"server,omitempty"`
	// CEL is a condition over `answers`, a list of the records of the type, and `code`, such as NOERROR, NXDOMAIN or
	// SERVFAIL. A record has name, ttl (in seconds) and value (the address, name or text) and, of SRV, port, priority
	// and weight, of MX priority. Where there are no records, only a condition that looks at `code` can hold.
	CEL string `json:"cel,omitempty"`
}

// RecordType is the type of a record.
type RecordType string

// The types of records that the probe can ask for.
const (
	RecordA     RecordType = "A"
	RecordAAAA  RecordType = "AAAA"
	RecordCNAME RecordType = "CNAME"
	RecordMX    RecordType = "MX"
	RecordNS    RecordType = "NS"
	RecordPTR   RecordType = "PTR"
	RecordSRV   RecordType = "SRV"
	RecordTXT   RecordType = "TXT"
)

// Values lists the types.
func (RecordType) Values() []string {
	return []string{"A", "AAAA", "CNAME", "MX", "NS", "PTR", "SRV", "TXT"}
}

// Check compiles the condition, and refuses what is no name or server.
func (p *DNS) Check(c *experiment.Check) {
	if _, ok := dns.IsDomainName(p.question()); !ok || p.Name == "" {
		c.Fail("name", "%q is not a domain name: expected something like shop.example, labels of 63 characters at most", p.Name)
	}
	if p.Server != "" {
		checkAddress(c, "server", serverAddress(p.Server))
	}
	if p.CEL != "" {
		if _, err := p.compile(); err != nil {
			c.Fail("cel", "%v", err)
		}
	}
}

// Needs is nothing: a name server is not the API server.
func (p *DNS) Needs(access.Scope) []access.Need { return nil }

func (p *DNS) compile() (*condition.Condition, error) {
	return condition.CompileOver(p.CEL, condition.Objects("answers"), condition.Text("code"))
}

// question is the name as it is asked for.
func (p *DNS) question() string {
	if p.Type == RecordPTR {
		if reverse, err := dns.ReverseAddr(p.Name); err == nil {
			return reverse
		}
	}
	return p.Name
}

// serverAddress adds the port of DNS where there is none.
func serverAddress(server string) string {
	if ip, err := netip.ParseAddr(server); err == nil {
		return net.JoinHostPort(ip.String(), "53")
	}
	if _, _, err := net.SplitHostPort(server); err != nil {
		return server + ":53"
	}
	return server
}

// Measure asks once.
func (p *DNS) Measure(ctx context.Context, _ World) error {
	names, servers := []string{dns.Fqdn(p.question())}, []string{serverAddress(p.Server)}
	if p.Server == "" {
		config, err := dns.ClientConfigFromFile("/etc/resolv.conf")
		if err != nil {
			return unknown("this machine has no list of name servers, so name one as server: %w", err)
		}
		if len(config.Servers) == 0 {
			return unknown("/etc/resolv.conf names no server: name one as server")
		}
		names, servers = config.NameList(p.question()), nil
		for _, server := range config.Servers {
			servers = append(servers, net.JoinHostPort(server, config.Port))
		}
	}
	answer, err := resolve(ctx, servers, names, dns.StringToType[string(p.Type)])
	if err != nil {
		return err
	}
	return p.judge(ctx, answer)
}

// judge evaluates the condition over an answer.
func (p *DNS) judge(ctx context.Context, answer *dns.Msg) error {
	code := dns.RcodeToString[answer.Rcode]
	answers := recordsOf(answer, dns.StringToType[string(p.Type)])
	var compiled *condition.Condition
	if p.CEL != "" {
		var err error
		if compiled, err = p.compile(); err != nil {
			return unknown("%w", err)
		}
	}
	none := code != "NOERROR" || len(answers) == 0
	switch {
	case none && (compiled == nil || !compiled.ReadsAny("code")): // "all of none" would be true
		if code != "NOERROR" {
			return fmt.Errorf("the server answered %s for %s", code, answer.Question[0].Name)
		}
		return fmt.Errorf("%s has no records of type %s", answer.Question[0].Name, p.Type)
	case compiled == nil:
		return nil
	}
	holds, err := compiled.Holds(ctx, map[string]any{"answers": answers, "code": code})
	if err != nil {
		return unknown("%w", err)
	}
	if !holds {
		return fmt.Errorf("%s does not hold: %s with %s", p.CEL, code, summary(answers))
	}
	return nil
}
