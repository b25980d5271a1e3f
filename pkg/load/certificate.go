package load

import (
	"crypto/tls"
	"errors"
	"fmt"
)

// Certificate is the one that a server is shown by TLS, with its key. Its zero value is none. It keeps what it is to itself, as
// [Authorization] does, and in the same way.
type Certificate struct{ reveal func() tls.Certificate }

// CertificateOf reads a certificate and its private key, both in PEM. The error repeats nothing of them.
func CertificateOf(certificate, key string) (Certificate, error) {
	pair, err := tls.X509KeyPair([]byte(certificate), []byte(key))
	if err != nil {
		return Certificate{}, errors.New("this is not a certificate and its private key: expected PEM, which begins with -----BEGIN, of two that belong together")
	}
	return Certificate{func() tls.Certificate { return pair }}, nil
}

// show has connections show the certificate.
func (c Certificate) show(config *tls.Config) {
	if c.reveal != nil {
		config.Certificates = []tls.Certificate{c.reveal()}
	}
}

// Format prints that it is there, whatever the verb.
func (c Certificate) Format(f fmt.State, _ rune) {
	if c.reveal != nil {
		fmt.Fprint(f, hidden)
	}
}

// MarshalText writes that it is there.
func (c Certificate) MarshalText() ([]byte, error) {
	if c.reveal == nil {
		return nil, nil
	}
	return []byte(hidden), nil
}
