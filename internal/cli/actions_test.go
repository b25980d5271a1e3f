package cli_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/internal/cli"
	"github.com/chaosctl/chaosctl/pkg/report"
)

// within carries out a command line in an environment.
func within(t *testing.T, env map[string]string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	err := cli.Run(t.Context(), args, cli.Streams{In: strings.NewReader(""), Out: &out, Err: &errs, Env: func(key string) string { return env[key] }})
	return cli.Explain(&errs, err), out.String(), errs.String()
}

func TestReportOnGitHubActions(t *testing.T) {
	t.Parallel()
	summary := filepath.Join(t.TempDir(), "summary.md")
	require.NoError(t, os.WriteFile(summary, []byte("before\n"), 0o644))
	for name, c := range map[string]struct {
		env         map[string]string
		annotations bool
		summary     bool
	}{
		"a laptop":                 {nil, false, false},
		"a variable left over":     {map[string]string{"GITHUB_STEP_SUMMARY": summary}, false, false},
		"GitLab":                   {map[string]string{"GITLAB_CI": "true", "CI": "true"}, false, false},
		"a runner without summary": {map[string]string{"GITHUB_ACTIONS": "true"}, true, false},
		"a runner":                 {map[string]string{"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": summary}, true, true},
	} {
		require.NoError(t, os.WriteFile(summary, []byte("before\n"), 0o644))
		code, stdout, stderr := within(t, c.env, "report", killed(t))
		assert.Equal(t, report.ExitUndoIncomplete, code, name)
		assert.NotContains(t, stdout, "::error", "%s: the result is no place for them", name)
		assert.Equal(t, c.annotations, strings.HasPrefix(stderr, "::error title=pod-kill%3A not put back::"), "%s: %s", name, stderr)
		text, err := os.ReadFile(summary)
		require.NoError(t, err)
		assert.True(t, strings.HasPrefix(string(text), "before\n"), "what others wrote is kept")
		assert.Equal(t, c.summary, strings.Contains(string(text), "### Undo"), name)
	}
}

// TestFullSummary: GitHub throws away a summary that is too long, so there is no more than fits.
func TestFullSummary(t *testing.T) {
	t.Parallel()
	summary := filepath.Join(t.TempDir(), "summary.md")
	env := map[string]string{"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": summary}
	for _, c := range []struct {
		room     int
		want     string
		problems bool
	}{{5000, "### Undo", false}, {500, "- ? pod-kill: Unknown: ", false}, {10, "", true}} {
		require.NoError(t, os.WriteFile(summary, bytes.Repeat([]byte("x"), 1<<20-c.room), 0o644))
		code, _, stderr := within(t, env, "report", killed(t))
		assert.Equal(t, report.ExitUndoIncomplete, code, "it changes nothing of the outcome")
		text, err := os.ReadFile(summary)
		require.NoError(t, err)
		assert.LessOrEqual(t, len(text), 1<<20)
		assert.Contains(t, strings.TrimLeft(string(text), "x"), c.want)
		assert.Equal(t, c.problems, strings.Contains(stderr, "warning: the job's summary could not be written"), stderr)
	}
	env["GITHUB_STEP_SUMMARY"] = t.TempDir()
	code, _, stderr := within(t, env, "report", killed(t))
	assert.Equal(t, report.ExitUndoIncomplete, code)
	assert.Contains(t, stderr, "warning: the job's summary could not be written")
}

func TestAnnotationsNameTheFile(t *testing.T) {
	t.Parallel()
	workspace, err := filepath.Abs("../..")
	require.NoError(t, err)
	for source, want := range map[string]string{
		"../../experiments/self-healing/pod-kill.yaml": "::error file=experiments/self-healing/pod-kill.yaml,title=pod-kill",
		"builtin:pod-kill": "::error title=pod-kill", "": "::error title=pod-kill", "/etc/hostname": "::error title=pod-kill",
		"../../experiments": "::error title=pod-kill",
	} {
		_, _, stderr := within(t, map[string]string{"GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": workspace}, "report", killedOf(t, source))
		assert.Contains(t, stderr, want, source)
	}
}

// TestErrorsOnGitHubActions: why nothing was run is shown too, at the line of the file that is wrong.
func TestErrorsOnGitHubActions(t *testing.T) {
	t.Parallel()
	workspace := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(workspace, "chaos"), 0o755))
	bad := filepath.Join(workspace, "chaos", "bad.yaml")
	require.NoError(t, os.WriteFile(bad, []byte("apiVersion: chaosctl.dev/v1alpha1\nkind: Experiment\nmetadata: {name: x}\nspec: {promise: self-heeling}\n"), 0o600))
	runner := map[string]string{"GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": workspace}
	code, _, stderr := within(t, runner, "validate", "-f", bad)
	assert.Equal(t, report.ExitInvalid, code)
	assert.Contains(t, stderr, "::error file=chaos/bad.yaml,line=4,col=17,title=chaosctl::spec.promise: ")
	assert.Contains(t, stderr, `(did you mean "self-healing"?)`+"\nerror: ")
	assert.Contains(t, stderr, "error: "+bad+":4:", "and where it always was")
	_, _, stderr = within(t, nil, "validate", "-f", bad)
	assert.NotContains(t, stderr, "::error")

	path := kubeconfig(t, at("https://127.0.0.1:1"), "")
	for _, args := range [][]string{{"run", "pod-kill"}, {"run", "pod-kill", "node-drain"}} {
		_, _, stderr = within(t, runner, append(args, "--kubeconfig", path, "--out", t.TempDir())...)
		assert.Equal(t, 1, strings.Count(stderr, "::error title=chaosctl::pod-kill: the API server at https://127.0.0.1:1 cannot be reached"), "told once: %s", stderr)
	}
	_, _, stderr = within(t, runner, "report", killed(t))
	assert.NotContains(t, stderr, "title=chaosctl::", "a verdict is told by its own annotations")
}
