package probe

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/chaosctl/chaosctl/pkg/command"
	"github.com/chaosctl/chaosctl/pkg/experiment"
)

// checkAddress refuses what is no host and port.
func checkAddress(c *experiment.Check, field, address string) {
	host, port, err := net.SplitHostPort(address)
	number, notNumber := strconv.ParseUint(port, 10, 16)
	if err != nil || host == "" || strings.ContainsAny(host, "/@ ") || notNumber != nil || number == 0 {
		c.Fail(field, "%q is not host:port: expected something like db.shop.svc:5432 or [::1]:5432", address)
	}
}

// dial connects to an address. What waits for the connection ends with ctx. The function that is returned closes it.
func dial(ctx context.Context, network, address string) (net.Conn, func(), error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err != nil {
		return nil, nil, unreached(err)
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	return conn, func() {
		stop()
		_ = conn.Close()
	}, nil
}

// unreached is why there is no connection, in words for people.
func unreached(err error) error {
	if isLate(err) {
		return fmt.Errorf("no connection in time: %w", err)
	}
	return reason(err)
}

// reason adds what an error of the network does not say in words for people. What this machine lacks says nothing about
// the target.
func reason(err error) error {
	for _, lack := range []error{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.EADDRNOTAVAIL} {
		if errors.Is(err, lack) {
			return unknown("this machine could not open a connection: %w", err)
		}
	}
	if refused, ok := errors.AsType[*tls.CertificateVerificationError](err); ok && len(refused.UnverifiedCertificates) > 0 {
		return fmt.Errorf("%s: %w", untrusted(refused), err)
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return fmt.Errorf("the server does not speak TLS: %w", err)
	}
	return err
}

// isLate says whether time ran out: that of the check, or that of a name server or of the kernel.
func isLate(err error) bool {
	timeout, ok := errors.AsType[net.Error](err)
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) || ok && timeout.Timeout()
}

// excerpt is the beginning of what a server or a command said, on one line and without characters that could deceive
// whoever reads it in a terminal.
func excerpt(text string) string {
	return command.Excerpt(text)
}
