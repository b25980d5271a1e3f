package mutation

import (
	"slices"
	"strings"
)

// opposite is that of a word, in the word's own case. A word that has none is spelled backwards; empty means that it reads
// the same.
func opposite(word string) string {
	for _, pair := range [][2]string{
		{"true", "false"}, {"yes", "no"}, {"on", "off"}, {"open", "closed"}, {"enabled", "disabled"}, {"enable", "disable"},
		{"allow", "deny"}, {"always", "never"}, {"all", "none"}, {"active", "inactive"}, {"up", "down"}, {"strict", "lenient"},
		{"primary", "secondary"}, {"read-write", "read-only"}, {"production", "development"},
	} {
		for i, one := range pair {
			for _, spell := range []func(string) string{strings.ToLower, strings.ToUpper, capitalised} {
				if word == spell(one) {
					return spell(pair[1-i])
				}
			}
		}
	}
	backwards := []rune(word)
	slices.Reverse(backwards)
	if string(backwards) == word {
		return ""
	}
	return string(backwards)
}

func capitalised(word string) string { return strings.ToUpper(word[:1]) + word[1:] }

// negated is a number with the other sign; empty where that is the same number.
func negated(number string) string {
	if !strings.ContainsAny(number, "123456789") {
		return ""
	}
	if positive, ok := strings.CutPrefix(number, "-"); ok {
		return positive
	}
	return "-" + strings.TrimPrefix(number, "+")
}
