package recovery

import (
	"encoding/json"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// kind is one that the model breaks, with the fields that it sets there.
type kind struct {
	name       string
	resource   schema.GroupVersionResource
	namespaced bool
	fields     []field
	// other leads to a text that only others set.
	other []string
	// spec is what else an object needs.
	spec map[string]any
}

// field is one with the values that it may have, as JSON; the empty one is its absence. They are few, so that others often
// write what was there, or what chaosctl has written.
type field struct {
	path   []string
	values []string
}

var kinds = []kind{
	{
		name: "ConfigMap", resource: corev1.SchemeGroupVersion.WithResource("configmaps"), namespaced: true,
		fields: []field{
			{[]string{"data", "mode"}, []string{`"fast"`, `"slow"`, `"a/b~c"`, ``}},
			{[]string{"data", "catalogue.json"}, []string{`"{\"n\": 1}"`, `""`, ``}},
		},
		other: []string{"data", "other"},
	},
	{
		name: "Deployment", resource: appsv1.SchemeGroupVersion.WithResource("deployments"), namespaced: true,
		fields: []field{
			{[]string{"spec", "minReadySeconds"}, []string{`1`, `2`, `3`, ``}},
			{[]string{"spec", "template", "metadata", "annotations", "example.com/restart"}, []string{``, `"1"`, `"2"`}},
		},
		other: []string{"metadata", "annotations", "example.com/other"},
		spec: map[string]any{
			"replicas": int64(0), "selector": map[string]any{"matchLabels": map[string]any{"app": "web"}},
			"template": map[string]any{
				"metadata": map[string]any{"labels": map[string]any{"app": "web"}},
				"spec":     map[string]any{"containers": []any{map[string]any{"name": "web", "image": "web"}}},
			},
		},
	},
	{
		name: "Node", resource: corev1.SchemeGroupVersion.WithResource("nodes"),
		fields: []field{{[]string{"spec", "unschedulable"}, []string{``, `true`}}},
		other:  []string{"metadata", "annotations", "example.com/other"},
	},
}

// object makes one with these values of its fields.
func (k kind) object(namespace, name string, values []string) *unstructured.Unstructured {
	o := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": k.resource.GroupVersion().String(), "kind": k.name, "metadata": map[string]any{"name": name},
	}}
	if k.spec != nil {
		o.Object["spec"] = (&unstructured.Unstructured{Object: k.spec}).DeepCopy().Object
	}
	if k.namespaced {
		o.SetNamespace(namespace)
	}
	for i, v := range values {
		setValue(o.Object, k.fields[i].path, v)
	}
	return o
}

// values reads the fields of an object.
func (k kind) values(o *unstructured.Unstructured) []string {
	var all []string
	for _, f := range k.fields {
		v, found, err := unstructured.NestedFieldNoCopy(o.Object, f.path...)
		if err != nil {
			panic(err)
		}
		text := ""
		if found {
			encoded, err := json.Marshal(v)
			if err != nil {
				panic(err)
			}
			text = string(encoded)
		}
		all = append(all, text)
	}
	return all
}

func setValue(object map[string]any, path []string, value string) {
	if value == "" {
		unstructured.RemoveNestedField(object, path...)
		return
	}
	var holder struct{ V any }
	if err := json.Unmarshal(fmt.Appendf(nil, `{"V": %s}`, value), &holder); err != nil {
		panic(err)
	}
	if n, ok := holder.V.(float64); ok {
		holder.V = int64(n)
	}
	if err := unstructured.SetNestedField(object, holder.V, path...); err != nil {
		panic(err)
	}
}

// patchOf is the merge patch that sets one field.
func patchOf(path []string, value string) []byte {
	if value == "" {
		value = "null"
	}
	for i := len(path) - 1; i >= 0; i-- {
		name, _ := json.Marshal(path[i])
		value = fmt.Sprintf("{%s: %s}", name, value)
	}
	return []byte(value)
}
