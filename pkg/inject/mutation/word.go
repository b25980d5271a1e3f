package mutation

import (
	"regexp"
	"strings"
	"sync"
)

// readWord reads a value that is one word or number as a whole, with space around it.
func readWord(source []byte) ([]leaf, bool) {
	word := strings.TrimSpace(string(source))
	if word == "" || len(strings.Fields(word)) != 1 {
		return nil, false
	}
	start := strings.Index(string(source), word)
	return []leaf{{kind: looks(word), value: word, start: start, end: start + len(word)}}, true
}

var numeral = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?$`)
})

// looks is the type of what is all text, by what it looks like.
func looks(value string) kind {
	switch {
	case numeral().MatchString(value):
		return number
	case strings.EqualFold(value, "true"), strings.EqualFold(value, "false"):
		return boolean
	}
	return text
}
