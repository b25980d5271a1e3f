package inject

import (
	"context"
	"fmt"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/types"

	"github.com/chaosctl/chaosctl/pkg/access"
	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/target"
)

var _ = registry.Add(Definition{
	Name:    "configCorrupt",
	Summary: "Breaks one key of a ConfigMap, with or without restarting those who use it; the value comes back.",
	Example: `
- name: break-settings
  configCorrupt: {configMap: settings, key: settings.json, mutation: truncate, restart: true}
`,
	New: func() Fault { return &ConfigCorrupt{Mutation: Garbage} },
})

// ConfigCorrupt breaks one key of a ConfigMap in the target's namespace.
type ConfigCorrupt struct {
	// ConfigMap is its name.
	ConfigMap string `json:"configMap"`
	// Key is one of its data.
	Key string `json:"key"`
	// Mutation is what happens to the value: garbage (text that no format accepts), empty, truncate (the first half
	// stays) or drop (the key goes too). Garbage unless told otherwise.
	Mutation Mutation `json:"mutation"`
	// Restart rolls out the workloads that use the ConfigMap, so that new pods start with the broken value.
	Restart bool `json:"restart,omitempty"`
}

// Mutation is a way of breaking a value.
type Mutation string

// The ways of breaking a value.
const (
	Garbage  Mutation = "garbage"  // text that no format accepts
	Empty    Mutation = "empty"    // nothing
	Truncate Mutation = "truncate" // the first half
	Drop     Mutation = "drop"     // the key is gone
)

// Values lists the mutations.
func (Mutation) Values() []string {
	return []string{string(Garbage), string(Empty), string(Truncate), string(Drop)}
}

// roomForMarker is what a marker takes beside the original that it holds.
const roomForMarker = 4 << 10

// annotationRoom is how many bytes of annotations an object may still get.
func annotationRoom(annotations map[string]string) int {
	room := validation.TotalAnnotationSizeLimitB
	for name, value := range annotations {
		room -= len(name) + len(value)
	}
	return room
}

// Plan breaks the key, then restarts the consumers.
func (f *ConfigCorrupt) Plan(ctx context.Context, s Scope) ([]Change, error) {
	namespace := s.Workload.Namespace
	configMap, err := s.ConfigMap(ctx, namespace, f.ConfigMap)
	if apierrors.IsNotFound(err) {
		return nil, &target.Refusal{Reason: fmt.Sprintf("there is no ConfigMap %s in namespace %s", f.ConfigMap, namespace)}
	}
	if err != nil {
		return nil, err
	}
	original, ok := configMap.Data[f.Key]
	switch {
	case !ok:
		return nil, &target.Refusal{Reason: fmt.Sprintf("ConfigMap %s/%s has no key %q in its data", namespace, f.ConfigMap, f.Key)}
	case configMap.Immutable != nil && *configMap.Immutable:
		return nil, &target.Refusal{Reason: fmt.Sprintf("ConfigMap %s/%s is immutable: its values cannot be changed, so they cannot be corrupted either", namespace, f.ConfigMap)}
	}
	if need, room := roomForMarker+min(len(mustJSON(original)), InlineOriginal), annotationRoom(configMap.Annotations); need > room {
		return nil, &target.Refusal{Reason: fmt.Sprintf("the annotations of ConfigMap %s/%s leave %d bytes, and the mark of the change takes %d", namespace, f.ConfigMap, max(0, room), need)}
	}
	field := Field{Path: []string{"data", f.Key}, Original: mustJSON(original), Value: f.Mutation.apply(original, s.Draw)}
	corrupt := Change{
		ID: "corrupt-" + f.ConfigMap + "-" + f.Key, What: fmt.Sprintf("%s: %s", field.PathString(), f.Mutation.words()),
		Object: Object{Resource: configMaps, Kind: "ConfigMap", Namespace: namespace, Name: configMap.Name, UID: configMap.UID},
		Edit:   &Edit{Fields: []Field{field}},
	}
	changes := []Change{corrupt}
	if f.Restart {
		restarts, err := f.restarts(ctx, s, corrupt.ID)
		if err != nil {
			return nil, err
		}
		changes = append(changes, restarts...)
	}
	return changes, nil
}

