//go:build !linux

package netfilter

import (
	"errors"
	"net"
	"net/netip"
	"syscall"
)

var errLinux = errors.New("nftables are a part of Linux")

// Table is rules in force.
type Table struct{}

// Install puts rules in force.
func Install(...Rule) (*Table, error) { return nil, errLinux }

// Counts are those of the rules, in their order.
func (*Table) Counts() ([]Count, error) { return nil, errLinux }

// Release ends the redirection of new connections, and resets.
func (*Table) Release() error { return errLinux }

// Close takes the rules out of force.
func (*Table) Close() error { return errLinux }

// Exempt marks a socket, so that what goes out of it is not redirected.
func Exempt(string, string, syscall.RawConn) error { return errLinux }

// OriginalDestination is where a connection wanted to go before it was redirected.
func OriginalDestination(*net.TCPConn) (netip.AddrPort, error) { return netip.AddrPort{}, errLinux }
