package probe_test

import (
	"crypto/tls"
	"io"
	"net"
	"testing"
	"time"

	"github.com/chaosctl/chaosctl/pkg/probe"
)

// secure serves with a certificate.
func secure(t *testing.T, certificate tls.Certificate) string {
	t.Helper()
	config := &tls.Config{Certificates: []tls.Certificate{certificate}}
	return serve(t, func(conn net.Conn) {
		server := tls.Server(conn, config)
		if server.Handshake() == nil {
			_, _ = io.Copy(io.Discard, server)
		}
	})
}

func TestTLS(t *testing.T) {
	root := authority(t, "shop's authority", nil, 1000*day)
	other := authority(t, "somebody else's authority", nil, 1000*day)
	middle := authority(t, "shop's intermediate", root, 5*day)
	gone := authority(t, "shop's old intermediate", root, -day)
	trust := probe.Trust{CA: root.pem()}
	good := secure(t, root.issue(t, -day, 30*day+time.Hour))
	const late, enough = 300 * time.Millisecond, 20 * time.Second
	for name, c := range map[string]struct {
		probe   probe.TLS
		timeout time.Duration
		want    outcome
	}{
		"trusted":                 {probe.TLS{Address: good, Trust: trust}, enough, holds()},
		"by another name":         {probe.TLS{Address: good, Trust: probe.Trust{CA: root.pem(), ServerName: "shop.example"}}, enough, holds()},
		"long enough":             {probe.TLS{Address: good, Days: 30, Trust: trust}, enough, holds()},
		"not long enough":         {probe.TLS{Address: good, Days: 31, Trust: trust}, enough, fails("in 30.0 days: expected 31 days at the least")},
		"of several authorities":  {probe.TLS{Address: good, Trust: probe.Trust{CA: other.pem() + root.pem()}}, enough, holds()},
		"by an intermediate":      {probe.TLS{Address: secure(t, middle.issue(t, -day, 30*day)), Days: 4, Trust: trust}, enough, holds()},
		"the intermediate ends":   {probe.TLS{Address: secure(t, middle.issue(t, -day, 30*day)), Days: 6, Trust: trust}, enough, fails(`"CN=shop's intermediate" expires on`)},
		"the intermediate ended":  {probe.TLS{Address: secure(t, gone.issue(t, -day, 30*day)), Trust: trust}, enough, fails("shop's old intermediate")},
		"expired":                 {probe.TLS{Address: secure(t, root.issue(t, -9*day, -day)), Trust: trust}, enough, fails(`the certificate of "CN=server" expired on `)},
		"not yet":                 {probe.TLS{Address: secure(t, root.issue(t, day, 9*day)), Trust: trust}, enough, fails(`the certificate of "CN=server" is not valid before `)},
		"for another":             {probe.TLS{Address: secure(t, root.issue(t, -day, day, "blog.example")), Trust: trust}, enough, fails(`the certificate is for "blog.example"`)},
		"by another":              {probe.TLS{Address: secure(t, other.issue(t, -day, day)), Trust: trust}, enough, fails(`comes from an authority that is not known, "CN=somebody else's authority"`)},
		"unknown to this machine": {probe.TLS{Address: good}, enough, fails("comes from an authority that is not known")},
		"no TLS":                  {probe.TLS{Address: serve(t, func(conn net.Conn) { _, _ = io.WriteString(conn, "220 mail at your service\r\n"); silent(conn) }), Trust: trust}, enough, fails("the server does not speak TLS")},
		"closes":                  {probe.TLS{Address: serve(t, func(net.Conn) {}), Trust: trust}, enough, fails("no secure connection: ")},
		"hangs":                   {probe.TLS{Address: serve(t, silent), Trust: trust}, late, fails("no secure connection in time")},
		"floods":                  {probe.TLS{Address: serve(t, flood), Trust: trust}, enough, fails("the server does not speak TLS")},
		"floods by records": {probe.TLS{Address: serve(t, func(conn net.Conn) {
			// A handshake message of 16 MiB, in as many records as it takes.
			record := append([]byte{22, 3, 3, 0x40, 0}, make([]byte, 1<<14)...)
			copy(record[5:], []byte{2, 0xff, 0xff, 0xff})
			for {
				if _, err := conn.Write(record); err != nil {
					return
				}
			}
		}), Trust: trust}, enough, fails("tls: ")},
		"refuses":            {probe.TLS{Address: nobody(t), Trust: trust}, enough, fails("connection refused")},
		"does not accept":    {probe.TLS{Address: deaf(t), Trust: trust}, late, fails("no connection in time")},
		"cannot be resolved": {probe.TLS{Address: "nobody.invalid:443", Trust: trust}, 3 * time.Second, fails("nobody.invalid")},
		"no address":         {probe.TLS{Address: "shop.example"}, enough, isUnknown("missing port")},
	} {
		t.Run(name, func(t *testing.T) { measured(t, &c.probe, c.timeout, c.want) })
	}
}
