package probe

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"time"

	"github.com/chaosctl/chaosctl/pkg/access"
	"github.com/chaosctl/chaosctl/pkg/experiment"
)

var _ = registry.Add(Definition{
	Name:    "tls",
	Summary: "A server has a certificate that is trusted, for its name, and valid for some days more.",
	Example: `
- name: certificate
  tls: {address: "shop.example:443", days: 14}
  interval: 10s
`,
	New: func() Probe { return &TLS{} },
})

// TLS opens a connection by TLS, 1.2 at the least, and verifies the certificate and those between it and its authority.
// No connection is a failure, since the condition is that there is a secure one.
type TLS struct {
	// Address is host:port, as it can be reached from where chaosctl runs.
	Address string `json:"address" form:"address"`
	// Days is how long the certificate must still be valid, and all those that it rests on; 0, which is now, unless told
	// otherwise.
	Days int `json:"days,omitempty" form:"zero-or-more"`
	Trust
}

// maxDays is about a hundred years: no duration is longer than three times that.
const maxDays = 36500

// Check refuses what is no address, and what cannot be verified by.
func (p *TLS) Check(c *experiment.Check) {
	checkAddress(c, "address", p.Address)
	if p.Days < 0 || p.Days > maxDays {
		c.Fail("days", "%d is not a number of days: expected 0 to %d", p.Days, maxDays)
	}
	checkTrust(c, "", p.Trust)
}

// Needs is nothing: the address is not the API server's.
func (p *TLS) Needs(access.Scope) []access.Need { return nil }

// Measure makes one handshake.
func (p *TLS) Measure(ctx context.Context, _ World) error {
	host, _, err := net.SplitHostPort(p.Address)
	if err != nil {
		return unknown("%w", err)
	}
	conn, end, err := handshake(ctx, p.Address, p.Config(host))
	if err != nil {
		return err
	}
	defer end()
	first := firstToExpire(conn.ConnectionState())
	if left := time.Until(first.NotAfter); left < time.Duration(p.Days)*24*time.Hour {
		return fmt.Errorf("the certificate of %s expires on %s, in %.1f days: expected %d days at the least", subject(first), date(first.NotAfter), left.Hours()/24, p.Days)
	}
	return nil
}

// firstToExpire is the certificate with which the trust ends: where there are several ways to an authority, that of the
// one which lasts longest.
func firstToExpire(state tls.ConnectionState) *x509.Certificate {
	last := state.PeerCertificates[0]
	for i, chain := range state.VerifiedChains {
		weakest := chain[0]
		for _, c := range chain {
			if c.NotAfter.Before(weakest.NotAfter) {
				weakest = c
			}
		}
		if i == 0 || weakest.NotAfter.After(last.NotAfter) {
			last = weakest
		}
	}
	return last
}
