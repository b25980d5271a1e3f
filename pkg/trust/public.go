package trust

import (
	"crypto/x509"
	"fmt"
	"sync"

	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// Public makes the authorities that browsers trust those of this process where the system has none: an image has nothing
// but this program, and probes go to servers that the public trusts. It is to be called before the first connection, by
// programs and not by packages. That golang.org/x/crypto/x509roots/fallback does so by being imported would make each
// command read 150 certificates, also one that connects to nobody.
func Public() { public() }

// public may be called once: crypto/x509 takes the authorities for good.
var public = sync.OnceFunc(func() {
	pool := x509.NewCertPool()
	for root := range bundle.Roots() {
		certificate, err := x509.ParseCertificate(root.Certificate)
		switch {
		case err != nil:
			panic(fmt.Sprintf("an authority of the bundle cannot be read: %v", err)) // it comes with the program
		case root.Constraint != nil:
			pool.AddCertWithConstraint(certificate, root.Constraint)
		default:
			pool.AddCert(certificate)
		}
	}
	x509.SetFallbackRoots(pool)
})
