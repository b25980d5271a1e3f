package report

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"
)

func suites() map[string]*Suite {
	entry := func(m *Model, promise string) SuiteEntry {
		e := EntryOf(&m.Result, m.RunID)
		e.Promise = promise
		return e
	}
	db := entry(killedRun(), "rollout")
	mixed := &Suite{Version: "v0.1.0", Entries: []SuiteEntry{
		entry(passingKill(), "self-healing"), entry(failingKill(), "self-healing"), entry(unknownRun(), "scaling"), entry(abortedRun(), "load-balancing"), db,
		{Experiment: "config-garbage", Promise: "configuration", Target: "shop/deployment/web", ExitCode: 5, Why: "the configuration settings is not there; nothing was changed"},
	}}
	bad := &Suite{Name: attack, Version: attack}
	for range 3 {
		bad.Entries = append(bad.Entries, SuiteEntry{attack, attack, attack, Verdict(attack), UndoState(attack), 1, attack + "/../javascript:alert(1)", began, attack})
	}
	many := &Suite{Name: "game day shop"}
	for i := range 1000 {
		e := entry(passingKill(), Promises()[i%5])
		e.Target = "shop/deployment/" + strings.Repeat("web", 60) + string(rune('a'+i%26)) + string(rune('a'+i/26))
		e.Why = strings.Repeat("<&", 400)
		many.Entries = append(many.Entries, e)
	}
	return map[string]*Suite{
		"mixed": mixed, "pass": {Name: "game day shop", Version: "v0.1.0", Entries: []SuiteEntry{entry(passingKill(), "self-healing"), entry(drainRun(), "self-healing"), entry(longRun(), "load-balancing")}},
		"none": {}, "hostile": bad, "many": many,
	}
}

func renderSuite(t *testing.T, s *Suite) []byte {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, WriteSuite(&out, s))
	return out.Bytes()
}

func TestSuitesCanBeKept(t *testing.T) {
	if *keep == "" {
		t.Skip("without -keep nothing is written")
	}
	for name, s := range suites() {
		require.NoError(t, os.WriteFile(filepath.Join(*keep, "suite-"+name+".html"), renderSuite(t, s), 0o644))
	}
}

// TestSuiteIsInert: the page of a suite does nothing but link to the reports beside it, whatever the experiments are called.
func TestSuiteIsInert(t *testing.T) {
	for name, s := range suites() {
		page := renderSuite(t, s)
		assert.LessOrEqual(t, len(page), longestPage, name)
		assert.NotContains(t, string(page), "\u202e")
		policies := 0
		for _, n := range elements(parse(t, page)) {
			assert.NotContains(t, []string{"script", "iframe", "object", "embed", "form", "input", "img", "image", "use", "base", "foreignobject", "svg"}, n.Data, name)
			if attribute(n, "http-equiv") == "Content-Security-Policy" {
				policies++
				assert.Contains(t, attribute(n, "content"), "default-src 'none'; style-src 'sha256-")
			}
			for _, a := range n.Attr {
				assert.False(t, strings.HasPrefix(a.Key, "on") || a.Key == "style" || a.Key == "src", "%s: %s=%q", name, a.Key, a.Val)
				if a.Key != "href" {
					continue
				}
				if n.Data == "a" && a.Val != "#main" {
					assert.Regexp(t, `^\./[^?#]+/report\.html$`, a.Val, name)
				} else {
					assert.Regexp(t, `^(#main|data:image/svg\+xml,.*)$`, a.Val, name)
				}
			}
		}
		assert.Equal(t, 1, policies)
	}
}

// TestSuiteShowsEveryCell: each promise of each workload has a cell, with its verdicts and links, or the words that it was not
// tested.
func TestSuiteShowsEveryCell(t *testing.T) {
	root := parse(t, renderSuite(t, suites()["mixed"]))
	cells := map[string]string{}
	links := map[string][]string{}
	var matrix *html.Node
	for _, n := range elements(root) {
		if n.Data == "table" && strings.Contains(attribute(n, "class"), "matrix") {
			matrix = n
		}
	}
	require.NotNil(t, matrix)
	workload := ""
	for n := range matrix.Descendants() {
		switch {
		case n.Type != html.ElementNode:
		case n.Data == "th" && attribute(n, "scope") == "row":
			workload = strings.TrimSpace(text(n))
		case n.Data == "td":
			key := workload + " " + attribute(n, "data-label")
			cells[key] = strings.Join(strings.Fields(text(n)), " ")
			for d := range n.Descendants() {
				if d.Data == "a" {
					links[key] = append(links[key], attribute(d, "href"))
				}
			}
		}
	}
	require.Len(t, cells, 15, "three workloads, five promises: %v", cells)
	assert.Equal(t, "✓pass web-survives-pod-kill", cells["shop/deployment/web self-healing"])
	assert.Equal(t, []string{"./20261123-132004-web-survives-pod-kill/report.html"}, links["shop/deployment/web self-healing"])
	assert.Equal(t, "✕fail single-replica-kill", cells["shop/deployment/cart self-healing"])
	assert.Equal(t, "not run config-garbage", cells["shop/deployment/web configuration"])
	assert.Equal(t, "?unknown killed not put back", cells["shop/statefulset/db rollout"])
	for _, untested := range []string{"shop/deployment/web rollout", "shop/deployment/cart rollout", "shop/statefulset/db configuration"} {
		assert.Equal(t, "not tested", cells[untested])
		assert.Empty(t, links[untested])
	}
	page := text(root)
	for _, want := range []string{"Failed: of 6 experiments, 1 failed, 1 aborted, 2 unknown, 1 not run, 1 passed", "3 of 15", "2 not put back", "nothing was changed"} {
		assert.Contains(t, page, want)
	}
}

func TestSuiteVerdict(t *testing.T) {
	of := func(all ...Verdict) Verdict {
		s := &Suite{}
		for _, v := range all {
			s.Entries = append(s.Entries, SuiteEntry{Verdict: v})
		}
		return s.verdict()
	}
	assert.Equal(t, Unknown, of(), "nothing is no pass")
	assert.Equal(t, Pass, of(Pass, Pass))
	assert.Equal(t, Unknown, of(Pass, ""), "nor is what was not run")
	assert.Equal(t, Unknown, of(Pass, "odd"))
	assert.Equal(t, Aborted, of(Unknown, Aborted, Pass))
	for _, order := range [][]Verdict{{Fail, Aborted}, {Aborted, Fail, Unknown}} {
		assert.Equal(t, Fail, of(order...))
		slices.Reverse(order)
		assert.Equal(t, Fail, of(order...))
	}
}
