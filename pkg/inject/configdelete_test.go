package inject_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/chaosctl/chaosctl/pkg/inject"
)

// existing is a view with one object, whose metadata has more than a name.
func existing(kind, name string, more map[string]any) *view {
	resource := map[string]string{"ConfigMap": "configmaps", "Secret": "secrets"}[kind]
	metadata := map[string]any{"name": name, "namespace": "shop", "uid": "u1", "resourceVersion": "7", "generation": int64(1), "creationTimestamp": "2026-01-02T15:04:05Z", "managedFields": []any{map[string]any{"manager": "kubectl"}}}
	object := map[string]any{"apiVersion": "v1", "kind": kind, "metadata": metadata}
	for key, value := range more {
		if key == "data" || key == "type" || key == "immutable" {
			object[key] = value
		} else {
			metadata[key] = value
		}
	}
	return &view{objects: map[string]*unstructured.Unstructured{"/v1, Resource=" + resource + " shop/" + name: {Object: object}}}
}

func TestConfigDelete(t *testing.T) {
	v := existing("ConfigMap", "settings", map[string]any{
		"labels": map[string]any{"app": "web"}, "annotations": map[string]any{"a": "b"}, "data": map[string]any{"mode": "open"}, "immutable": true,
		"ownerReferences": []any{map[string]any{"apiVersion": "v1", "kind": "ConfigMap", "name": "parent", "uid": "u2"}},
	})
	changes := planned(t, &inject.ConfigDelete{ConfigMap: "settings"}, v.scope())
	require.Equal(t, []string{"0 delete settings"}, names(changes))
	c := changes[0]
	assert.Equal(t, "delete it as a whole", c.What)
	assert.Contains(t, c.Undo(), "another UID", "it is honest about that")
	assert.True(t, c.Reversible())
	assert.Empty(t, c.Removed(), "pods that run go on")
	assert.JSONEq(t, `{"apiVersion": "v1", "kind": "ConfigMap", "data": {"mode": "open"}, "immutable": true, "metadata": {
		"name": "settings", "namespace": "shop", "labels": {"app": "web"}, "annotations": {"a": "b"},
		"ownerReferences": [{"apiVersion": "v1", "kind": "ConfigMap", "name": "parent", "uid": "u2"}]}}`, string(c.Withdraw.Original))
	text, err := json.Marshal(c)
	require.NoError(t, err)
	var back inject.Change
	require.NoError(t, json.Unmarshal(text, &back))
	assert.Equal(t, inject.Digest(c.Withdraw.Original), inject.Digest(back.Withdraw.Original), "a journal has all of it")
	var needs []string
	for _, n := range c.Needs() {
		needs = append(needs, n.String())
	}
	assert.Equal(t, []string{
		"get configmaps settings in namespace shop", "patch configmaps settings in namespace shop", "delete configmaps settings in namespace shop", "create configmaps in namespace shop",
	}, needs)
}

// TestConfigDeleteRefuses what would not come back as it was.
func TestConfigDeleteRefuses(t *testing.T) {
	for want, more := range map[string]map[string]any{
		"belongs to Certificate web":     {"ownerReferences": []any{map[string]any{"apiVersion": "cert-manager.io/v1", "kind": "Certificate", "name": "web", "uid": "u2", "controller": true}}},
		"has finalizers (example.com/a)": {"finalizers": []any{"example.com/a"}},
		"is on its way out already":      {"deletionTimestamp": metav1.Now().UTC().Format(time.RFC3339)},
		"the token of a ServiceAccount":  {"type": "kubernetes.io/service-account-token"},
		"has opted out of faults":        {"annotations": map[string]any{"chaosctl.dev/protect": "true"}},
		"is chaosctl's own":              {"labels": map[string]any{"app.kubernetes.io/managed-by": "chaosctl"}},
		"no room in its annotations":     {"annotations": map[string]any{"a": string(make([]byte, 255<<10))}},
	} {
		_, err := (&inject.ConfigDelete{Secret: "database"}).Plan(t.Context(), existing("Secret", "database", more).scope())
		assert.ErrorContains(t, err, want)
	}
	_, err := (&inject.ConfigDelete{Secret: "other"}).Plan(t.Context(), existing("Secret", "database", nil).scope())
	assert.ErrorContains(t, err, "there is no Secret other in namespace shop")
	_, err = (&inject.ConfigDelete{Secret: "database", Restart: true}).Plan(t.Context(), existing("Secret", "database", nil).scope())
	assert.ErrorContains(t, err, "nothing can be restarted")
}