// Needs are those of the ConfigMap and, where they are to be restarted, of its consumers, whatever kind they are of.
func (f *ConfigCorrupt) Needs(s access.Scope) []access.Need {
	namespace := s.Target.Namespace
	needs := edits(configMaps, namespace, f.ConfigMap, "break the configuration, and put it back")
	if !f.Restart {
		return needs
	}
	for _, resource := range []string{"deployments", "statefulsets", "daemonsets"} {
		consumers := appsv1.SchemeGroupVersion.WithResource(resource)
		all := access.Object{Group: consumers.Group, Resource: resource, Namespace: namespace}
		needs = append(needs, access.Needs("find who uses the configuration", all, "list")...)
		for _, n := range edits(consumers, namespace, "", "restart who uses the configuration") {
			n.Maybe = true
			needs = append(needs, n)
		}
	}
	return needs
}

func (m Mutation) words() string {
	switch m {
	case Empty:
		return "empty the value"
	case Truncate:
		return "cut the value in half"
	case Drop:
		return "drop the key"
	}
	return "replace the value with garbage"
}

// apply makes the broken value; nil drops the key.
func (m Mutation) apply(original string, draw target.Draw) []byte {
	switch m {
	case Empty:
		return mustJSON("")
	case Truncate:
		return mustJSON(strings.ToValidUTF8(original[:len(original)/2], ""))
	case Drop:
		return nil
	}
	// Neither JSON, YAML, TOML, properties nor a number; the draw makes it differ from run to run.
	return mustJSON(fmt.Sprintf("\x01}{ : [corrupted by chaosctl %x\n\t- %%&", draw.Seed))
}

// RestartAnnotation on a pod template makes its controller roll out new pods; removing it rolls back.
const RestartAnnotation = "chaosctl.dev/restart"

func (f *ConfigCorrupt) restarts(ctx context.Context, s Scope, corrupt string) ([]Change, error) {
	workloads, err := s.Workloads(ctx, s.Workload.Namespace)
	if err != nil {
		return nil, err
	}
	var changes []Change
	for _, w := range workloads {
		if !uses(&w.Template.Spec, f.ConfigMap) {
			continue
		}
		changes = append(changes, restart(w, s.Draw, corrupt))
	}
	if len(changes) == 0 {
		return nil, &target.Refusal{Reason: fmt.Sprintf("no Deployment, StatefulSet or DaemonSet in namespace %s uses ConfigMap %s, so nothing can be restarted", s.Workload.Namespace, f.ConfigMap)}
	}
	return changes, nil
}

// restart annotates the pod template. It is undone after the value, so that the pods of the rollback start with a
// sound configuration.
func restart(w *cluster.Workload, draw target.Draw, after string) Change {
	field := Field{
		Path:  []string{"spec", "template", "metadata", "annotations", RestartAnnotation},
		Value: mustJSON(fmt.Sprintf("%x-%s", draw.Seed, draw.Label)),
	}
	if prior, ok := w.Template.Annotations[RestartAnnotation]; ok {
		field.Original = mustJSON(prior)
	}
	return Change{
		ID: "restart-" + strings.ToLower(w.Kind) + "-" + w.Name, Stage: 1, What: "restart the consumers by a rollout",
		Object: Object{Resource: w.Resource, Kind: w.Kind, Namespace: w.Namespace, Name: w.Name, UID: types.UID(w.UID)},
		Edit:   &Edit{Fields: []Field{field}}, UndoAfter: after,
	}
}

// uses says that a pod takes something from the ConfigMap, by a volume or by its environment.
func uses(pod *corev1.PodSpec, configMap string) bool {
	for _, v := range pod.Volumes {
		if v.ConfigMap != nil && v.ConfigMap.Name == configMap {
			return true
		}
		if v.Projected != nil {
			for _, source := range v.Projected.Sources {
				if source.ConfigMap != nil && source.ConfigMap.Name == configMap {
					return true
				}
			}
		}
	}
	for _, c := range append(pod.InitContainers[:len(pod.InitContainers):len(pod.InitContainers)], pod.Containers...) {
		for _, from := range c.EnvFrom {
			if from.ConfigMapRef != nil && from.ConfigMapRef.Name == configMap {
				return true
			}
		}
		for _, env := range c.Env {
			if env.ValueFrom != nil && env.ValueFrom.ConfigMapKeyRef != nil && env.ValueFrom.ConfigMapKeyRef.Name == configMap {
				return true
			}
		}
	}
	return false
}
