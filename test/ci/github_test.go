package ci

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/rhysd/actionlint"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"
)

// TestGitHubWorkflows has actionlint look at the workflows: the examples, and the project's own.
func TestGitHubWorkflows(t *testing.T) {
	workflows := []string{root + "/.github/workflows/ci.yaml"}
	found, err := filepath.Glob(examples + "/github/*.yaml")
	require.NoError(t, err)
	assert.Len(t, found, 2)
	for _, path := range append(workflows, found...) {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.Empty(t, lint(t, path, text))
	}
	assert.NotEmpty(t, lint(t, "bad.yaml", []byte("on: push\njobs: {j: {runs-on: ubuntu-latest, steps: [{run: 'echo ${{ secret.x }}'}]}}\n")), "actionlint finds nothing")
}

// lint gives what is wrong with a workflow.
func lint(t *testing.T, path string, text []byte) (problems []string) {
	t.Helper()
	var out bytes.Buffer
	linter, err := actionlint.NewLinter(&out, &actionlint.LinterOptions{})
	require.NoError(t, err)
	all, err := linter.Lint(path, text, nil)
	require.NoError(t, err)
	for _, p := range all {
		problems = append(problems, p.Error())
	}
	return problems
}

// workflow is what the examples use of GitHub's language; anything beside these fields is a mistake here.
type workflow struct {
	Name        string             `json:"name"`
	On          []string           `json:"true"` // which is what the word on is to many readers of YAML
	Permissions map[string]string  `json:"permissions"`
	Concurrency map[string]any     `json:"concurrency"`
	Jobs        map[string]*gitJob `json:"jobs"`
}

type gitJob struct {
	RunsOn  string            `json:"runs-on"`
	Timeout int               `json:"timeout-minutes"`
	Env     map[string]string `json:"env"`
	Steps   []step            `json:"steps"`
}

type step struct {
	Name  string            `json:"name"`
	ID    string            `json:"id"`
	If    string            `json:"if"`
	Uses  string            `json:"uses"`
	With  map[string]any    `json:"with"`
	Shell string            `json:"shell"`
	Env   map[string]string `json:"env"`
	Run   string            `json:"run"`
}

type action struct {
	Name        string            `json:"name"`
	Description string            `json:"description"`
	Branding    map[string]string `json:"branding"`
	Inputs      map[string]struct {
		Description string `json:"description"`
		Default     string `json:"default"`
	} `json:"inputs"`
	Outputs map[string]struct {
		Description string `json:"description"`
		Value       string `json:"value"`
	} `json:"outputs"`
	Runs struct {
		Using string `json:"using"`
		Steps []step `json:"steps"`
	} `json:"runs"`
}

func strictly(t *testing.T, path string, into any) {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, yaml.UnmarshalStrict(text, into), path)
}

// TestGitHubAction has actionlint look at the action, as the steps of a workflow with the same inputs.
func TestGitHubAction(t *testing.T) {
	var a action
	strictly(t, root+"/action.yml", &a)
	assert.Equal(t, "composite", a.Runs.Using)
	assert.LessOrEqual(t, len(a.Description), 125, "the marketplace shows no more")
	inputs := map[string]any{}
	for name, input := range a.Inputs {
		assert.NotEmpty(t, input.Description, name)
		inputs[name] = map[string]any{"type": "string"}
	}
	for _, s := range a.Runs.Steps {
		if s.Run != "" {
			assert.NotEmpty(t, s.Shell, "%s: a step of an action names its shell", s.Name)
			assert.NotContains(t, s.Run, "${{", "%s: what others write becomes part of the script", s.Name)
		}
	}
	for name, output := range a.Outputs {
		for _, e := range expression.FindAllStringSubmatch(output.Value, -1) {
			assert.Contains(t, a.Inputs, strings.TrimPrefix(e[1], "inputs."), name)
		}
	}
	// As a workflow, without what says of a step that it is not set.
	steps := make([]map[string]any, len(a.Runs.Steps))
	text, err := yaml.Marshal(a.Runs.Steps)
	require.NoError(t, err)
	require.NoError(t, yaml.Unmarshal(text, &steps))
	for _, s := range steps {
		for name, value := range s {
			if value == nil || value == "" {
				delete(s, name)
			}
		}
	}
	text, err = yaml.Marshal(map[string]any{
		"on":   map[string]any{"workflow_call": map[string]any{"inputs": inputs}},
		"jobs": map[string]any{"action": map[string]any{"runs-on": "ubuntu-latest", "steps": steps}},
	})
	require.NoError(t, err)
	assert.Empty(t, lint(t, "action.yml", text))
}

