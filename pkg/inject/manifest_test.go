package inject_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	batchv1 "k8s.io/api/batch/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/inject"
)

// given is an object as the loader reads one.
func given(apiVersion, kind string, metadata map[string]any) map[string]any {
	return map[string]any{"apiVersion": apiVersion, "kind": kind, "metadata": metadata, "spec": map[string]any{"parallelism": int64(2), "template": map[string]any{}}}
}

func TestManifest(t *testing.T) {
	f := &inject.Manifest{Object: given("batch/v1", "Job", map[string]any{"name": "spin"}), Until: "object.status.active == 2", Timeout: experiment.Duration(time.Minute)}
	changes := planned(t, f, (&view{}).scope())
	require.Equal(t, []string{"0 create spin"}, names(changes))
	c := changes[0]
	assert.Equal(t, inject.Object{Resource: batchv1.SchemeGroupVersion.WithResource("jobs"), Kind: "Job", Namespace: "shop", Name: "spin"}, c.Object)
	assert.Equal(t, "create it as given, and wait until object.status.active == 2", c.What)
	assert.Equal(t, f.Until, c.Create.Until)
	assert.Equal(t, time.Minute, c.Create.Timeout)
	var sent unstructured.Unstructured
	require.NoError(t, sent.UnmarshalJSON(c.Create.Manifest))
	assert.Equal(t, given("batch/v1", "Job", map[string]any{"name": "spin", "namespace": "shop"}), sent.Object, "it is sent as it was given, {} as {}")
	assert.Equal(t, given("batch/v1", "Job", map[string]any{"name": "spin"}), f.Object, "the experiment is as it was")
	text, err := json.Marshal(c)
	require.NoError(t, err)
	assert.NotContains(t, string(text), "parallelism", "journals do not hold the manifest")
}

func TestManifestWithADrawnName(t *testing.T) {
	f := &inject.Manifest{Object: given("batch/v1", "Job", map[string]any{"generateName": "spin-"})}
	first := planned(t, f, (&view{}).scope())[0]
	assert.Regexp(t, "^spin-[0-9a-f]{8}$", first.Object.Name)
	again := (&view{}).scope()
	again.Draw.Label += " again"
	assert.NotEqual(t, first.Object.Name, planned(t, f, again)[0].Object.Name, "each repetition makes its own")
	var sent unstructured.Unstructured
	require.NoError(t, sent.UnmarshalJSON(first.Create.Manifest))
	assert.Equal(t, first.Object.Name, sent.GetName())
	assert.Empty(t, sent.GetGenerateName(), "an undo must know the name beforehand")
}

func TestManifestOfKinds(t *testing.T) {
	for _, c := range []struct{ apiVersion, kind, want string }{
		{"rbac.authorization.k8s.io/v1", "ClusterRole", "a ClusterRole is in no namespace, so that the run's Lease could not own it"},
		{"v1", "Namespace", "a Namespace is in no namespace"},
		{"v1", "Binding", "Kubernetes has no request to get a Binding"},
		{"example.com/v1", "Teapot", `the cluster serves no kind "Teapot.v1.example.com"`},
		{"v2", "ConfigMap", "the cluster serves no kind"},
	} {
		refused(t, &inject.Manifest{Object: given(c.apiVersion, c.kind, map[string]any{"name": "a"})}, (&view{}).scope(), c.want)
	}
}
