package report

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"
)

func TestSpelled(t *testing.T) {
	for text, want := range map[string]string{
		"":                     "",
		"2.4s":                 "2.40 s",
		"8.27ms":               "8.3 ms",
		"within 20s":           "within 20 s",
		"p99 at most 1m30s":    "p99 at most 1 min 30 s",
		"10m0s":                "10 min",
		"1h2m3s":               "1 h 02 min",
		"450µs":                "0.45 ms",
		"99.9166% of (5s)":     "99.9166 % of (5 s)",
		"over 5s; 10ms, 3s: x": "over 5 s; 10 ms, 3 s: x",
		"it took 5s.":          "it took 5 s.",
		"5s–10s":               "5 s–10 s",
		"web-5s, v1.5s, /5s/":  "web-5s, v1.5s, /5s/",
		"10s-timeout a5s 5sx":  "10s-timeout a5s 5sx",
		"100m of a processor":  "100m of a processor",
		"30 s and 3 %":         "30 s and 3 %",
	} {
		assert.Equal(t, want, strings.ReplaceAll(spelled(text), "\u00a0", " "), text)
	}
	assert.Equal(t, "below 50\u00a0% over 5\u00a0s", spelled("below 50% over 5s"), "they stay on one line")
}

// TestBoundsAreExact: what was asked for is not rounded.
func TestBoundsAreExact(t *testing.T) {
	for text, want := range map[string]string{"within 1.234567s": "within 1.234567s", "within 20s": "within 20 s", "within 1m30s": "within 1 min 30 s", "1m30.5s": "1m30.5s", "1h2m3s": "1h2m3s", "1h2m0s": "1 h 02 min"} {
		assert.Equal(t, want, strings.ReplaceAll(exactly(text), "\u00a0", " "), text)
	}
}

// TestSpellingKeepsNames: whatever a name is made of, nothing of it is lost.
func TestSpellingKeepsNames(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringMatching(`[a-z]([-a-z0-9./_=]{0,20}[a-z0-9])?`).Draw(t, "name")
		if got := spelled("latency of " + name + " was 2.4s"); got != "latency of "+name+" was 2.40\u00a0s" {
			t.Fatalf("%q became %q", name, got)
		}
	})
}