// runner carries out the steps of a job as GitHub's does.
type runner struct {
	*machine
	// context holds what expressions may name.
	context map[string]string
	failed  bool
	ended   bool // cancelled
	// inAction says that the steps are those of an action.
	inAction bool
	uploaded []string
}

var expression = regexp.MustCompile(`\$\{\{\s*(.*?)\s*\}\}`)

// fill puts values in place of expressions.
func (r *runner) fill(text string) string {
	return expression.ReplaceAllStringFunc(text, func(e string) string {
		name := expression.FindStringSubmatch(e)[1]
		value, ok := r.context[name]
		if !ok && !strings.HasPrefix(name, "steps.") {
			assert.Fail(r.t, "the test knows no "+name)
		}
		return value
	})
}

// wanted says whether a step is carried out. On a runner, the rest of an action is not, once its job is cancelled
// (https://github.com/actions/runner/pull/2638).
func (r *runner) wanted(condition string) bool {
	if r.inAction && r.ended {
		return false
	}
	always := false
	for part := range strings.SplitSeq(condition, " && ") {
		left, right, compared := strings.Cut(part, " != ")
		switch {
		case part == "":
		case part == "always()":
			always = true
		case compared:
			if r.context[left] == strings.Trim(right, "'") {
				return false
			}
		default:
			require.Fail(r.t, "the test knows no condition "+part)
		}
	}
	return always || !r.failed && !r.ended
}

func (r *runner) steps(all []step) {
	r.t.Helper()
	for _, s := range all {
		if !r.wanted(s.If) {
			continue
		}
		switch action, _, _ := strings.Cut(s.Uses, "@"); action {
		case "":
			r.script(s)
		case "actions/checkout":
			if path, ok := s.With["path"].(string); ok {
				require.NoError(r.t, os.MkdirAll(filepath.Join(r.workspace, path), 0o755))
			}
		case "actions/upload-artifact":
			found, err := filepath.Glob(filepath.Join(r.workspace, s.With["path"].(string), "*", "junit.xml"))
			require.NoError(r.t, err)
			r.uploaded = append(r.uploaded, found...)
		case "chaosctl/chaosctl":
			r.action(s.With)
		case "actions/setup-go", "actions/cache":
		default:
			require.Fail(r.t, "the test knows no action "+action)
		}
	}
}

// script carries out a script, with the flags that GitHub gives to its shell.
func (r *runner) script(s step) {
	r.t.Helper()
	flags := []string{"-e"}
	if s.Shell == "bash" {
		flags = []string{"--noprofile", "--norc", "-eo", "pipefail"}
	}
	env := map[string]string{"GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": r.workspace}
	for _, name := range []string{"GITHUB_OUTPUT", "GITHUB_PATH", "GITHUB_STEP_SUMMARY"} {
		env[name] = filepath.Join(r.temp, name)
		require.NoError(r.t, os.WriteFile(env[name], nil, 0o600))
	}
	for name, value := range s.Env {
		env[name] = r.fill(value)
	}
	e := r.shell(s.Run, env, one(syscall.SIGINT), flags...)
	r.t.Logf("%s: %+v", s.Name, e)
	r.failed = r.failed || !e.ok && !e.cancelled
	r.ended = r.ended || e.cancelled
	for line := range strings.Lines(text(r.t, env["GITHUB_PATH"])) {
		r.path = append([]string{strings.TrimSpace(line)}, r.path...)
	}
	for line := range strings.Lines(text(r.t, env["GITHUB_OUTPUT"])) {
		name, value, found := strings.Cut(strings.TrimSpace(line), "=")
		require.True(r.t, found, line)
		assert.NotEmpty(r.t, value, name)
		r.context["steps."+s.ID+".outputs."+name] = value
	}
}

