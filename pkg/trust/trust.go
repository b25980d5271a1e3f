// Package trust says how the certificate of a server is verified, for all that connects to one by TLS: probes and loads.
package trust

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"strings"
)

// Trust says how the certificate of a server is verified.
type Trust struct {
	// CA holds certificates in PEM that take the place of the system's authorities, as text: the experiment is whole by
	// itself, and they are no secret. The system's are those of the machine, or of the environment variable
	// SSL_CERT_FILE.
	CA string `json:"ca,omitempty"`
	// ServerName is the name that the certificate must have, and that the server is asked for; the host of the address
	// unless told otherwise.
	ServerName string `json:"serverName,omitempty"`
}

// Problem is what is wrong with a field.
type Problem struct{ Field, Message string }

// Problems finds what are no certificates and no names.
func (t Trust) Problems() []Problem {
	var all []Problem
	if t.CA != "" && !x509.NewCertPool().AppendCertsFromPEM([]byte(t.CA)) {
		all = append(all, Problem{"ca", "the text holds no certificate: expected PEM, which begins with -----BEGIN CERTIFICATE-----"})
	}
	if strings.ContainsAny(t.ServerName, " /:@") && net.ParseIP(t.ServerName) == nil {
		all = append(all, Problem{"serverName", fmt.Sprintf("%q is not the name of a host: expected something like shop.example, without a port", t.ServerName)})
	}
	return all
}

// Config is for connections to a host.
func (t Trust) Config(host string, protocols ...string) *tls.Config {
	config := &tls.Config{ServerName: t.ServerName, NextProtos: protocols}
	if config.ServerName == "" {
		config.ServerName = host
	}
	if t.CA != "" {
		config.RootCAs = x509.NewCertPool()
		config.RootCAs.AppendCertsFromPEM([]byte(t.CA))
	}
	return config
}
