package netfilter

import (
	"net/netip"
	"slices"
)

// disjoint are the prefixes of one family without those that lie in others, in order.
func disjoint(all []netip.Prefix, four bool) []netip.Prefix {
	var family []netip.Prefix
	for _, p := range all {
		if p.Addr().Is4() == four {
			family = append(family, p.Masked())
		}
	}
	slices.SortFunc(family, func(a, b netip.Prefix) int {
		if c := a.Addr().Compare(b.Addr()); c != 0 {
			return c
		}
		return a.Bits() - b.Bits()
	})
	var kept []netip.Prefix
	for _, p := range family {
		if n := len(kept); n == 0 || !kept[n-1].Overlaps(p) {
			kept = append(kept, p)
		}
	}
	return kept
}

// beyond is the first address after a prefix; invalid where there is none.
func beyond(p netip.Prefix) netip.Addr {
	last := p.Masked().Addr().AsSlice()
	for bit := p.Bits(); bit < len(last)*8; bit++ {
		last[bit/8] |= 0x80 >> (bit % 8)
	}
	end, _ := netip.AddrFromSlice(last)
	return end.Next()
}
