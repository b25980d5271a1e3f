package netfilter

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestDisjoint(t *testing.T) {
	var all []netip.Prefix
	for _, p := range []string{"10.1.2.3/32", "fd00::/64", "10.0.0.0/8", "10.9.9.9/16", "9.0.0.1/32", "11.0.0.0/8", "fd00::1/128", "9.0.0.1/32"} {
		all = append(all, netip.MustParsePrefix(p))
	}
	texts := func(prefixes []netip.Prefix) (found []string) {
		for _, p := range prefixes {
			found = append(found, p.String())
		}
		return found
	}
	assert.Equal(t, []string{"9.0.0.1/32", "10.0.0.0/8", "11.0.0.0/8"}, texts(disjoint(all, true)))
	assert.Equal(t, []string{"fd00::/64"}, texts(disjoint(all, false)))
}

func TestBeyond(t *testing.T) {
	for prefix, want := range map[string]string{
		"10.0.0.0/8": "11.0.0.0", "10.0.0.255/32": "10.0.1.0", "10.0.0.0/31": "10.0.0.2", "0.0.0.0/0": "invalid IP", "255.255.255.255/32": "invalid IP",
		"fd00::/64": "fd00:0:0:1::", "::/0": "invalid IP",
	} {
		assert.Equal(t, want, beyond(netip.MustParsePrefix(prefix)).String(), prefix)
	}
}
