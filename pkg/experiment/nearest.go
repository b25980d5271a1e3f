package experiment

import (
	"fmt"
	"math"
	"strings"
)

// didYouMean is the hint that names the candidate nearest to what was written; "" where none is near.
func didYouMean(written string, candidates []string) string {
	if best := nearest(written, candidates); best != "" {
		return fmt.Sprintf("did you mean %q?", best)
	}
	return ""
}

// nearest is the candidate that was most likely meant, "" where none is likely. Case and separators count for nothing,
// as podkill and pod-kill both mean podKill; a part of a candidate is near to it, as deploy means deployment and
// healing self-healing.
func nearest(written string, candidates []string) string {
	word := plain(written)
	best, least := "", math.MaxInt
	for _, candidate := range candidates {
		other := plain(candidate)
		limit := max(1, max(len(word), len(other))/3)
		d := limit + 1
		switch apart := len(word) - len(other); {
		case len(word) >= 3 && strings.HasPrefix(other, word), len(word) >= 4 && strings.Contains(other, word):
			d = min(1, -apart)
		case -limit <= apart && apart <= limit:
			d = distance(word, other)
		}
		if d <= limit && d < least {
			best, least = candidate, d
		}
	}
	return best
}

func plain(s string) string {
	return strings.ToLower(strings.NewReplacer("-", "", "_", "", " ", "").Replace(s))
}

// distance is the number of letters to insert, delete, replace or swap with their neighbour to make b out of a.
func distance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}

// enumerate is a list as a sentence has it: a, b or c.
func enumerate(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " or " + names[len(names)-1]
}
