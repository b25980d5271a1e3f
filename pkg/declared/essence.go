package declared

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// essence is what people declare of an object: neither its status nor what the API server and controllers keep on it. The marks of
// chaosctl are left in, for they are not to be there.
func essence(kind string, o *unstructured.Unstructured) map[string]any {
	o = o.DeepCopy()
	for _, path := range [][]string{
		{"apiVersion"}, {"kind"}, {"status"},
		{"metadata", "resourceVersion"}, {"metadata", "generation"}, {"metadata", "managedFields"}, {"metadata", "creationTimestamp"}, {"metadata", "selfLink"},
	} {
		unstructured.RemoveNestedField(o.Object, path...)
	}
	if kind == "ReplicaSet" {
		// Its Deployment makes it, and makes it again.
		unstructured.RemoveNestedField(o.Object, "metadata", "uid")
		unstructured.RemoveNestedField(o.Object, "metadata", "ownerReferences")
	}
	metadata, _ := o.Object["metadata"].(map[string]any)
	annotations, _ := metadata["annotations"].(map[string]any)
	for name := range annotations {
		if isBookkeeping(name) {
			delete(annotations, name)
		}
	}
	if len(annotations) == 0 {
		delete(metadata, "annotations")
	}
	return o.Object
}

// isBookkeeping says that an annotation is written by controllers, or repeats what the object says.
func isBookkeeping(annotation string) bool {
	for _, prefix := range []string{"deployment.kubernetes.io/", "endpoints.kubernetes.io/", "autoscaling.alpha.kubernetes.io/"} {
		if strings.HasPrefix(annotation, prefix) {
			return true
		}
	}
	return annotation == corev1.LastAppliedConfigAnnotation || annotation == "deprecated.daemonset.template.generation"
}

// withoutScale leaves out what an autoscaler decides: how many there are.
func withoutScale(kind string, object map[string]any) map[string]any {
	switch kind {
	case "configmap", "poddisruptionbudget", "horizontalpodautoscaler":
		return object
	}
	kept := map[string]any{}
	for name, value := range object {
		if name != readyEndpoints {
			kept[name] = value
		}
	}
	if spec, ok := kept["spec"].(map[string]any); ok {
		fewer := map[string]any{}
		for name, value := range spec {
			if name != "replicas" {
				fewer[name] = value
			}
		}
		kept["spec"] = fewer
	}
	return kept
}
