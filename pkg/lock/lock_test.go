package lock

import (
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/chaosctl/chaosctl/pkg/experiment"
)

// TestGone: a process is gone when it has ended, waited for or not; not when nobody can tell.
func TestGone(t *testing.T) {
	child := exec.Command("sleep", "1000")
	require.NoError(t, child.Start())
	p := self()
	require.NotEmpty(t, p.Host)
	assert.False(t, p.gone(), "this process lives")
	p.PID, p.Started = child.Process.Pid, started(child.Process.Pid)
	assert.False(t, p.gone())

	elsewhere, unknown, reused := p, p, p
	elsewhere.Host, unknown.Host, reused.Started = "another boot", "", p.Started+"1"
	assert.True(t, reused.gone(), "its number is another process's")

	require.NoError(t, child.Process.Kill())
	assert.Eventually(t, p.gone, time.Minute, 10*time.Millisecond, "it has ended, and nobody has waited for it yet")
	require.Error(t, child.Wait())
	assert.True(t, p.gone())
	assert.False(t, elsewhere.gone(), "its host is another")
	assert.False(t, unknown.gone())
}

// TestDeadAndLapsed: clocks may be apart, so a lease that is over by this one's is not dead yet.
func TestDeadAndLapsed(t *testing.T) {
	now := time.Now()
	for name, c := range map[string]struct {
		renewed      time.Duration // before now
		released     bool
		dead, lapsed bool
	}{
		"just renewed":                       {0, false, false, false},
		"by a clock that is ahead":           {-time.Minute, false, false, false},
		"at its end":                         {Duration, false, false, false},
		"over":                               {Duration + time.Second, false, false, true},
		"over, but for the skew of clocks":   {Duration + skew, false, false, true},
		"over beyond what clocks may differ": {Duration + skew + time.Second, false, true, true},
		"released":                           {0, true, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := State{Renewed: now.Add(-c.renewed), Released: c.released}
			assert.Equal(t, c.dead, s.Dead(now))
			assert.Equal(t, c.lapsed, s.Lapsed(now))
		})
	}
}

func TestCILink(t *testing.T) {
	for want, env := range map[string]map[string]string{
		"":                                          {"GITHUB_SERVER_URL": "https://github.com", "GITHUB_RUN_ID": "7"},
		"https://github.com/o/r/actions/runs/7":     {"GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "o/r", "GITHUB_RUN_ID": "7"},
		"https://gitlab.example/o/r/-/jobs/7":       {"CI_JOB_URL": "https://gitlab.example/o/r/-/jobs/7"},
		"https://jenkins.example/job/r/7/":          {"BUILD_URL": "https://jenkins.example/job/r/7/"},
		"https://circleci.com/gh/o/r/7":             {"CIRCLE_BUILD_URL": "https://circleci.com/gh/o/r/7"},
		"https://buildkite.com/o/r/builds/7#abcdef": {"BUILDKITE_BUILD_URL": "https://buildkite.com/o/r/builds/7#abcdef"},
	} {
		assert.Equal(t, want, ciLink(func(name string) string { return env[name] }))
	}
}

// TestNames: each target has names of its own that the API server takes.
func TestNames(t *testing.T) {
	seen := map[string]experiment.Target{}
	for _, target := range []experiment.Target{
		{Namespace: "shop", Workload: "deployment/web"},
		{Namespace: "shop", Workload: "statefulset/web"},
		{Namespace: "shop-chaosctl", Workload: "deployment/web"},
		{Namespace: "shop", Workload: "deployment/" + strings.Repeat("a", 240)},
		{Namespace: "shop", Workload: "deployment/" + strings.Repeat("a", 241)},
		{Namespace: strings.Repeat("n", 63), Workload: "deployment/" + strings.Repeat("a.b", 80)},
		{Namespace: "shop", Selector: map[string]string{"app": "web"}},
		{Namespace: "shop", Selector: map[string]string{"app": "web", "tier": "front"}},
	} {
		s := ScopeOf(target)
		assert.Equal(t, target.Namespace, s.Namespace)
		for _, name := range []string{s.Name, "chunk1000000-" + s.JournalName()} {
			assert.Empty(t, validation.IsDNS1123Subdomain(name), name)
		}
		other, known := seen[s.JournalName()]
		assert.False(t, known, "%s is the name of both %v and %v", s.JournalName(), target, other)
		seen[s.JournalName()] = target
	}
	a := ScopeOf(experiment.Target{Namespace: "shop", Selector: map[string]string{"a": "1", "b": "2"}})
	b := ScopeOf(experiment.Target{Namespace: "shop", Selector: map[string]string{"b": "2", "a": "1"}})
	assert.Equal(t, a, b)
}

func TestReadState(t *testing.T) {
	holder := Self("run-1", "chaosctl run")
	h := newHeld(nil, Scope{"shop", "chaosctl-deployment-web"}, holder)
	lease := &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "chaosctl-deployment-web"}}
	_, err := ReadState(lease)
	require.ErrorContains(t, err, "shop/chaosctl-deployment-web does not say who holds it")
	h.fill(lease)
	s, err := ReadState(lease)
	require.NoError(t, err)
	assert.Equal(t, h.scope, s.Scope)
	assert.Equal(t, holder, s.Holder)
	assert.False(t, s.Released)
	assert.WithinDuration(t, time.Now(), s.Renewed, time.Minute)
	assert.Contains(t, (&Taken{s}).Error(), "is in progress (it was last heard of ")
	nobody := ""
	lease.Spec.HolderIdentity = &nobody
	s, err = ReadState(lease)
	require.NoError(t, err)
	assert.True(t, s.Released)
	assert.Contains(t, (&Taken{s}).Error(), "is over, and has left something behind")
	lease.Annotations[holderAnnotation] = "{"
	_, err = ReadState(lease)
	require.Error(t, err)
}

func TestHolderTellsWhomToAsk(t *testing.T) {
	h := Holder{Run: "run-1", Host: "ci-7", User: "root", Process: Process{PID: 42}, Command: "chaosctl run", CI: "https://ci.example/7"}
	assert.Equal(t, "run run-1 by root@ci-7, process 42, `chaosctl run`, https://ci.example/7", h.String())
	h.Recovering = true
	assert.Contains(t, h.String(), "the recovery of run run-1 by root@ci-7")
}
