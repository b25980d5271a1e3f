package apply

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/chaosctl/chaosctl/pkg/inject"
)

const tainted = `{"apiVersion":"v1","kind":"Node","metadata":{"name":"n1","uid":"u1","finalizers":["a"]},
"spec":{"taints":[{"key":"theirs","effect":"NoSchedule"}]}}`

// TestWholeElements: an element at the end of a path is added to its list, and taken out of it again, and what is beside it
// stays as it is.
func TestWholeElements(t *testing.T) {
	for name, c := range map[string]struct {
		path          []string
		value         any
		with, without string
		add, remove   string
	}{
		"an object that others resemble": {
			path: []string{"spec", "taints", inject.Element("key", "theirs", "effect", "NoExecute")}, value: map[string]any{"key": "theirs", "effect": "NoExecute"},
			with:   `[{"key":"theirs","effect":"NoSchedule"},{"key":"theirs","effect":"NoExecute"}]`,
			add:    `{"spec":{"taints":[{"key":"theirs","effect":"NoExecute"}]}}`,
			remove: `{"spec":{"taints":[{"key":"theirs","effect":"NoExecute","$patch":"delete"}]}}`, without: `[{"key":"theirs","effect":"NoSchedule"}]`,
		},
		"an object": {
			path: []string{"spec", "taints", inject.Element("key", "ours")}, value: map[string]any{"key": "ours", "effect": "NoExecute"},
			with:   `[{"key":"theirs","effect":"NoSchedule"},{"key":"ours","effect":"NoExecute"}]`,
			add:    `{"spec":{"taints":[{"key":"ours","effect":"NoExecute"}]}}`,
			remove: `{"spec":{"taints":[{"key":"ours","$patch":"delete"}]}}`, without: `[{"key":"theirs","effect":"NoSchedule"}]`,
		},
		"a text": {
			path: []string{"metadata", "finalizers", inject.Element("", "ours")}, value: "ours",
			with: `["a","ours"]`, without: `["a"]`,
			add: `{"metadata":{"finalizers":["ours"]}}`, remove: `{"metadata":{"$deleteFromPrimitiveList/finalizers":["ours"]}}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := object(t, tainted)
			list := func() string {
				value, _, err := valueAt(o, c.path[:2])
				require.NoError(t, err)
				return string(mustJSON(value))
			}
			_, found, err := valueAt(o, c.path)
			require.NoError(t, err)
			require.False(t, found)
			require.NoError(t, set(o, c.path, nil), "what is not there needs no removing")
			for range 2 { // again, it is not there twice
				require.NoError(t, set(o, c.path, mustJSON(c.value)))
				assert.JSONEq(t, c.with, list())
			}
			value, found, err := valueAt(o, c.path)
			require.NoError(t, err)
			assert.True(t, found)
			assert.Equal(t, c.value, value)
			require.NoError(t, set(o, c.path, nil))
			assert.JSONEq(t, c.without, list())

			add, remove := map[string]any{}, map[string]any{}
			assert.Equal(t, "strategic", place(add, c.path, c.value))
			assert.Equal(t, "strategic", place(remove, c.path, nil))
			assert.JSONEq(t, c.add, string(mustJSON(add)))
			assert.JSONEq(t, c.remove, string(mustJSON(remove)))
		})
	}
}

// TestFinalizerOfWhatGoes: Kubernetes takes no new finalizers of an object that is on its way out, so the undo must only take
// away. The last one makes it go, before anybody could look again.
func TestFinalizerOfWhatGoes(t *testing.T) {
	o := object(t, tainted)
	c := &inject.Change{ID: "f/1/hold", Object: inject.Object{Kind: "Node", Name: "n1", UID: "u1"}, Edit: &inject.Edit{Fields: []inject.Field{
		{Path: []string{"metadata", "finalizers", inject.Element("", "ours")}, Value: mustJSON("ours")}}}}
	require.NoError(t, set(o, c.Edit.Fields[0].Path, c.Edit.Fields[0].Value))
	require.NoError(t, mark(o, "run-1", c))
	going := o.DeepCopy()
	require.NoError(t, unstructured.SetNestedField(going.Object, "2026-11-26T12:00:00Z", "metadata", "deletionTimestamp"))
	require.NoError(t, unstructured.SetNestedStringSlice(going.Object, []string{"ours"}, "metadata", "finalizers")) // the other's work is done
	restored := going.DeepCopy()
	left, write, err := restore(restored, "run-1", ReadMarks(going, c.Object).Changes[0])
	require.NoError(t, err)
	assert.True(t, write)
	assert.Empty(t, left)
	patch, err := mergePatch(going, restored)
	require.NoError(t, err)
	assert.JSONEq(t, fmt.Sprintf(`{"metadata":{"uid":"u1","resourceVersion":"","finalizers":null,"annotations":{%q:null},"labels":{%q:null}}}`,
		MarkName("run-1", c.ID), RunLabel), string(patch))

	c.Object.Resource = schema.GroupVersionResource{Group: "example.com", Version: "v1", Resource: "things"}
	assert.Equal(t, []string{"chaosctl recover --all"}, (&Applier{run: "run-1"}).byHand(c, true), "kubectl cannot take one element out of a list of a custom kind")
}

// TestLastElement: a list that was not there before is not there afterwards.
func TestLastElement(t *testing.T) {
	o := object(t, `{"apiVersion":"v1","kind":"Node","metadata":{"name":"n1","uid":"u1"},"spec":{}}`)
	path := []string{"spec", "taints", inject.Element("key", "ours")}
	require.NoError(t, set(o, path, json.RawMessage(`{"key":"ours"}`)))
	require.NoError(t, set(o, path, nil))
	assert.Empty(t, o.Object["spec"])
}

// TestTaintByHand: no patch takes one taint of several away, so that kubectl's own command does, and a patch the rest.
func TestTaintByHand(t *testing.T) {
	c := &inject.Change{ID: "taint", Object: inject.Object{Kind: "Node", Name: "n1"}}
	byHand := func(original string) []string {
		f := inject.Field{Path: []string{"spec", "taints", inject.Element("key", "ours", "effect", "NoExecute")}, Value: json.RawMessage(`{"key":"ours","effect":"NoExecute"}`)}
		if original != "" {
			f.Original = json.RawMessage(original)
		}
		c.Edit = &inject.Edit{Fields: []inject.Field{f}}
		return (&Applier{run: "run-1"}).byHand(c, true)
	}
	commands := byHand("")
	require.Len(t, commands, 2)
	assert.Equal(t, "kubectl taint node n1 ours:NoExecute-", commands[0])
	assert.Contains(t, commands[1], "kubectl patch node n1 --type=merge")
	assert.NotContains(t, commands[1], "taints")
	assert.Equal(t, "kubectl taint --overwrite node n1 ours=x:NoExecute", byHand(`{"key":"ours","value":"x","effect":"NoExecute"}`)[0])
}
