package compare

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"github.com/chaosctl/chaosctl/pkg/report"
)

// kept names a directory for the pages of the samples, to be looked at: go test ./pkg/compare -run Kept -keep DIR
var kept = flag.String("keep", "", "a directory to write the sample pages to")

func comparisons(t *testing.T) map[string]*Comparison {
	t.Helper()
	slower := func(i int, r *recorded) { r.recovery *= 1.8; r.failures += 80; r.censored = i == 3 }
	long := set("head", 5, nil)
	long.Path = strings.Repeat("chaosctl-runs/", 20)
	return map[string]*Comparison{
		"pass": Compare(set("base", 5, nil), long, usual(t)), "fail": Compare(set("base", 5, nil), set("head", 5, slower), usual(t)),
		"unknown": Compare(set("base", 1, nil), set("head", 1, slower), gates(t, "recovery=+20%,outage=+500ms")),
		"empty":   Compare(&Set{Path: "a"}, &Set{Path: "b"}, usual(t)), "plain": Compare(set("base", 3, nil), set("head", 3, slower), Options{}),
		"hostile": hostile(t),
	}
}

const attack = "--></title></style></svg><script>alert(1)</script><img src=x onerror=alert(1)>\"'`|[x](javascript:alert(1))\n\x1b[31m\u202egnp\x00\xff"

func hostile(t *testing.T) *Comparison {
	t.Helper()
	s := set("head", 40, nil)
	s.Path = strings.Repeat(attack, 1000)
	for i, r := range s.Runs {
		r.Result.RunID += attack
		r.Result.Experiment = report.ExperimentRef{Name: attack, SHA256: strings.Repeat(attack, i+1), Target: attack}
		r.Result.Streams[0].Name = attack
		r.Result.Streams[0].Connections = strings.Repeat(attack, i)
		r.Result.Streams[0].Starved = i%3 == 0
		r.Result.Changes[0].Fault, r.Result.Cluster.Version = attack, attack
		r.Result.Verdict = report.Verdict(attack)
	}
	s.Runs[1].Result.Changes[0].Proof = "failed"
	return Compare(set("base", 3, nil), s, gates(t, "recovery=+20%,availability=-0.1pp"))
}

func TestPagesCanBeKept(t *testing.T) {
	if *kept == "" {
		t.Skip("without -keep nothing is written")
	}
	for name, c := range comparisons(t) {
		var out bytes.Buffer
		require.NoError(t, WriteHTML(&out, c, "v0.1.0"))
		require.NoError(t, os.WriteFile(filepath.Join(*kept, "compare-"+name+".html"), out.Bytes(), 0o644))
	}
}

// TestPagesAreInert: nothing in a page runs, loads or sends anything, whatever the runs are called.
func TestPagesAreInert(t *testing.T) {
	for name, c := range comparisons(t) {
		var out bytes.Buffer
		require.NoError(t, WriteHTML(&out, c, "v0.1.0"))
		assert.Less(t, out.Len(), 1_500_000)
		assert.NotContains(t, out.String(), "\u202e")
		root, err := html.Parse(&out)
		require.NoError(t, err)
		policy, ids := "", map[string]bool{}
		for n := range root.Descendants() {
			if n.Type != html.ElementNode {
				continue
			}
			assert.NotContains(t, []string{"script", "iframe", "object", "embed", "form", "input", "img", "image", "use", "base", "foreignobject"}, n.Data, name)
			for _, a := range n.Attr {
				assert.False(t, strings.HasPrefix(a.Key, "on") || a.Key == "style" || a.Key == "src", "%s: %s=%q", name, a.Key, a.Val)
				switch a.Key {
				case "href":
					assert.True(t, strings.HasPrefix(a.Val, "#") || strings.HasPrefix(a.Val, "data:image/svg+xml,"), a.Val)
				case "id":
					assert.False(t, ids[a.Val], "%s is there twice", a.Val)
					ids[a.Val] = true
				case "content":
					if strings.Contains(a.Val, "default-src") {
						policy = a.Val
					}
				}
			}
		}
		assert.True(t, strings.HasPrefix(policy, "default-src 'none'; style-src 'sha256-"), policy)
	}
}

func TestPageTellsTheComparison(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, WriteHTML(&out, comparisons(t)["fail"], "v0.1.0"))
	root, err := html.Parse(&out)
	require.NoError(t, err)
	var text strings.Builder
	for n := range root.Descendants() {
		if n.Type == html.TextNode {
			text.WriteString(n.Data)
		}
	}
	for _, want := range []string{"Regression: recovery went from", "gate recovery=+20%", "head-3", "Mann-Whitney", "Newcombe", "a regression beyond a gate"} {
		assert.Contains(t, text.String(), want)
	}
}

func TestMarkdownStandsForItself(t *testing.T) {
	for name, c := range comparisons(t) {
		var out bytes.Buffer
		require.NoError(t, WriteMarkdown(&out, c))
		assert.True(t, strings.HasPrefix(out.String(), "## "), name)
		assert.Less(t, out.Len(), 64<<10, name)
		assert.NotContains(t, out.String(), "<", name)
		assert.NotRegexp(t, `[^\\]\]\(`, out.String(), name)
		for line := range strings.Lines(out.String()) {
			if strings.HasPrefix(line, "|") && !strings.HasPrefix(line, "| ---") && name != "hostile" {
				assert.Equal(t, 8, strings.Count(line, "|"), line)
			}
		}
	}
}

func TestTextEndsWithTheVerdict(t *testing.T) {
	for name, c := range comparisons(t) {
		var out bytes.Buffer
		require.NoError(t, WriteText(&out, c))
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		assert.True(t, strings.HasPrefix(lines[len(lines)-1], "verdict "), "%s: %s", name, lines[len(lines)-1])
		assert.False(t, strings.ContainsAny(out.String(), "\x1b\x00\u202e"), name)
	}
}

// TestJSONIsWhole: what is written can be read back, and lists are never null.
func TestJSONIsWhole(t *testing.T) {
	for name, c := range comparisons(t) {
		text, err := json.Marshal(c)
		require.NoError(t, err, name)
		assert.NotContains(t, string(text), "null", name)
		var read Comparison
		require.NoError(t, json.Unmarshal(text, &read))
		assert.Equal(t, c.ExitCode, read.ExitCode)
		assert.True(t, slices.EqualFunc(c.Figures, read.Figures, func(a, b Figure) bool { return a.Verdict == b.Verdict && a.Why == b.Why || name == "hostile" }))
	}
}

func TestShift(t *testing.T) {
	for want, f := range map[string]Figure{
		"+50 %": timed(2, 3), "−50 %": timed(2, 1), "none": timed(2, 2), "+500 ms": timed(0, 0.5), "+5.0 %": timed(2, 2.1), "+under 0.1 %": timed(2, 2.0001), "–": {Metric: P99},
	} {
		assert.Equal(t, want, f.Shift())
	}
	for want, d := range map[string]float64{"−0.50 pp": -0.005, "+12.00 pp": 0.12, "0 pp": 0, "−0.012 pp": -0.00012, "−0.0010 pp": -0.00001} {
		assert.Equal(t, want, points(d))
	}
}

func timed(base, head float64) Figure {
	f := Figure{Metric: Recovery}
	f.change(base, head)
	return f
}
