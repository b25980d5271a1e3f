package inject

import (
	"k8s.io/apimachinery/pkg/types"

	"github.com/chaosctl/chaosctl/pkg/access"
	"github.com/chaosctl/chaosctl/pkg/cluster"
)

// subject names a workload in a sentence.
func subject(w *cluster.Workload) string {
	if w.Kind == "" {
		return "a target that is a selector"
	}
	return w.String()
}

func workloadObject(w *cluster.Workload) Object {
	return Object{Resource: w.Resource, Kind: w.Kind, Namespace: w.Namespace, Name: w.Name, UID: types.UID(w.UID)}
}

// onWorkload is an edit of the target itself.
func onWorkload(w *cluster.Workload, id, what string, fields ...Field) Change {
	return Change{ID: id + w.Name, What: what, Object: workloadObject(w), Edit: &Edit{Fields: fields}}
}

// targetEdits are the needs of edits of the target; none where that is a selector, which no such fault accepts.
func targetEdits(s access.Scope, why string) []access.Need {
	kind, name := s.Target.WorkloadKind()
	if kind == "" {
		kind, name = "deployment", "" // the plan will refuse it, and say why
	}
	return edits(cluster.ResourceOf(kind), s.Target.Namespace, name, why)
}
