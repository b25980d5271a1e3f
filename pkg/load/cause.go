package load

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"syscall"
)

// Cause says why a request failed. The set is bounded; the text of an error is not, since it carries port numbers.
type Cause string

// The causes.
const (
	None Cause = ""
	// Refused: nothing listens at the address, or a Service has no endpoints.
	Refused Cause = "refused"
	// Reset: the connection was cut, as by a process that died; also where a second attempt was then refused.
	Reset Cause = "reset"
	// Timeout: no whole answer within the stream's timeout.
	Timeout Cause = "timeout"
	// Unreachable: the network knows no way to the address, as after the loss of a node.
	Unreachable Cause = "unreachable"
	// DNS: the name could not be resolved.
	DNS Cause = "dns"
	// TLS: the handshake failed or the certificate is not trusted.
	TLS Cause = "tls"
	// EOF: the connection was closed in an orderly way before the whole answer was there.
	EOF Cause = "eof"
	// ClientError and ServerError are answers with a status of 4xx and 5xx.
	ClientError Cause = "4xx"
	ServerError Cause = "5xx"
	// Unexpected is an answer that is not what the experiment asks of answers, with a status that would do elsewhere.
	Unexpected Cause = "unexpected"
	// Local: this machine had no port, file descriptor or memory left to send with. It says nothing of the server, and
	// makes the stream starved.
	Local Cause = "local"
	Other Cause = "other"
)

// Causes lists the causes of failures in the order in which a table should show them.
func Causes() []Cause {
	return []Cause{Refused, Reset, EOF, Timeout, Unreachable, DNS, TLS, ClientError, ServerError, Unexpected, Local, Other}
}

// cause sorts the outcome of a request. One that was cut in flight, tried again by net/http and then refused was cut: it
// met the death of the server, and not one that was already down.
func (o outcome) cause() Cause {
	switch cause := causeOf(o.err); {
	case cause == Refused && o.again:
		return Reset
	case cause != None:
		return cause
	case o.unmet != "":
		return Unexpected
	case o.status != 0 || o.connected:
		return o.byStatus
	default:
		return Other // no request could be made of the method and the URL
	}
}

// causeOfStatus is the cause of an answer whose body was read whole.
func causeOfStatus(status int) Cause {
	switch {
	case status >= 200 && status < 400:
		return None
	case status >= 400 && status < 500:
		return ClientError
	case status >= 500 && status < 600:
		return ServerError
	default:
		return Other
	}
}

// causeOf sorts an error of the transport. The order matters: a name that is resolved too late is trouble of the name
// service, and a timeout may wrap anything.
func causeOf(err error) Cause {
	if err == nil {
		return None
	}
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return DNS
	}
	if timeout, ok := errors.AsType[net.Error](err); errors.Is(err, context.DeadlineExceeded) ||
		errors.Is(err, os.ErrDeadlineExceeded) || ok && timeout.Timeout() {
		return Timeout
	}
	if isLocal(err) {
		return Local
	}
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		return causeOfErrno(errno)
	}
	if isTLS(err) {
		return TLS
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) {
		return EOF
	}
	return causeOfText(err.Error())
}

func causeOfErrno(errno syscall.Errno) Cause {
	switch errno {
	case syscall.ECONNREFUSED:
		return Refused
	case syscall.ECONNRESET, syscall.EPIPE, syscall.ECONNABORTED:
		return Reset
	case syscall.ETIMEDOUT:
		return Timeout
	case syscall.EHOSTUNREACH, syscall.ENETUNREACH, syscall.EHOSTDOWN, syscall.ENETDOWN:
		return Unreachable
	}
	return causeOfText(errno.Error())
}

// isLocal says whether this machine ran out of something. EADDRNOTAVAIL means that no port is left, except for IPv6,
// where it is also what a machine without IPv6 says.
func isLocal(err error) bool {
	if slices.ContainsFunc([]syscall.Errno{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM},
		func(e syscall.Errno) bool { return errors.Is(err, e) }) {
		return true
	}
	op, ok := errors.AsType[*net.OpError](err)
	if !ok || !errors.Is(err, syscall.EADDRNOTAVAIL) {
		return false
	}
	addr, ok := op.Addr.(*net.TCPAddr)
	return ok && addr.IP.To4() != nil
}

func isTLS(err error) bool {
	_, alert := errors.AsType[tls.AlertError](err)
	_, record := errors.AsType[tls.RecordHeaderError](err)
	_, certificate := errors.AsType[*tls.CertificateVerificationError](err)
	_, authority := errors.AsType[x509.UnknownAuthorityError](err)
	_, host := errors.AsType[x509.HostnameError](err)
	_, invalid := errors.AsType[x509.CertificateInvalidError](err)
	return alert || record || certificate || authority || host || invalid
}

// causeOfText is the last resort: for errors that net/http and crypto/tls do not export, and for systems whose numbers
// differ.
func causeOfText(text string) Cause {
	for _, known := range []struct {
		part  string
		cause Cause
	}{
		{"refused", Refused},
		{"reset by peer", Reset},
		{"forcibly closed", Reset},
		{"broken pipe", Reset},
		{"unreachable", Unreachable},
		{"no route to host", Unreachable},
		{"tls: ", TLS},
		{"x509: ", TLS},
		{"HTTP response to HTTPS client", TLS},
		{"server closed idle connection", EOF},
		{"server sent GOAWAY", EOF},
		{"client conn could not be established", Reset}, // net/http, of a connection by HTTP/2 that ends before a request is on it
		{"stream error", Reset},
		{"EOF", EOF},
		{"timeout", Timeout},
	} {
		if strings.Contains(text, known.part) {
			return known.cause
		}
	}
	return Other
}
