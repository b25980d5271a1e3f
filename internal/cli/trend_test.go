package cli_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/report"
	"github.com/chaosctl/chaosctl/pkg/trend"
)

// slower are runs whose recovery takes longer in the second half.
func slower(t *testing.T, n int) string {
	t.Helper()
	var all []report.Result
	for i := range n {
		took := 2 + float64(i%3)/10
		if i >= n/2 {
			took++
		}
		all = append(all, report.Result{
			RunID: fmt.Sprintf("r%02d", i), Experiment: report.ExperimentRef{Name: "pod-kill"}, StartedAt: time.Now().Add(time.Duration(i-n) * time.Hour),
			Windows: report.Windows{Fault: &report.Window{}}, Changes: []report.ChangeResult{{Proof: "proved"}},
			Recoveries: []report.RecoveryResult{{Total: &took, Reached: took}},
		})
	}
	return recorded(t, all...)
}

func TestTrendCommand(t *testing.T) {
	t.Parallel()
	out := slower(t, 20)
	code, stdout, stderr := call(t, "trend", "pod-kill", "--out", out)
	assert.Zero(t, code)
	assert.Empty(t, stderr)
	assert.Contains(t, stdout, "worse from run r10 on: median 3.10 s, before that 2.10 s")

	code, stdout, _ = call(t, "trend", "--out", out, "-o", "json")
	assert.Zero(t, code)
	var list struct{ Items []trend.Trend }
	require.NoError(t, json.Unmarshal([]byte(stdout), &list))
	require.Len(t, list.Items, 1)
	assert.Equal(t, "r10", list.Items[0].Series[0].Changes[0].RunID)

	_, stdout, _ = call(t, "trend", "--out", out, "--last", "10")
	assert.Contains(t, stdout, "pod-kill: 10 runs")
	assert.Contains(t, stdout, "\nno change")
	_, stdout, _ = call(t, "trend", "--out", out, "--since", "5h30m")
	assert.Contains(t, stdout, "too few runs to say anything")
	_, stdout, _ = call(t, "trend", "--out", out, "--since", "1m")
	assert.Equal(t, "no run is like that\n", stdout)
	code, stdout, _ = call(t, "trend", "--out", out, "--since", "1m", "-o", "json")
	assert.Zero(t, code)
	assert.JSONEq(t, `{"items": []}`, stdout)

	for want, args := range map[string][]string{
		`no run is of the experiment "podkill": did you mean "pod-kill"?`: {"podkill"},
		`--since: "soon" is neither`:                                      {"--since", "soon"},
		`--last is -1: expected 1 or more`:                                {"--last", "-1"},
		`--output "yaml" is not known: use text or json`:                  {"-o", "yaml"},
		`accepts at most 1 arg(s), received 2`:                            {"a", "b"},
		filepath.Join(out, "none") + " is not there":                      {"--out", filepath.Join(out, "none")},
	} {
		code, stdout, stderr := call(t, append([]string{"trend", "--out", out}, args...)...)
		assert.Equal(t, report.ExitInvalid, code, args)
		assert.Empty(t, stdout)
		assert.Contains(t, stderr, "error: "+want)
	}
}
