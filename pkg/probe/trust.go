package probe

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/trust"
)

// Trust says how the certificate of a server is verified.
type Trust = trust.Trust

// checkTrust refuses what are no certificates. The fields are those of the object at a path.
func checkTrust(c *experiment.Check, path string, t Trust) {
	for _, p := range t.Problems() {
		c.Fail(path+p.Field, "%s", p.Message)
	}
}

// handshake opens a connection by TLS. The function that is returned closes it.
func handshake(ctx context.Context, address string, config *tls.Config) (*tls.Conn, func(), error) {
	conn, end, err := dial(ctx, "tcp", address)
	if err != nil {
		return nil, nil, err
	}
	secured := tls.Client(conn, config)
	if err := secured.HandshakeContext(ctx); err != nil {
		end()
		if isLate(err) {
			return nil, nil, fmt.Errorf("no secure connection in time: %w", err)
		}
		return nil, nil, fmt.Errorf("no secure connection: %w", reason(err))
	}
	return secured, end, nil
}

// untrusted is what is wrong with a certificate.
func untrusted(refused *tls.CertificateVerificationError) string {
	leaf := refused.UnverifiedCertificates[0]
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](refused.Err); ok && invalid.Reason == x509.Expired && invalid.Cert != nil {
		if now := time.Now(); now.Before(invalid.Cert.NotBefore) {
			return fmt.Sprintf("the certificate of %s is not valid before %s", subject(invalid.Cert), date(invalid.Cert.NotBefore))
		}
		return fmt.Sprintf("the certificate of %s expired on %s", subject(invalid.Cert), date(invalid.Cert.NotAfter))
	}
	if _, ok := errors.AsType[x509.HostnameError](refused.Err); ok {
		return fmt.Sprintf("the certificate is for %s", namesOf(leaf))
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](refused.Err); ok {
		last := refused.UnverifiedCertificates[len(refused.UnverifiedCertificates)-1]
		return fmt.Sprintf("the certificate of %s comes from an authority that is not known, %s; ca says which ones are", subject(leaf), excerpt(last.Issuer.String()))
	}
	return fmt.Sprintf("the certificate of %s is not trusted", subject(leaf))
}

func subject(c *x509.Certificate) string {
	if name := c.Subject.String(); name != "" {
		return excerpt(name)
	}
	return namesOf(c)
}

// namesOf lists the hosts that a certificate is for.
func namesOf(c *x509.Certificate) string {
	names := c.DNSNames
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	if len(names) == 0 {
		return "no host"
	}
	return excerpt(strings.Join(names, ", "))
}

func date(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 MST") }
