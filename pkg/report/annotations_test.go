package report

import (
	"bytes"
	"encoding/xml"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func annotationsOf(t *testing.T, r *Result, file string) []string {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, WriteAnnotations(&out, r, file))
	if out.Len() == 0 {
		return nil
	}
	return strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
}

func TestAnnotations(t *testing.T) {
	assert.Empty(t, annotationsOf(t, &passingKill().Result, ""))
	failed := annotationsOf(t, &failingKill().Result, "a,b:c.yaml")
	require.Len(t, failed, 3)
	assert.True(t, strings.HasPrefix(failed[0], "::error file=a%2Cb%3Ac.yaml,title=single-replica-kill::Failed: 90.51 %25 of "), failed[0])
	assert.Equal(t, "::error file=a%2Cb%3Ac.yaml,title=single-replica-kill%3A availability of cart::90.6 %25, where the bound is ≥ 99.9 %25. 654 of 7,000 requests failed, where 7 were allowed", failed[1])
	assert.True(t, strings.HasPrefix(annotationsOf(t, &unknownRun().Result, "")[0], "::warning title="))
	aborted := annotationsOf(t, &abortedRun().Result, "")
	assert.Equal(t, "::error title=zone-outage%3A not put back::Not everything is put back. Run: chaosctl recover", aborted[0])
	assert.True(t, strings.HasPrefix(aborted[1], "::error title=zone-outage::Aborted"), aborted[1])
	diverged := passingKill().Result
	diverged.Undo = UndoDiverged
	assert.Contains(t, annotationsOf(t, &diverged, "")[0], "::warning title=web-survives-pod-kill%3A put back in part::")
}

// TestMendsGoWhereReadersAre: what broke, why, and what would have prevented it stand in the annotation of the run, and in each
// failed case.
func TestMendsGoWhereReadersAre(t *testing.T) {
	r := failingKill().Result
	r.Explanation = &Explanation{Broke: "9 of 10 % were refused.\n::error::", Why: "<b> stopped at once.", Mend: "A preStop delay of 2 s."}
	headline := annotationsOf(t, &r, "")[0]
	assert.Contains(t, headline, "%0AWhat broke: 9 of 10 %25 were refused. ::error::%0AWhy: <b> stopped at once.%0AWhat would mend it: A preStop delay of 2 s.")

	var file bytes.Buffer
	require.NoError(t, WriteJUnit(&file, &r))
	assert.Empty(t, validateJUnit(file.Bytes()))
	var read junitSuites
	require.NoError(t, xml.Unmarshal(file.Bytes(), &read))
	const told = "What broke: 9 of 10 % were refused. ::error::\nWhy: <b> stopped at once.\nWhat would mend it: A preStop delay of 2 s.\n"
	assert.Equal(t, told, read.Suites[0].Output)
	failed := 0
	for _, c := range read.Suites[0].Cases {
		if c.Failure != nil && c.Failure.Type != string(UndoIncomplete) {
			failed++
			assert.Contains(t, c.Failure.Text, "\n\n"+told, c.Name)
		}
	}
	assert.NotZero(t, failed)
}

// TestAnnotationsAreLinesOfOurs: what the cluster says begins no command, and there are not more than are shown.
func TestAnnotationsAreLinesOfOurs(t *testing.T) {
	const command = "x\r\n::stop-commands::y\n::add-mask::z%0A::error::"
	lines := annotationsOf(t, &hostile(command, 40).Result, command)
	assert.Len(t, lines, mostAnnotations)
	for _, line := range lines {
		assert.Regexp(t, `^::(error|warning) file=[^,:\r\n]*,title=[^,:\r\n]*::[^\r\n]*$`, line)
	}
}

func TestAnnotationLines(t *testing.T) {
	for want, a := range map[string]Annotation{
		"::error title=t::m":                                     {Level: "error", Title: "t", Message: "m"},
		"::error file=a.yaml,line=3,col=5,title=t::m":            {Level: "error", File: "a.yaml", Line: 3, Column: 5, Title: "t", Message: "m"},
		"::warning file=a.yaml,title=t%2C u::100 %25 of a: b, c": {Level: "warning", File: "a.yaml", Column: 5, Title: "t, u", Message: "100 % of a: b, c"},
		"::error title=t::a b":                                   {Level: "error", Line: 3, Title: "t", Message: "a\nb"},
	} {
		assert.Equal(t, want, a.String())
	}
}

func TestSparkline(t *testing.T) {
	s := StreamSeries{Width: 1}
	for i, failures := range []uint64{0, 10, 9, 1, 0} {
		s.Buckets = append(s.Buckets, Bucket{Start: at(float64(i)), Requests: 10, Failures: failures})
	}
	s.Buckets[4].Requests = 0
	whole := span{0, 5}
	assert.Equal(t, "█▁▁▇·", sparkline(s, whole))
	m := &Model{Spans: []Span{{"steady", 0, at(1)}, {"fault", at(1), at(3)}, {"recovery", at(3), at(4)}}}
	assert.Equal(t, "sffr·", phaseline(m.Spans, s, whole))
	assert.Empty(t, sparkline(StreamSeries{}, whole))
}

// TestSparklineHidesNoOutage: however long the run, a single failure is seen.
func TestSparklineHidesNoOutage(t *testing.T) {
	m := longRun()
	for _, s := range m.Series {
		drawn := sparkline(s, wholeRun(m))
		assert.Len(t, []rune(drawn), sparkWidth)
		assert.Equal(t, 1, strings.Count(drawn, "▇"), "%s: %s", s.Connections, drawn)
	}
}

// TestSummaryStaysSmall: with the longest of everything it has all its parts, and less than 64 KiB.
func TestSummaryStaysSmall(t *testing.T) {
	cut := false
	for _, s := range []string{"x", "&", "😀", "<|>", strings.Repeat("&", 5000), strings.Repeat("😀", 5000), strings.Repeat("<|", 5000), strings.Repeat(attack, 500)} {
		for _, n := range []int{1, 20, 150} {
			m := hostile(s, min(n, 5))
			for len(m.Expectations) < n {
				m.Expectations, m.Recoveries = append(m.Expectations, m.Expectations...), append(m.Recoveries, m.Recoveries...)
				m.Reasons, m.Streams = append(m.Reasons, m.Reasons...), append(m.Streams, m.Streams...)
			}
			var out bytes.Buffer
			require.NoError(t, WriteMarkdown(&out, m))
			assert.LessOrEqual(t, out.Len(), longestSummary, "%.8s, %d of each", s, n)
			assert.Contains(t, out.String(), "### Undo", "%.8s, %d of each", s, n)
			assert.Contains(t, out.String(), "Exit code ")
			cut = cut || strings.Contains(out.String(), "This was cut")
		}
	}
	assert.True(t, cut, "some of these are longer than a summary may be")
}
