package netfilter

import (
	"net"
	"net/netip"
	"syscall"

	"golang.org/x/sys/unix"
)

// Exempt marks a socket, so that what goes out of it is not redirected. It is for [net.Dialer.Control] and
// [net.ListenConfig.Control].
func Exempt(_, _ string, c syscall.RawConn) error {
	var set error
	if err := c.Control(func(fd uintptr) { set = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_MARK, Mark) }); err != nil {
		return err
	}
	return set
}

// OriginalDestination is where a connection wanted to go before it was redirected.
func OriginalDestination(c *net.TCPConn) (netip.AddrPort, error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return netip.AddrPort{}, err
	}
	var at netip.AddrPort
	var got error
	read := original4
	if remote, ok := c.RemoteAddr().(*net.TCPAddr); ok && !remote.AddrPort().Addr().Unmap().Is4() {
		read = original6
	}
	if err := raw.Control(func(fd uintptr) { at, got = read(int(fd)) }); err != nil {
		return netip.AddrPort{}, err
	}
	return at, got
}

// The kernel answers with a socket address. The calls below are those of the library that take an answer of its size.

func original4(fd int) (netip.AddrPort, error) {
	answer, err := unix.GetsockoptIPv6Mreq(fd, unix.IPPROTO_IP, unix.SO_ORIGINAL_DST)
	if err != nil {
		return netip.AddrPort{}, err
	}
	a := answer.Multiaddr // family, port, address
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte(a[4:8])), uint16(a[2])<<8|uint16(a[3])), nil
}

func original6(fd int) (netip.AddrPort, error) {
	answer, err := unix.GetsockoptIPv6MTUInfo(fd, unix.IPPROTO_IPV6, unix.SO_ORIGINAL_DST)
	if err != nil {
		return netip.AddrPort{}, err
	}
	port := answer.Addr.Port // in the order of the network
	return netip.AddrPortFrom(netip.AddrFrom16(answer.Addr.Addr), port<<8|port>>8), nil
}
