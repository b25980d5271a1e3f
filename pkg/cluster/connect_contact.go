package cluster

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Hints that fit several problems.
const (
	checkAddress = "check that the cluster runs, and the address in the kubeconfig (clusters[].cluster.server)"
	checkTrust   = "check certificate-authority in the kubeconfig (clusters[].cluster), and that the address is the one that is meant"
)

// contactError says what the first request met: one sentence, whatever the layer that failed.
func (c *Cluster) contactError(err error) error {
	var status apierrors.APIStatus
	switch {
	case errors.As(err, &status):
		return c.answerError(err, status.Status())
	case strings.Contains(err.Error(), "getting credentials: "):
		return c.credentialError(err)
	}
	if problem := c.certificateError(err); problem != nil {
		return problem
	}
	return c.networkError(err)
}

// answerError is about an answer that is not the one asked for.
func (c *Cluster) answerError(err error, status metav1.Status) error {
	code := int(status.Code)
	switch {
	case apierrors.IsUnauthorized(err):
		return c.refused(err, "does not accept the credentials of "+c.origin(), "renew them, or use another context (--context)")
	case apierrors.IsForbidden(err) && !unexpected(status):
		return c.refused(err, "refuses: "+status.Message, "check --as and --as-group, or use another context (--context)")
	case code >= http.StatusInternalServerError || code == http.StatusTooManyRequests:
		return c.refused(err, fmt.Sprintf("is not ready to serve (HTTP %d)", code), "try again in a while")
	case unexpected(status):
		return c.foreign(fmt.Sprintf("it answers HTTP %d", code), err)
	}
	return c.refused(err, "answers: "+status.Message, checkAddress)
}

// unexpected says that the answer's body was not a Status of Kubernetes, but something that client-go made one of.
func unexpected(status metav1.Status) bool {
	if status.Details == nil {
		return false
	}
	for _, cause := range status.Details.Causes {
		if cause.Type == metav1.CauseTypeUnexpectedServerResponse {
			return true
		}
	}
	return false
}

// credentialError is about the program that the kubeconfig names to get credentials.
func (c *Cluster) credentialError(err error) error {
	_, what, _ := strings.Cut(err.Error(), "getting credentials: ")
	what, _, _ = strings.Cut(what, "\n") // the advice that follows has several paragraphs
	return &ConnectionError{
		Sentence: fmt.Sprintf("%s has no credentials: %s", c.origin(), strings.TrimPrefix(what, "exec: ")),
		Hint:     "the kubeconfig names a program that gets them (users[].user.exec): install it, or run it by hand to see what it says",
		Config:   true, Err: err,
	}
}

// certificateError is about what the two sides show each other in the TLS handshake; nil if that went well.
func (c *Cluster) certificateError(err error) error {
	var invalid x509.CertificateInvalidError
	var authority x509.UnknownAuthorityError
	var hostname x509.HostnameError
	var alert *net.OpError
	switch {
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired && invalid.Cert != nil:
		const day = "2006-01-02 15:04 MST"
		return c.refused(err, fmt.Sprintf("shows a certificate that is valid from %s to %s, which is not now", invalid.Cert.NotBefore.UTC().Format(day), invalid.Cert.NotAfter.UTC().Format(day)),
			"renew the server's certificate, or set this machine's clock")
	case errors.As(err, &authority):
		return c.refused(err, "shows a certificate of an authority that the kubeconfig does not trust", checkTrust)
	case errors.As(err, &hostname):
		return c.refused(err, "shows a certificate for another name: "+strings.TrimPrefix(hostname.Error(), "x509: "), checkTrust)
	case errors.As(err, &invalid):
		return c.refused(err, "shows a certificate that is not valid: "+invalid.Error(), checkTrust)
	case errors.As(err, &alert) && alert.Op == "remote error": // an alert of TLS, whose type is not exported
		return c.refused(err, fmt.Sprintf("does not accept the client certificate of %s (%v)", c.origin(), alert.Err), "renew the certificate, or use another context (--context)")
	}
	return nil
}

// networkError is about a server that was not reached, or broke off.
func (c *Cluster) networkError(err error) error {
	var operation *net.OpError
	var name *net.DNSError
	inner := err
	var urlErr *url.Error
	if errors.As(err, &urlErr) {
		inner = urlErr.Err
	}
	switch {
	case errors.As(err, &operation) && operation.Op == "proxyconnect":
		return c.unreachable(err, "its proxy does not answer: "+operation.Err.Error(), "check --proxy-url, proxy-url in the kubeconfig, and HTTPS_PROXY and NO_PROXY in the environment")
	case errors.As(err, &name) && name.IsNotFound:
		return c.unreachable(err, fmt.Sprintf("the name %s is not known", name.Name), "check the address in the kubeconfig, this machine's DNS, and whether a VPN is needed")
	case os.IsTimeout(err) || os.IsTimeout(inner) || isTimeout(inner):
		return c.unreachable(err, fmt.Sprintf("no answer within %s", c.patience), "check the network and whether a VPN is needed; --request-timeout allows more time")
	case errors.Is(err, syscall.ECONNREFUSED):
		return c.unreachable(err, "nothing listens there", checkAddress)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET):
		return c.unreachable(err, "the connection was closed without an answer", checkAddress)
	case strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		return c.foreign("it speaks HTTP without TLS", err)
	case strings.Contains(err.Error(), "malformed HTTP"), strings.Contains(err.Error(), "first record does not look like a TLS handshake"):
		return c.foreign("it speaks another protocol", err)
	}
	return c.unreachable(err, inner.Error(), checkAddress)
}

// isTimeout looks for a timeout in what an error wraps; os.IsTimeout looks at its outside only.
func isTimeout(err error) bool {
	var timeout interface{ Timeout() bool }
	return errors.As(err, &timeout) && timeout.Timeout()
}

// origin is where the credentials came from.
func (c *Cluster) origin() string {
	if c.Context == "" {
		return "this configuration"
	}
	return fmt.Sprintf("context %q", c.Context)
}

func (c *Cluster) refused(err error, what, hint string) error {
	return &ConnectionError{Sentence: fmt.Sprintf("the API server at %s %s", c.Host, what), Hint: hint, Err: err}
}

func (c *Cluster) unreachable(err error, why, hint string) error {
	return c.refused(err, "cannot be reached: "+why, hint)
}

// foreign is about a server that is not one of Kubernetes.
func (c *Cluster) foreign(how string, err error) error {
	return &ConnectionError{
		Sentence: fmt.Sprintf("what answers at %s is not a Kubernetes API server: %s", c.Host, how),
		Hint:     "check the address in the kubeconfig (clusters[].cluster.server), and that no login page or proxy stands before it", Err: err,
	}
}
