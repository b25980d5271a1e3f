package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"

	"github.com/chaosctl/chaosctl/internal/version"
	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/report"
)

func TestListJSON(t *testing.T) {
	t.Parallel()
	for _, what := range []string{"faults", "probes", "expectations", "experiments"} {
		code, stdout, stderr := call(t, "list", what, "-o", "json")
		require.Zero(t, code, stderr)
		var list struct {
			Items []struct{ Name, Promise, Description string } `json:"items"`
		}
		decoder := json.NewDecoder(strings.NewReader(stdout))
		decoder.DisallowUnknownFields()
		require.NoError(t, decoder.Decode(&list))
		require.NotEmpty(t, list.Items, what)
		for _, item := range list.Items {
			assert.NotEmpty(t, item.Name)
			assert.NotEmpty(t, item.Description)
			assert.Equal(t, what == "experiments", item.Promise != "")
		}
	}
	code, stdout, _ := call(t, "list", "faults")
	assert.Zero(t, code)
	assert.Contains(t, stdout, "podKill")
	code, _, stderr := call(t, "list", "fault")
	assert.Equal(t, report.ExitInvalid, code)
	assert.Contains(t, stderr, "faults")
	code, _, _ = call(t, "list", "faults", "-o", "xml")
	assert.Equal(t, report.ExitInvalid, code)
}

func TestVersion(t *testing.T) {
	t.Parallel()
	code, stdout, _ := call(t, "version")
	assert.Zero(t, code)
	assert.Regexp(t, `^chaosctl \S+ \(go\S+, \w+/\w+\)\n$`, stdout)

	code, image, _ := call(t, "version", "--image")
	require.Zero(t, code)
	code, stdout, stderr := call(t, "version", "-o", "json")
	require.Zero(t, code, stderr)
	var build version.Build
	decoder := json.NewDecoder(strings.NewReader(stdout))
	decoder.DisallowUnknownFields()
	require.NoError(t, decoder.Decode(&build))
	assert.Equal(t, version.Version(), build.Version)
	assert.Equal(t, runtime.Version(), build.Go)
	assert.Equal(t, runtime.GOOS+"/"+runtime.GOARCH, build.Platform)
	assert.Equal(t, strings.TrimSpace(image), build.Image)

	for _, args := range [][]string{{"version", "-o", "yaml"}, {"version", "-o", "json", "--image"}} {
		code, stdout, stderr = call(t, args...)
		assert.Equal(t, report.ExitInvalid, code)
		assert.Empty(t, stdout)
		assert.Contains(t, stderr, "--output")
	}
}

func TestUsage(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"unknown command": {"rnu"}, "unknown flag": {"run", "--fiel", "x"}, "too many": {"version", "x"}, "missing": {"report"},
		"missing flag": {"serve"}, "nothing to run": {"run"}, "nothing to validate": {"validate"}, "no such file": {"validate", "-f", "none.yaml"},
		"not a run": {"report", t.TempDir()},
	} {
		code, stdout, stderr := call(t, args...)
		assert.Equal(t, report.ExitInvalid, code, name)
		assert.Empty(t, stdout, name)
		assert.True(t, strings.HasPrefix(stderr, "error: "), "%s: %s", name, stderr)
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	code, stdout, stderr := call(t, "validate", "-f", "../../experiments", "-f", "../../examples/gamedays")
	require.Zero(t, code, stderr)
	assert.Contains(t, stdout, "experiments/self-healing/pod-kill.yaml: experiment pod-kill is valid\n")
	assert.Contains(t, stdout, "examples/gamedays/shop.yaml: game day shop is valid\n")

	directory := t.TempDir()
	bad := filepath.Join(directory, "bad.yaml")
	require.NoError(t, os.WriteFile(bad, []byte("apiVersion: chaosctl.dev/v1alpha1\nkind: Experiment\nmetadata: {name: x}\nspec: {promise: self-heeling}\n"), 0o600))
	code, _, stderr = call(t, "validate", "-f", bad)
	assert.Equal(t, report.ExitInvalid, code)
	assert.Greater(t, strings.Count(stderr, "error: "+bad+":4:"), 1, "all that is wrong, each on its line: %s", stderr)
	assert.Contains(t, stderr, `did you mean "self-healing"?`)

	day := filepath.Join(directory, "day.yaml")
	require.NoError(t, os.WriteFile(day, []byte("apiVersion: chaosctl.dev/v1alpha1\nkind: GameDay\nmetadata: {name: d}\nspec: {schedule: '@daily', experiments: [{file: bad.yaml}]}\n"), 0o600))
	code, _, stderr = call(t, "validate", "-f", day)
	assert.Equal(t, report.ExitInvalid, code)
	assert.Contains(t, stderr, "bad.yaml:4:", "the experiments of a game day are read too")
}

// killed makes the directory of a run that was killed in the middle of a change.
func killed(t *testing.T) string { return killedOf(t, "") }

// killedOf is killed, of an experiment from a certain place.
func killedOf(t *testing.T, source string) string {
	t.Helper()
	text, err := os.ReadFile("../../experiments/self-healing/pod-kill.yaml")
	require.NoError(t, err)
	document, err := yaml.YAMLToJSON(text)
	require.NoError(t, err)
	directory := t.TempDir()
	log, err := event.CreateLog(filepath.Join(directory, report.EventsFile), event.NewClock(time.Now()))
	require.NoError(t, err)
	log.Record(event.RunStarted{RunID: "run-1", Base: time.Now().UTC(), Experiment: document, Source: source})
	log.Record(event.ChangeUpdated{ID: "c", Fault: "kill-one", Verb: "patch", Object: event.Object{Kind: "Node", Name: "node1"}, State: event.ChangeSent})
	require.NoError(t, log.Close())
	return directory
}

func TestReportOfAKilledRun(t *testing.T) {
	t.Parallel()
	directory := killed(t)
	code, stdout, stderr := call(t, "report", directory)
	assert.Equal(t, report.ExitUndoIncomplete, code, stderr)
	assert.Contains(t, stdout, "Report:  "+filepath.Join(directory, "report.html"))
	assert.Contains(t, stdout, "Next:    put back what is left")
	for _, name := range []string{"result.json", "report.html", "junit.xml", "summary.md"} {
		assert.FileExists(t, filepath.Join(directory, name))
	}
	text, err := os.ReadFile(filepath.Join(directory, "result.json"))
	require.NoError(t, err)
	var result report.Result
	require.NoError(t, json.Unmarshal(text, &result))
	assert.Equal(t, report.UndoIncomplete, result.Undo)

	first := string(text)
	_, _, _ = call(t, "report", directory)
	text, err = os.ReadFile(filepath.Join(directory, "result.json"))
	require.NoError(t, err)
	assert.Equal(t, first, string(text), "made again, it is the same")
}

// TestReportThatCannotBeWritten: what the run has left behind is more important than that there is no report.
func TestReportThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	directory := killed(t)
	require.NoError(t, os.MkdirAll(filepath.Join(directory, "result.json", "in-the-way"), 0o755))
	code, _, stderr := call(t, "report", directory)
	assert.Equal(t, report.ExitUndoIncomplete, code)
	assert.Contains(t, stderr, "cannot write result.json")
}
