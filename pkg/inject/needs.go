package inject

import (
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/chaosctl/chaosctl/pkg/access"
)

// Needs lists the requests that package apply sends for a change: to make it, to prove it and to undo it. Pods are not
// named, since another may be chosen when the time comes.
func (c *Change) Needs() []access.Need {
	switch {
	case c.Delete != nil:
		return deletions(c.Object.Namespace)
	case c.Evict != nil:
		return evictions(c.Object.Namespace)
	case !c.InCluster():
		return nil
	case c.Create != nil:
		needs := creations(c.Object.Resource, c.Object.Namespace, c.Object.Name, c.What)
		if r := c.Create.Refused; r != nil {
			needs = append(needs, trials(r.Resource, c.Object.Namespace)...)
		}
		return needs
	case c.Withdraw != nil:
		return withdrawals(c.Object.Resource, c.Object.Namespace, c.Object.Name)
	case c.Agent != nil:
		return agents(c.Object.Namespace)
	}
	if c.Subresource() != "" {
		return subresourceEdits(c.Object.Resource, c.Subresource(), c.Object.Namespace, c.Object.Name, c.What)
	}
	return edits(c.Object.Resource, c.Object.Namespace, c.Object.Name, c.What)
}

func deletions(namespace string) []access.Need {
	on := access.Object{Resource: pods.Resource, Namespace: namespace}
	return append(access.Needs("delete the chosen pods", on, "delete"), access.Needs("see that they are gone", on, "get")...)
}

func evictions(namespace string) []access.Need {
	on := access.Object{Resource: pods.Resource, Namespace: namespace}
	needs := access.Needs("see that they are gone", on, "get")
	on.Subresource = "eviction"
	needs = append(needs, access.Needs("evict the pods", on, "create")...)
	budgets := access.Object{Group: "policy", Resource: "poddisruptionbudgets", Namespace: namespace}
	return append(needs, access.Needs("wait until the budgets allow an eviction", budgets, "list", "watch")...)
}

// edits of an object by name; without a name, of any. What its controller has copied the marker to is cleaned in the end.
func edits(resource schema.GroupVersionResource, namespace, name, why string) []access.Need {
	on := access.Object{Group: resource.Group, Resource: resource.Resource, Namespace: namespace, Name: name}
	needs := access.Needs(why, on, "get", "patch")
	if copies := CopiesOf(resource); !copies.Empty() {
		on.Resource, on.Name = copies.Resource, ""
		needs = append(needs, access.Needs("remove the marks that controllers hand down", on, "list", "patch")...)
	}
	return needs
}

// subresourceEdits are like edits, of what is written by a subresource.
func subresourceEdits(resource schema.GroupVersionResource, subresource, namespace, name, why string) []access.Need {
	on := access.Object{Group: resource.Group, Resource: resource.Resource, Namespace: namespace, Name: name}
	needs := access.Needs(why, on, "get")
	on.Subresource = subresource
	return append(needs, access.Needs(why, on, "patch")...)
}

// CopiesOf is the resource to whose objects the controller of a workload copies the workload's annotations; empty where it
// does not. It never takes them back.
func CopiesOf(workload schema.GroupVersionResource) schema.GroupVersionResource {
	if workload.Group != appsv1.GroupName {
		return schema.GroupVersionResource{}
	}
	switch workload.Resource {
	case "deployments":
		return appsv1.SchemeGroupVersion.WithResource("replicasets")
	case "statefulsets", "daemonsets":
		return appsv1.SchemeGroupVersion.WithResource("controllerrevisions")
	}
	return schema.GroupVersionResource{}
}

// creations of an object. A name is of no use to a rule about the first of the three: Kubernetes does not know it by then.
func creations(resource schema.GroupVersionResource, namespace, name, why string) []access.Need {
	on := access.Object{Group: resource.Group, Resource: resource.Resource, Namespace: namespace}
	needs := access.Needs(why, on, "create")
	on.Name = name
	return append(needs, access.Needs("see that it is there, and remove it", on, "get", "delete")...)
}

// withdrawals of an object, which is marked before it goes, and created again.
func withdrawals(resource schema.GroupVersionResource, namespace, name string) []access.Need {
	on := access.Object{Group: resource.Group, Resource: resource.Resource, Namespace: namespace, Name: name}
	needs := access.Needs("delete the object", on, "get", "patch", "delete")
	on.Name = ""
	return append(needs, access.Needs("create it again", on, "create")...)
}

// trials are creations that are only tried, by dry runs: Kubernetes asks the same permission for them.
func trials(resource schema.GroupVersionResource, namespace string) []access.Need {
	on := access.Object{Group: resource.Group, Resource: resource.Resource, Namespace: namespace}
	return access.Needs("see by a dry run that no new one is let in", on, "create")
}
