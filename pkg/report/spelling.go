package report

import (
	"regexp"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// patterns are made when they are asked for: most commands write no page.
var patterns = sync.OnceValue(func() (p struct{ unit, probability, tight, golang *regexp.Regexp }) {
	p.unit = regexp.MustCompile(`(\d) (s|ms|min|h|%|pp)`)
	p.probability = regexp.MustCompile(`\bp = (\d)`)
	p.tight = regexp.MustCompile(`(\d)%`)
	p.golang = regexp.MustCompile(`(?:\d+h)?(?:\d+m)?\d+(?:\.\d+)?(?:ms|µs|ns|s)`)
	return p
})

// unbroken keeps numbers and their units on one line.
func unbroken(s string) string {
	p := patterns()
	return p.probability.ReplaceAllString(p.unit.ReplaceAllString(s, "$1\u00a0$2"), "p\u00a0=\u00a0$1")
}

// spelled writes durations and percentages as the rest of a page does: 2.40 s for 2.4s, 99.5 % for 99.5%. Verdicts and experiments
// have them as Go and YAML do. What is part of a name or a number stays as it is.
func spelled(s string) string { return unbroken(spell(s, false)) }

// exactly is spelled without rounding, for what somebody has asked for.
func exactly(s string) string { return unbroken(spell(s, true)) }

func spell(s string, exact bool) string {
	s = patterns().tight.ReplaceAllString(s, "$1 %")
	var b strings.Builder
	done := 0
	for _, at := range patterns().golang.FindAllStringIndex(s, -1) {
		if !standsAlone(s, at[0], at[1]) {
			continue
		}
		d, err := time.ParseDuration(s[at[0]:at[1]])
		if err != nil {
			continue
		}
		words := whole.Replace(seconds(d.Seconds()))
		if back, err := time.ParseDuration(unspelled.Replace(words)); exact && (err != nil || back != d) {
			words = d.String()
		}
		b.WriteString(s[done:at[0]] + words)
		done = at[1]
	}
	return b.String() + s[done:]
}

// unspelled turns words back into what Go reads.
var unspelled = strings.NewReplacer(" min", "m", " ", "")

// standsAlone says that a part of a text is a word of its own, and not one of a name, a number or a path.
func standsAlone(s string, from, to int) bool {
	before, _ := utf8.DecodeLastRuneInString(s[:from])
	after, size := utf8.DecodeRuneInString(s[to:])
	if after == '.' && (to+size == len(s) || s[to+size] == ' ') {
		after = ' ' // it ends the sentence
	}
	return (from == 0 || strings.ContainsRune(" (\u00a0–±≤≥", before)) && (to == len(s) || strings.ContainsRune(" )\u00a0–,;:", after))
}
