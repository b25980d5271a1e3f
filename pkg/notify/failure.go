package notify

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"syscall"
	"time"
)

// Failure says why an attempt has not delivered a message, in words without a secret in them.
type Failure struct {
	Why string
	// Final says that no other attempt would do better.
	Final bool
	// After is how long the receiver wants not to be asked again; 0 where it does not say.
	After time.Duration
}

func (f *Failure) Error() string { return f.Why }

// ofAnswer is what an answer says of a message; nil where it was taken.
func ofAnswer(r *http.Response, now time.Time) error {
	switch {
	case r.StatusCode >= 200 && r.StatusCode < 300:
		return nil
	case r.StatusCode >= 300 && r.StatusCode < 400:
		return &Failure{Why: fmt.Sprintf("the server answers %d: a redirect is not followed, since what is sent is for the address that was given", r.StatusCode), Final: true}
	}
	f := &Failure{Why: fmt.Sprintf("the server answers %d", r.StatusCode), After: retryAfter(r.Header.Get("Retry-After"), now)}
	switch r.StatusCode {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
	default:
		f.Final = r.StatusCode < 500
	}
	return f
}

// retryAfter reads a number of seconds, or an instant (RFC 9110, 10.2.3); 0 for anything else.
func retryAfter(text string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}

// ofTransport is what keeps a request from being answered. The errors of net/http hold the address, and so are not repeated.
func ofTransport(err error) error {
	why := "no answer came"
	dns, isDNS := errors.AsType[*net.DNSError](err)
	timeout, isNet := errors.AsType[net.Error](err)
	_, untrusted := errors.AsType[*tls.CertificateVerificationError](err)
	_, record := errors.AsType[tls.RecordHeaderError](err)
	_, alert := errors.AsType[tls.AlertError](err)
	_, authority := errors.AsType[x509.UnknownAuthorityError](err)
	switch {
	case isDNS && dns.IsNotFound:
		why = "the name of the server is not known"
	case isDNS:
		why = "the name of the server could not be resolved"
	case errors.Is(err, context.DeadlineExceeded) || isNet && timeout.Timeout():
		why = "no answer came in time"
	case errors.Is(err, syscall.ECONNREFUSED):
		why = "the connection is refused"
	case untrusted || authority:
		why = "the certificate of the server is not trusted"
	case record || alert:
		why = "no TLS connection can be made"
	}
	return &Failure{Why: why}
}

// address reads a URL that a message can be sent to.
func address(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, &Failure{Why: "what stands in place of the address is no URL of http or https", Final: true}
	}
	return u, nil
}
