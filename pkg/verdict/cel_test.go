package verdict_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/access"
	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/inject"
	"github.com/chaosctl/chaosctl/pkg/probe"
	"github.com/chaosctl/chaosctl/pkg/verdict"
)

func cel(expression string) *verdict.Condition { return (*verdict.Condition)(&expression) }

// deployment is a snapshot of one with so many ready replicas.
func deployment(ready int64) verdict.Snapshot {
	return verdict.Snapshot{Objects: map[string]any{
		"deployment": map[string]any{"status": map[string]any{"readyReplicas": ready}, "metadata": map[string]any{"name": "web"}},
		"pods":       []any{map[string]any{"status": map[string]any{"phase": "Running"}}},
	}}
}

func TestCEL(t *testing.T) {
	went := func(before, after verdict.Snapshot) *verdict.Facts {
		return facts(func(f *verdict.Facts) {
			f.Snapshots = map[event.Moment]verdict.Snapshot{event.Before: before, event.After: after}
		})
	}
	same := cel("after.deployment.status.readyReplicas == before.deployment.status.readyReplicas")
	forbidden := deployment(3)
	forbidden.Unread = map[string]string{"deployment": "it is forbidden"}
	judge(t, map[string]judged{
		"holds":            {same, went(deployment(3), deployment(3)), verdict.Pass, "after.deployment.status.readyReplicas is 3, before.deployment.status.readyReplicas is 3"},
		"does not hold":    {same, went(deployment(3), deployment(2)), verdict.Fail, "after.deployment.status.readyReplicas is 2, before.deployment.status.readyReplicas is 3"},
		"arithmetic":       {cel("after.deployment.status.readyReplicas + 1 >= before.deployment.status.readyReplicas"), went(deployment(3), deployment(2)), verdict.Pass, "is 2"},
		"a list":           {cel("after.pods.all(p, p.status.phase == 'Running')"), went(deployment(3), deployment(3)), verdict.Pass, "after.pods has 1 elements"},
		"a map":            {cel("after.deployment == before.deployment"), went(deployment(3), deployment(2)), verdict.Fail, "after.deployment has 2 fields"},
		"no such field":    {cel("after.deployment.status.nope == 1"), went(deployment(3), deployment(3)), verdict.Unknown, "it cannot be told: no such key: nope; after.deployment.status.nope is not there"},
		"no such object":   {cel("after.service.spec.x == 1"), went(deployment(3), deployment(3)), verdict.Unknown, "no such key: service"},
		"no truth":         {cel("after.deployment.status.readyReplicas"), went(deployment(3), deployment(3)), verdict.Unknown, "not true or false"},
		"not read":         {same, went(forbidden, deployment(3)), verdict.Unknown, "before.deployment could not be read: it is forbidden"},
		"something else":   {cel("after.pods.size() == 1"), went(forbidden, deployment(3)), verdict.Pass, ""},
		"all, not read":    {cel("before != after"), went(forbidden, deployment(3)), verdict.Unknown, "could not be read"},
		"no recovery":      {same, facts(func(f *verdict.Facts) { f.Snapshots = map[event.Moment]verdict.Snapshot{event.Before: deployment(3)} }), verdict.Unknown, "the run did not come to where after is read"},
		"after alone":      {cel("after.deployment.metadata.name == 'web'"), facts(func(f *verdict.Facts) { f.Snapshots = map[event.Moment]verdict.Snapshot{event.After: deployment(3)} }), verdict.Pass, `is "web"`},
		"nothing at all":   {cel("true"), facts(func(*verdict.Facts) {}), verdict.Pass, "it looks at nothing"},
		"a long value":     {cel("after.deployment.metadata.name != 'web'"), went(deployment(3), verdict.Snapshot{Objects: map[string]any{"deployment": map[string]any{"metadata": map[string]any{"name": strings.Repeat("x", 500)}}}}), verdict.Pass, "xxx…"},
		"too much to tell": {cel("after.l.all(a, after.l.all(b, after.l.all(c, a == b && b == c)))"), went(deployment(3), verdict.Snapshot{Objects: map[string]any{"l": make([]any, 300)}}), verdict.Unknown, "cost limit exceeded"},
	})
}

const celExperiment = `
apiVersion: chaosctl.dev/v1alpha1
kind: Experiment
metadata: {name: web}
spec:
  promise: self-healing
  target: TARGET
  load:
  - {name: browse, rate: 1/s, http: HTTP}
  faults:
  - podKill: {count: 1}
  expect:
  - cel: CEL
`

func TestCELIsChecked(t *testing.T) {
	loader := experiment.Loader{Catalogue: experiment.Catalogue{
		Faults: inject.Kinds(), Probes: probe.Kinds(), Expectations: verdict.Expectations(), Aborts: verdict.Aborts(),
	}}
	const workload, selector, service, url = "{namespace: shop, workload: statefulset/web}", "{namespace: shop, selector: {app: web}}", "{service: web}", `{url: "http://shop.example/"}`
	for name, c := range map[string]struct{ target, http, cel, problem string }{
		"workload":          {workload, url, "after.statefulset.status.readyReplicas == 3", ""},
		"another kind":      {workload, url, "after.deployment.status.readyReplicas == 3", `there is no object "deployment": expected pods or statefulset`},
		"misspelt":          {workload, service, "after.statefulsets.x == 3", `(did you mean "statefulset"?)`},
		"service":           {workload, service, "after.service == before.service", ""},
		"no service":        {workload, url, "after.service == before.service", `there is no object "service"`},
		"selector":          {selector, url, "size(after.pods) == 3", ""},
		"selector, no kind": {selector, url, "after.statefulset.x == 3", "expected pods"},
		"empty":             {workload, url, `""`, "the condition is empty"},
		"syntax":            {workload, url, "after.statefulset.x ==", "Syntax error"},
		"no such variable":  {workload, url, "later.pods == 3", "undeclared reference to 'later'"},
		"no condition":      {workload, url, "1 + 2", "the condition gives int"},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.NewReplacer("TARGET", c.target, "HTTP", c.http, "CEL", c.cel).Replace(celExperiment)
			_, err := loader.Load("x.yaml", strings.NewReader(text))
			if c.problem == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.problem)
			assert.Contains(t, err.Error(), "x.yaml:13:10: spec.expect[0].cel: ")
		})
	}
}

func TestCELNeeds(t *testing.T) {
	of := func(target experiment.Target) []string {
		var said []string
		for _, n := range cel("after.pods == before.pods").Needs(access.Scope{Target: target, Kinds: access.Offline{}}) {
			said = append(said, n.String())
		}
		return said
	}
	assert.ElementsMatch(t, []string{"list pods in namespace shop", "get daemonsets.apps web in namespace shop"}, of(experiment.Target{Namespace: "shop", Workload: "daemonset/web"}))
	assert.Equal(t, []string{"list pods in namespace shop"}, of(experiment.Target{Namespace: "shop", Selector: map[string]string{"app": "web"}}))
}
