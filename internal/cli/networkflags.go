package cli

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// ports is a flag with a port, which may be given several times.
type ports []uint16

func (p *ports) String() string { return strings.Trim(fmt.Sprint([]uint16(*p)), "[]") }

// Set adds one.
func (p *ports) Set(text string) error {
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil || port == 0 {
		return fmt.Errorf("%q is no port", text)
	}
	*p = append(*p, uint16(port))
	return nil
}

// Type is shown in the help.
func (*ports) Type() string { return "port" }

// peers is a flag with addresses, which may be given several times.
type peers []netip.Prefix

func (p *peers) String() string { return strings.Trim(fmt.Sprint([]netip.Prefix(*p)), "[]") }

// Set adds a prefix.
func (p *peers) Set(text string) error {
	prefix, err := netip.ParsePrefix(text)
	if err != nil {
		return err
	}
	*p = append(*p, prefix)
	return nil
}

// Type is shown in the help.
func (*peers) Type() string { return "CIDR" }
