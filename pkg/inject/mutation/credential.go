package mutation

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/chaosctl/chaosctl/pkg/target"
)

const (
	digits      = "0123456789"
	lower       = "abcdefghijklmnopqrstuvwxyz"
	upper       = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	punctuation = "!#%+,-.:;=?@_~"
)

// credential replaces all characters of a value, or of one inside, that a credential is made of.
func (m Mutation) credential(original []byte) (Broken, error) {
	if m.At != "" {
		return m.inside(original, func(l leaf, draw target.Draw) (leaf, bool) {
			other, ok := otherCredential(l.value, draw)
			l.value = other
			return l, ok && (l.kind == text || l.kind == number)
		})
	}
	other, ok := otherCredential(string(original), m.Draw)
	if !ok {
		return Broken{}, notApplicable("the value has no letters and digits that others could take the place of")
	}
	return Broken{Value: []byte(other)}, nil
}

// otherCredential draws another credential of the same length and alphabet. It is drawn of the seed alone, so that
// whoever sees it, in the log of an application that was refused, learns nothing of the right one.
func otherCredential(right string, draw target.Draw) (string, bool) {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d\x00%s\x00credential", draw.Seed, draw.Label))
	random := rand.New(rand.NewPCG(binary.BigEndian.Uint64(sum[:8]), binary.BigEndian.Uint64(sum[8:16]))) //nolint:gosec // a seed can be given again
	classes := alphabetOf(right)
	other := []byte(right)
	last, alphabet := -1, ""
	for i := range other {
		drawn := random.Uint32() // one for each place, whatever stands there
		for _, class := range classes {
			if strings.IndexByte(class, right[i]) >= 0 {
				other[i] = class[drawn%uint32(len(class))] //nolint:gosec // a class is short
				last, alphabet = i, class
			}
		}
	}
	if last < 0 {
		return "", false
	}
	if string(other) == right {
		other[last] = alphabet[(strings.IndexByte(alphabet, right[last])+1)%len(alphabet)]
	}
	return string(other), true
}

// alphabetOf are the classes of characters of which each is replaced with one of its own: what stands between letters and
// digits stays, if there are any, and what is hexadecimal stays so.
func alphabetOf(value string) []string {
	switch {
	case !strings.ContainsAny(value, digits+lower+upper):
		return []string{punctuation}
	case strings.Trim(value, digits+lower[:6]+"-:\n") == "":
		return []string{digits, lower[:6]}
	case strings.Trim(value, digits+upper[:6]+"-:\n") == "":
		return []string{digits, upper[:6]}
	}
	return []string{digits, lower, upper}
}
