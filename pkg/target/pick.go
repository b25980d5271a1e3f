package target

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
)

// Draw is one random choice of a run: the same seed and label choose alike, whatever order the candidates come in.
type Draw struct {
	Seed int64
	// Label tells the choices of a run apart: the fault's name and the number of the injection.
	Label string
	// Prefer holds keys that come before all others: those of a plan that is to be kept to.
	Prefer map[string]bool
}

// Pick chooses n of the candidates. Each candidate is ranked by a hash of the draw and its key (a UID), so the choice
// depends neither on the order of the list nor on which other candidates there are beside it.
func Pick[T any](draw Draw, candidates []T, n int, key func(T) string) []T {
	type ranked struct {
		preferred bool
		rank      uint64
		key       string
		item      T
	}
	all := make([]ranked, 0, len(candidates))
	for _, c := range candidates {
		all = append(all, ranked{draw.Prefer[key(c)], draw.rank(key(c)), key(c), c})
	}
	slices.SortFunc(all, func(a, b ranked) int {
		if a.preferred != b.preferred {
			if a.preferred {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.key, b.key))
	})
	picked := make([]T, 0, n)
	for _, r := range all[:min(n, len(all))] {
		picked = append(picked, r.item)
	}
	return picked
}

func (d Draw) rank(key string) uint64 {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d\x00%s\x00%s", d.Seed, d.Label, key))
	return binary.BigEndian.Uint64(sum[:8])
}
