package ci

import (
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// pipeline is what the example uses of GitLab's language; anything beside these fields is a mistake here.
type pipeline struct {
	Stages     []string  `json:"stages"`
	Chaosctl   gitlabJob `json:".chaosctl"`
	Resilience gitlabJob `json:"resilience"`
	Recover    gitlabJob `json:"recover"`
}

type gitlabJob struct {
	Extends       string   `json:"extends"`
	Image         string   `json:"image"`
	Stage         string   `json:"stage"`
	When          string   `json:"when"`
	Timeout       string   `json:"timeout"`
	ResourceGroup string   `json:"resource_group"`
	BeforeScript  []string `json:"before_script"`
	Script        []string `json:"script"`
	AfterScript   []string `json:"after_script"`
	Artifacts     struct {
		When    string   `json:"when"`
		Paths   []string `json:"paths"`
		Reports struct {
			JUnit string `json:"junit"`
		} `json:"reports"`
	} `json:"artifacts"`
}

func TestGitLab(t *testing.T) {
	var p pipeline
	strictly(t, examples+"/gitlab/.gitlab-ci.yml", &p)
	run, again := p.Resilience, p.Recover
	assert.Equal(t, []string{run.Stage}, p.Stages)
	assert.Equal(t, ".post always", again.Stage+" "+again.When, "it comes last, whatever became of the others")
	assert.Equal(t, ".chaosctl .chaosctl", run.Extends+" "+again.Extends)
	assert.Equal(t, "always", run.Artifacts.When)
	assert.True(t, strings.HasPrefix(p.Chaosctl.Image, "golang:"))
	assert.NotEmpty(t, p.Chaosctl.ResourceGroup)

	for _, story := range []string{passes, fails, cancelled, killed} {
		t.Run("a run that "+story, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t, story)
			flags := []string{"-eo", "pipefail"}
			script := func(lines ...[]string) (all string) {
				for _, l := range lines {
					all += strings.Join(l, "\n") + "\n"
				}
				return all
			}
			e := m.shell(script(p.Chaosctl.BeforeScript, run.Script), nil, group(syscall.SIGTERM), flags...)
			assert.Equal(t, story == passes, e.ok, e.said)
			assert.Equal(t, story == cancelled, e.cancelled)
			e = m.shell(script(run.AfterScript), nil, nil, flags...)
			require.True(t, e.ok, e.said)
			judge(t, m.calls(), story)
			for _, path := range run.Artifacts.Paths {
				kept(t, m, path)
			}
			kept(t, m, run.Artifacts.Reports.JUnit)

			before := len(m.calls())
			e = m.shell(script(p.Chaosctl.BeforeScript, again.Script), nil, nil, flags...)
			require.True(t, e.ok, e.said)
			assert.Greater(t, len(m.calls()), before)
			judge(t, m.calls(), story)
		})
	}
}