func text(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(content)
}

// action carries out the one of this repository.
func (r *runner) action(with map[string]any) {
	r.t.Helper()
	var a action
	strictly(r.t, root+"/action.yml", &a)
	source, err := filepath.Abs(root)
	require.NoError(r.t, err)
	inner := *r
	inner.inAction, inner.context = true, maps.Clone(r.context)
	inner.context["github.action_path"] = source
	for name, input := range a.Inputs {
		inner.context["inputs."+name] = input.Default
	}
	for name, value := range with {
		require.Contains(r.t, a.Inputs, name)
		inner.context["inputs."+name] = value.(string)
	}
	inner.steps(a.Runs.Steps)
	r.failed, r.ended, r.path = inner.failed, inner.ended, inner.path
}

func newRunner(t *testing.T, story string) *runner {
	t.Helper()
	m := newMachine(t, story)
	return &runner{machine: m, context: map[string]string{"github.workspace": m.workspace, "runner.temp": m.temp, "runner.os": "Linux", "runner.arch": "X64"}}
}

func TestGitHubSteps(t *testing.T) {
	for _, name := range []string{"kind", "lab"} {
		for _, story := range []string{passes, fails, cancelled, killed} {
			t.Run(fmt.Sprintf("%s, a run that %s", name, story), func(t *testing.T) {
				t.Parallel()
				var w workflow
				strictly(t, examples+"/github/"+name+".yaml", &w)
				require.Len(t, w.Jobs, 1)
				job := w.Jobs["resilience"]
				assert.Positive(t, job.Timeout)
				r := newRunner(t, story)
				for name, value := range job.Env {
					r.env[name] = r.fill(value)
				}
				r.steps(job.Steps)
				calls := r.calls()
				judge(t, calls, story)
				assert.Equal(t, story == fails || story == killed, r.failed)
				assert.Equal(t, story == cancelled, r.ended)
				assert.NotEmpty(t, r.uploaded, "the reports are not kept")
				if name == "lab" {
					assert.Equal(t, call{Name: "lab", Args: []string{"down"}}, calls[len(calls)-1])
				}
			})
		}
	}
}

// TestGitHubActionAlone gives the action each of its inputs.
func TestGitHubActionAlone(t *testing.T) {
	r := newRunner(t, passes)
	r.action(map[string]any{"experiments": "a.yaml\nmore experiments/\n", "arguments": "--repeat=5\n", "connection": "--context=staging", "out": "reports"})
	calls := r.calls()
	judge(t, calls, passes)
	assert.Equal(t, []string{"run", "--out", "reports", "-f", "a.yaml", "-f", "more experiments/", "--context=staging", "--repeat=5"}, calls[len(calls)-2].Args)
	assert.Equal(t, []string{"recover", "-f", "a.yaml", "-f", "more experiments/", "--context=staging"}, calls[len(calls)-1].Args)
	kept(t, r.machine, "reports/*/junit.xml")

	// Without experiments, it puts chaosctl on the PATH.
	r = newRunner(t, passes)
	r.action(nil)
	for _, c := range r.calls() {
		assert.NotEqual(t, "chaosctl", c.Name)
	}
	r.script(step{Run: "chaosctl version"})
	assert.False(t, r.failed)
}

// TestCancellationIsNoticed: a shell that stays in between takes the signal for itself, and the test says so.
func TestCancellationIsNoticed(t *testing.T) {
	r := newRunner(t, cancelled)
	require.NoError(t, become(filepath.Join(r.env["GOBIN"], "chaosctl")))
	r.script(step{Run: "chaosctl run -f experiments/\necho over\n"})
	for _, c := range r.calls() {
		assert.Empty(t, c.Signal)
	}
}
