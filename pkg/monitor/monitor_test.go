package monitor_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/monitor"
	"github.com/chaosctl/chaosctl/pkg/report"
)

func get(t *testing.T, m *monitor.Monitor, path string) (int, string) {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
	return w.Code, w.Body.String()
}

// samples are the lines of the metrics of game days, without their descriptions.
func samples(t *testing.T, m *monitor.Monitor) []string {
	t.Helper()
	code, text := get(t, m, "/metrics")
	require.Equal(t, http.StatusOK, code)
	problems, err := promlint.New(strings.NewReader(text)).Lint()
	require.NoError(t, err)
	assert.Empty(t, problems)
	var lines []string
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "chaosctl_") {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	return lines
}

func result(edit func(*report.Result)) *report.Result {
	r := &report.Result{
		Experiment: report.ExperimentRef{Name: "pod-kill"}, Verdict: report.Pass, Undo: report.UndoClean, EndedAt: time.Unix(1_800_000_000, 0),
		Streams: []report.StreamResult{{Name: "browse", Connections: "fresh", Availability: new(0.999)}},
		Recoveries: []report.RecoveryResult{
			{Total: new(2.0), Phases: report.Phases{Ready: new(1.5)}},
			{Total: new(4.0), Phases: report.Phases{Ready: new(3.5), Schedule: new(0.1)}},
			{Total: new(9.0), Censored: true},
		},
	}
	edit(r)
	return r
}

func TestMetrics(t *testing.T) {
	m := monitor.New()
	m.Next("shop", time.Unix(1_900_000_000, 500_000_000))
	m.Missed("shop", 3)
	m.NotRun("shop", "node-drain")
	m.Ran("shop", result(func(*report.Result) {}))
	assert.Equal(t, []string{
		`chaosctl_last_run_availability_ratio{connections="fresh",experiment="pod-kill",gameday="shop",load="browse"} 0.999`,
		`chaosctl_last_run_recovery_seconds{experiment="pod-kill",gameday="shop",phase="ready"} 3.5`,
		`chaosctl_last_run_recovery_seconds{experiment="pod-kill",gameday="shop",phase="schedule"} 0.1`,
		`chaosctl_last_run_recovery_seconds{experiment="pod-kill",gameday="shop",phase="total"} 4`,
		`chaosctl_last_run_timestamp_seconds{experiment="pod-kill",gameday="shop"} 1.8e+09`,
		`chaosctl_last_run_undo_incomplete{experiment="pod-kill",gameday="shop"} 0`,
		`chaosctl_missed_runs_total{gameday="shop"} 3`,
		`chaosctl_next_run_timestamp_seconds{gameday="shop"} 1.9000000005e+09`,
		`chaosctl_runs_total{experiment="node-drain",gameday="shop",verdict="not run"} 1`,
		`chaosctl_runs_total{experiment="pod-kill",gameday="shop",verdict="pass"} 1`,
	}, samples(t, m))

	// What the run before has measured is not this one's.
	m.Ran("shop", result(func(r *report.Result) {
		r.Verdict, r.Undo, r.Recoveries, r.Streams = report.Aborted, report.UndoIncomplete, nil, nil
	}))
	text := strings.Join(samples(t, m), "\n")
	assert.NotContains(t, text, "availability")
	assert.NotContains(t, text, "recovery")
	assert.Contains(t, text, `chaosctl_last_run_undo_incomplete{experiment="pod-kill",gameday="shop"} 1`)
	assert.Contains(t, text, `verdict="aborted"} 1`)
}

// TestMetricsOfFiles: a file that is gone, or a run that will not come, leaves no figure behind.
func TestMetricsOfFiles(t *testing.T) {
	m := monitor.New()
	m.Config("days/a.yaml", true)
	m.Config("days/b.yaml", false)
	m.Next("shop", time.Unix(1_900_000_000, 0))
	assert.Equal(t, []string{
		`chaosctl_gameday_config_valid{file="days/a.yaml"} 1`,
		`chaosctl_gameday_config_valid{file="days/b.yaml"} 0`,
		`chaosctl_next_run_timestamp_seconds{gameday="shop"} 1.9e+09`,
	}, samples(t, m))
	m.NoConfig("days/a.yaml")
	m.NoConfig("days/none.yaml")
	m.Config("days/b.yaml", true)
	m.Next("shop", time.Time{})
	assert.Equal(t, []string{`chaosctl_gameday_config_valid{file="days/b.yaml"} 1`}, samples(t, m))
}

// TestMetricsOfTheProgram: a program that runs for years tells what it takes.
func TestMetricsOfTheProgram(t *testing.T) {
	_, text := get(t, monitor.New(), "/metrics")
	for _, name := range []string{"go_goroutines", "go_memstats_next_gc_bytes", "process_open_fds", "process_resident_memory_bytes"} {
		assert.Regexp(t, `(?m)^`+name+` [1-9]`, text)
	}
}

func TestReadiness(t *testing.T) {
	m := monitor.New()
	health := func(path string) int {
		code, _ := get(t, m, path)
		return code
	}
	assert.Equal(t, http.StatusServiceUnavailable, health("/readyz"))
	assert.Equal(t, http.StatusOK, health("/healthz"))
	m.Ready(true)
	assert.Equal(t, http.StatusOK, health("/readyz"))
	m.Ready(false)
	assert.Equal(t, http.StatusServiceUnavailable, health("/readyz"))
	assert.Equal(t, http.StatusNotFound, health("/"))
}
