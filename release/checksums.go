package release

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// asset is a file that is published, and whose checksum is.
type asset struct {
	name, sha256 string
}

func sum(content []byte) string {
	digest := sha256.Sum256(content)
	return hex.EncodeToString(digest[:])
}

// checksums are those of all files, as sha256sum --check reads them.
func checksums(assets []asset) string {
	sorted := slices.SortedFunc(slices.Values(assets), func(a, b asset) int { return strings.Compare(a.name, b.name) })
	var text strings.Builder
	for _, a := range sorted {
		fmt.Fprintf(&text, "%s  %s\n", a.sha256, a.name)
	}
	return text.String()
}
