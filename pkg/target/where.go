package target

import (
	"path"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/experiment"
)

// Where narrows which pods of the target a fault may choose. All conditions that are given must hold.
type Where struct {
	// Labels that the pod has.
	Labels map[string]string `json:"labels,omitempty"`
	// Fields is a field selector over metadata.name, spec.nodeName and status.phase, such as status.phase=Running.
	Fields string `json:"fields,omitempty"`
	// Names are patterns, such as web-0 or web-*; one must match.
	Names []string `json:"names,omitempty"`
	// Nodes are the names of nodes, one of which runs the pod.
	Nodes []string `json:"nodes,omitempty"`
	// Zones are values of topology.kubernetes.io/zone; the pod's node is in one of them.
	Zones []string `json:"zones,omitempty"`
	// Owner is the pod's controller as kind/name, such as replicaset/web-5d9c.
	Owner string `json:"owner,omitempty"`
	// OlderThan is the least age of the pod.
	OlderThan *experiment.Duration `json:"olderThan,omitempty"`
	// YoungerThan is the greatest age of the pod.
	YoungerThan *experiment.Duration `json:"youngerThan,omitempty"`
	// Phase of the pod: Pending or Running.
	Phase string `json:"phase,omitempty"`
}

// Check reports conditions that can never hold. A nil Where has none.
func (w *Where) Check(c *experiment.Check, field string) {
	if w == nil {
		return
	}
	if w.empty() {
		c.Fail(field, "no condition is given, so it would choose among all: leave it out, or give labels, fields, names, nodes, zones, owner, olderThan, youngerThan or phase")
	}
	if _, err := fields.ParseSelector(w.Fields); err != nil {
		c.Fail(field+".fields", "%q is not a field selector: expected something like status.phase=Running", w.Fields)
	}
	for _, pattern := range w.Names {
		if _, err := path.Match(pattern, ""); err != nil {
			c.Fail(field+".names", "%q is not a pattern: expected a name with * and ?, such as web-*", pattern)
		}
	}
	if kind, name, ok := strings.Cut(w.Owner, "/"); w.Owner != "" && (!ok || kind == "" || name == "") {
		c.Fail(field+".owner", "%q is not kind/name: expected something like replicaset/web-5d9c", w.Owner)
	}
	if w.Phase != "" {
		c.OneOf(field+".phase", "phase", w.Phase, []string{string(corev1.PodPending), string(corev1.PodRunning)})
	}
}

func (w *Where) empty() bool {
	return len(w.Labels)+len(w.Names)+len(w.Nodes)+len(w.Zones) == 0 && w.Fields == "" && w.Owner == "" && w.Phase == "" &&
		w.OlderThan == nil && w.YoungerThan == nil
}

// NeedsZones says that Match must be told the zone of the pod's node.
func (w *Where) NeedsZones() bool { return w != nil && len(w.Zones) > 0 }

// Match says whether a pod may be chosen. A nil Where lets every pod be.
func (w *Where) Match(p *cluster.Pod, zone string, now time.Time) bool {
	if w == nil {
		return true
	}
	age := now.Sub(p.CreationTimestamp.Time)
	return labels.SelectorFromSet(w.Labels).Matches(labels.Set(p.Labels)) &&
		w.matchesFields(p) &&
		(len(w.Names) == 0 || slices.ContainsFunc(w.Names, func(pattern string) bool {
			ok, err := path.Match(pattern, p.Name)
			return ok && err == nil
		})) &&
		(len(w.Nodes) == 0 || slices.Contains(w.Nodes, p.Node)) &&
		(len(w.Zones) == 0 || slices.Contains(w.Zones, zone)) &&
		(w.Owner == "" || w.ownedBy(p)) &&
		(w.OlderThan == nil || age >= w.OlderThan.Std()) &&
		(w.YoungerThan == nil || age <= w.YoungerThan.Std()) &&
		(w.Phase == "" || string(p.Phase) == w.Phase)
}

func (w *Where) matchesFields(p *cluster.Pod) bool {
	selector, err := fields.ParseSelector(w.Fields)
	return err == nil && selector.Matches(fields.Set{
		"metadata.name": p.Name, "metadata.namespace": p.Namespace, "spec.nodeName": p.Node, "status.phase": string(p.Phase),
	})
}

func (w *Where) ownedBy(p *cluster.Pod) bool {
	owner := metav1.GetControllerOf(p)
	return owner != nil && strings.EqualFold(owner.Kind+"/"+owner.Name, w.Owner)
}

// OptedOut says that the pod asks to be left alone, by the annotation chaosctl.dev/protect: "true".
func OptedOut(annotations map[string]string) bool {
	return annotations[cluster.ProtectAnnotation] == "true"
}
