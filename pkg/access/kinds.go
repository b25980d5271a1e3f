package access

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/client-go/kubernetes/scheme"
)

// Offline finds the resources of Kubernetes' own kinds without a cluster. A kind that it does not know is taken for a
// custom one that lives in namespaces, with a regular plural.
type Offline struct{}

// Resource never fails.
func (Offline) Resource(kind string) (schema.GroupResource, bool, error) {
	asked := schema.ParseGroupResource(strings.ToLower(kind))
	var found []schema.GroupResource
	for known := range scheme.Scheme.AllKnownTypes() {
		many, one := meta.UnsafeGuessKindToResource(known)
		if (asked.Resource == many.Resource || asked.Resource == one.Resource) && (asked.Group == "" || asked.Group == known.Group) {
			found = append(found, many.GroupResource())
		}
	}
	if len(found) == 0 {
		return schema.GroupResource{Group: asked.Group, Resource: plural(asked.Resource)}, true, nil
	}
	best := slices.MinFunc(found, func(a, b schema.GroupResource) int {
		return strings.Compare(preference(a.Group), preference(b.Group))
	})
	return best, !clusterWide.Has(best.Resource), nil
}

// plural guesses the resource of a custom kind, which may be the plural already. The API machinery's own guess makes
// gatewaies of a gateway.
func plural(kind string) string {
	switch {
	case strings.HasSuffix(kind, "s"):
		return kind
	case strings.HasSuffix(kind, "y") && !strings.ContainsAny(kind[max(0, len(kind)-2):len(kind)-1], "aeiou"):
		return strings.TrimSuffix(kind, "y") + "ies"
	}
	return kind + "s"
}

// preference sorts groups as API servers do where one kind is in several: the core before the others, and what is being
// phased out last.
func preference(group string) string {
	if group == "extensions" {
		return "~"
	}
	return group
}

// clusterWide are the resources of Kubernetes' own that have no namespace. Discovery would tell, but needs a cluster.
var clusterWide = sets.New(
	"namespaces", "nodes", "persistentvolumes", "componentstatuses", "storageclasses", "volumeattachments", "csidrivers", "csinodes",
	"volumeattributesclasses", "clusterroles", "clusterrolebindings", "priorityclasses", "ingressclasses", "runtimeclasses", "ipaddresses",
	"servicecidrs", "deviceclasses", "resourceslices", "certificatesigningrequests", "clustertrustbundles", "flowschemas",
	"prioritylevelconfigurations", "mutatingwebhookconfigurations", "validatingwebhookconfigurations", "mutatingadmissionpolicies",
	"mutatingadmissionpolicybindings", "validatingadmissionpolicies", "validatingadmissionpolicybindings",
)
