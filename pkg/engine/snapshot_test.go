package engine

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/chaosctl/chaosctl/pkg/condition"
	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/verdict"
)

func TestPresentable(t *testing.T) {
	var object map[string]any
	require.NoError(t, json.Unmarshal([]byte(`{
		"metadata": {"name": "web", "managedFields": [{}], "annotations": {"a": "b", "kubectl.kubernetes.io/last-applied-configuration": "password"}},
		"spec": {"template": {"spec": {"containers": [{"name": "c", "env": [{"name": "A", "value": "password"}, {"name": "B", "valueFrom": {"secretKeyRef": {"name": "s"}}}]}],
			"initContainers": [{"env": [{"name": "C", "value": "password"}]}]}}},
		"status": {"replicas": 3}}`), &object))
	text, err := json.Marshal(presentable("deployment", object))
	require.NoError(t, err)
	assert.JSONEq(t, `{
		"metadata": {"name": "web", "annotations": {"a": "b"}},
		"spec": {"template": {"spec": {"containers": [{"name": "c", "env": [{"name": "A"}, {"name": "B", "valueFrom": {"secretKeyRef": {"name": "s"}}}]}],
			"initContainers": [{"env": [{"name": "C"}]}]}}},
		"status": {"replicas": 3, "updatedReplicas": 0, "readyReplicas": 0, "availableReplicas": 0, "unavailableReplicas": 0}}`, string(text))
	assert.NotContains(t, string(text), "password")
	assert.Equal(t, map[string]any{"spec": "x"}, presentable("service", map[string]any{"spec": "x"}))
}

func TestEveryKindOfWorkloadHasItsCounts(t *testing.T) {
	for _, kind := range experiment.WorkloadKinds() {
		assert.NotEmpty(t, counts(kind), kind)
	}
}

func TestPruned(t *testing.T) {
	object := func() map[string]any {
		return map[string]any{"a": map[string]any{"b": 1, "c": map[string]any{"d": 2, "e": 3}}, "l": []any{map[string]any{"x": 1}}, "other": true}
	}
	for name, c := range map[string]struct {
		paths []condition.Path
		want  any
	}{
		"one value":          {[]condition.Path{{"a", "b"}}, map[string]any{"a": map[string]any{"b": 1}}},
		"two":                {[]condition.Path{{"a", "b"}, {"a", "c", "e"}}, map[string]any{"a": map[string]any{"b": 1, "c": map[string]any{"e": 3}}}},
		"one within another": {[]condition.Path{{"a", "c", "d"}, {"a", "c"}}, map[string]any{"a": map[string]any{"c": map[string]any{"d": 2, "e": 3}}}},
		"a list":             {[]condition.Path{{"l"}}, map[string]any{"l": []any{map[string]any{"x": 1}}}},
		"into a list":        {[]condition.Path{{"l", "x"}}, map[string]any{"l": []any{map[string]any{"x": 1}}}},
		"what is not there":  {[]condition.Path{{"z", "y"}, {"a", "z"}}, map[string]any{"a": map[string]any{}}},
		"all":                {[]condition.Path{{"a", "b"}, {}}, object()},
	} {
		assert.Equal(t, c.want, pruned(object(), c.paths), name)
	}
}

func TestLooksAt(t *testing.T) {
	member := func(params any) experiment.Expectation {
		return experiment.Expectation{Member: experiment.Member{Params: params}}
	}
	cel := verdict.Condition("after.deployment.status.x == before.deployment.status.y && after.pods.size() > 0")
	p := &Plan{Experiment: &experiment.Experiment{Spec: experiment.Spec{Expect: []experiment.Expectation{member(&verdict.Replicas{}), member(&cel)}}}}
	assert.Equal(t, []condition.Path{{"deployment", "status", "y"}}, looksAt(p, event.Before))
	assert.ElementsMatch(t, []condition.Path{{"deployment", "status", "x"}, {"pods"}}, looksAt(p, event.After))
}

func TestSlimPod(t *testing.T) {
	p := &corev1.Pod{}
	p.Name, p.Annotations = "web-1", map[string]string{"secret": "password"}
	p.Spec.Containers = []corev1.Container{{Name: "c", Image: "i", Env: []corev1.EnvVar{{Name: "A", Value: "password"}}, Args: []string{"password"}}}
	p.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "c", RestartCount: 2}}
	text, err := json.Marshal(slimPod(p))
	require.NoError(t, err)
	assert.NotContains(t, string(text), "password")
	assert.Contains(t, string(text), `"restartCount":2`)
}
