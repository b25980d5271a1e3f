package snapshot

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// essence is what is compared: all that is neither the server's bookkeeping nor written by controllers, and no marks.
func essence(o *unstructured.Unstructured) map[string]any {
	o = Unmarked(o)
	gates := readinessGates(o)
	for _, path := range [][]string{
		{"status"}, {"metadata", "resourceVersion"}, {"metadata", "generation"}, {"metadata", "managedFields"}, {"metadata", "creationTimestamp"},
		{"metadata", "annotations", "deployment.kubernetes.io/revision"}, {"metadata", "annotations", "node.alpha.kubernetes.io/ttl"},
		{"spec", "podCIDR"}, {"spec", "podCIDRs"},
		{"spec", "ephemeralContainers"}, // of a pod, which nobody can take out
	} {
		unstructured.RemoveNestedField(o.Object, path...)
	}
	if len(gates) > 0 {
		o.Object["gates"] = gates
	}
	if o.GetKind() == "Node" {
		taints, _, _ := unstructured.NestedSlice(o.Object, "spec", "taints")
		taints = slices.DeleteFunc(taints, func(taint any) bool {
			key, _, _ := unstructured.NestedString(taint.(map[string]any), "key")
			return strings.HasPrefix(key, "node.kubernetes.io/")
		})
		_ = unstructured.SetNestedSlice(o.Object, taints, "spec", "taints")
	}
	// By way of JSON, numbers are of one type.
	text, err := json.Marshal(withoutEmpty(o.Object))
	if err != nil {
		panic(err)
	}
	var plain map[string]any
	if err := json.Unmarshal(text, &plain); err != nil {
		panic(err)
	}
	return plain
}

// readinessGates are the conditions of a pod that others than its kubelet write.
func readinessGates(o *unstructured.Unstructured) map[string]any {
	found := map[string]any{}
	gates, _, _ := unstructured.NestedSlice(o.Object, "spec", "readinessGates")
	conditions, _, _ := unstructured.NestedSlice(o.Object, "status", "conditions")
	for _, g := range gates {
		for _, c := range conditions {
			if condition := c.(map[string]any); condition["type"] == g.(map[string]any)["conditionType"] {
				found[condition["type"].(string)] = condition["status"]
			}
		}
	}
	return found
}

// withoutEmpty drops maps and lists that hold nothing, which the server does too.
func withoutEmpty(from map[string]any) map[string]any {
	to := map[string]any{}
	for key, value := range from {
		switch v := value.(type) {
		case map[string]any:
			if v = withoutEmpty(v); len(v) > 0 {
				to[key] = v
			}
		case []any:
			if len(v) > 0 {
				to[key] = v
			}
		case nil:
		default:
			to[key] = value
		}
	}
	return to
}

// Differences names the objects that are not alike, and says in which fields.
func Differences(want, have map[string]*unstructured.Unstructured) map[string]string {
	found := map[string]string{}
	for key, w := range want {
		h := have[key]
		if h == nil {
			found[key] = "is gone"
		} else if text := Difference(w, h); text != "" {
			found[key] = text
		}
	}
	for key := range have {
		if want[key] == nil {
			found[key] = "was not there before"
		}
	}
	return found
}

// Difference says in which fields two states of an object are not alike; nothing where they are.
func Difference(want, have *unstructured.Unstructured) string {
	return compare("", essence(want), essence(have))
}

func compare(path string, want, have any) string {
	if reflect.DeepEqual(want, have) {
		return ""
	}
	w, isMap := want.(map[string]any)
	h, alsoMap := have.(map[string]any)
	if !isMap || !alsoMap {
		return fmt.Sprintf("%s: want %v, have %v; ", path, want, have)
	}
	both := maps.Clone(w)
	maps.Copy(both, h)
	var text strings.Builder
	for _, key := range slices.Sorted(maps.Keys(both)) {
		text.WriteString(compare(path+"."+key, w[key], h[key]))
	}
	return text.String()
}
