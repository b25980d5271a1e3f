package history

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/report"
)

func table(t *testing.T, runs []Run, width int) string {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, WriteText(&out, "chaosctl-runs", runs, Style{Width: width}))
	return out.String()
}

func TestTable(t *testing.T) {
	t.Parallel()
	long := aResult(1)
	long.RunID, long.Experiment.Name, long.Verdict, long.Undo = "20260301-110000-the-whole-zone-is-gone-x7k2", "the-whole-zone-is-gone", report.Aborted, report.UndoIncomplete
	long.Recoveries[0].Total, long.Recoveries[0].Reached = nil, 125
	unmeasured := aResult(2)
	unmeasured.Streams, unmeasured.Recoveries, unmeasured.Verdict = nil, nil, report.Unknown
	runs := []Run{runOf(aResult(0), "r000"), runOf(long, long.RunID), runOf(unmeasured, "r002")}
	assert.Equal(t, `STARTED (UTC)     EXPERIMENT              PROMISE       TARGET               VERDICT    AVAILABLE  OUTAGE  RECOVERY      UNDO        REPORT
2026-03-01 10:00  pod-kill                self-healing  shop/deployment/web  ✓ pass     99.9 %     750 ms  4.50 s        clean       chaosctl-runs/r000
2026-03-01 11:00  the-whole-zone-is-gone  self-healing  shop/deployment/web  ■ aborted  99.9 %     750 ms  ≥ 2 min 05 s  incomplete  chaosctl-runs/20260301-110000-the-whole-zone-is-gone-x7k2
2026-03-01 12:00  pod-kill                self-healing  shop/deployment/web  ? unknown  –          –       –             clean       chaosctl-runs/r002
`, table(t, runs, 0))
	assert.Equal(t, table(t, runs, 0), table(t, runs, 300), "where there is room, a terminal shows as much")
	assert.Equal(t, `STARTED (UTC)     EXPERIMENT              VERDICT    AVAILABLE  OUTAGE  RECOVERY
2026-03-01 10:00  pod-kill                ✓ pass     99.9 %     750 ms  4.50 s
  clean  self-healing  shop/deployment/web  chaosctl-runs/r000
2026-03-01 11:00  the-whole-zone-is-gone  ■ aborted  99.9 %     750 ms  ≥ 2 min 05 s
  incomplete  self-healing  shop/deployment/web  chaosctl-runs/20260301-110000-the-whole-zone-is-gone-x7k2
2026-03-01 12:00  pod-kill                ? unknown  –          –       –
  clean  self-healing  shop/deployment/web  chaosctl-runs/r002
`, table(t, runs, 110))
	assert.Equal(t, `STARTED (UTC)     EXPERIMENT          VERDICT    AVAILABLE  OUTAGE  RECOVERY
2026-03-01 10:00  pod-kill            ✓ pass     99.9 %     750 ms  4.50 s
  clean  self-healing  shop/deployment/web
  chaosctl-runs/r000
2026-03-01 11:00  the-whole-zone-is…  ■ aborted  99.9 %     750 ms  ≥ 2 min 05 s
  incomplete  self-healing  shop/deployment/web
  chaosctl-runs/20260301-110000-the-whole-zone-is-gone-x7k2
2026-03-01 12:00  pod-kill            ? unknown  –          –       –
  clean  self-healing  shop/deployment/web
  chaosctl-runs/r002
`, table(t, runs, 80))
	for line := range strings.Lines(table(t, runs, 80)) {
		assert.LessOrEqual(t, utf8.RuneCountInString(line), 80+1, line)
	}
}

// TestTableOfHostileNames proves that names cannot command a terminal, nor make lines of their own.
func TestTableOfHostileNames(t *testing.T) {
	t.Parallel()
	r := aResult(0)
	r.Experiment.Name, r.Experiment.Target = "a\x1b[2Jb\nc", "d\re"
	text := table(t, []Run{runOf(r, "r")}, 0)
	assert.Equal(t, 2, strings.Count(text, "\n"))
	assert.NotContains(t, text, "\x1b")
	assert.NotContains(t, text, "\r")
}
