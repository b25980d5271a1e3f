package cluster

import (
	"context"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/restmapper"
)

// Objects reads objects of one namespace by kind/name, of whatever kind the cluster serves.
type Objects struct {
	mapper    *restmapper.DeferredDiscoveryRESTMapper
	dynamic   dynamic.Interface
	namespace string
}

// Objects makes a reader of a namespace. What the cluster serves is discovered at the first use, once.
func (c *Cluster) Objects(namespace string) *Objects {
	mapper := restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(c.Client.Discovery()))
	return &Objects{mapper, c.Dynamic, namespace}
}

// Object reads kind/name; kind is what kubectl takes as well: deployment, deployments, or with its group deployment.apps.
func (o *Objects) Object(ctx context.Context, reference string) (*unstructured.Unstructured, error) {
	kind, name, ok := strings.Cut(reference, "/")
	if !ok {
		return nil, fmt.Errorf("%q is not kind/name", reference)
	}
	mapping, err := o.mapping(kind)
	if err != nil {
		return nil, err
	}
	if mapping.Scope.Name() == meta.RESTScopeNameRoot {
		return o.dynamic.Resource(mapping.Resource).Get(ctx, name, metav1.GetOptions{})
	}
	return o.dynamic.Resource(mapping.Resource).Namespace(o.namespace).Get(ctx, name, metav1.GetOptions{})
}

// Resource finds the resource of a kind, and whether its objects live in namespaces.
func (o *Objects) Resource(kind string) (schema.GroupResource, bool, error) {
	mapping, err := o.mapping(kind)
	if err != nil {
		return schema.GroupResource{}, false, err
	}
	return mapping.Resource.GroupResource(), mapping.Scope.Name() != meta.RESTScopeNameRoot, nil
}

func (o *Objects) mapping(kind string) (*meta.RESTMapping, error) {
	resource := schema.ParseGroupResource(strings.ToLower(kind))
	found, err := o.mapper.ResourceFor(resource.WithVersion(""))
	if err != nil {
		return o.ofKind(kind)
	}
	mapped, err := o.mapper.KindFor(found)
	if err != nil {
		return nil, err
	}
	return o.mapper.RESTMapping(mapped.GroupKind(), mapped.Version)
}

// ofKind reads what manifests call a kind, with its group: Deployment.apps or Deployment.v1.apps. A custom kind may have a
// singular that is not its name in small letters.
func (o *Objects) ofKind(kind string) (*meta.RESTMapping, error) {
	full, short := schema.ParseKindArg(kind)
	if full != nil {
		if mapping, err := o.mapper.RESTMapping(full.GroupKind(), full.Version); err == nil {
			return mapping, nil
		}
	}
	mapping, err := o.mapper.RESTMapping(short)
	if meta.IsNoMatchError(err) {
		return nil, &UnservedError{kind}
	}
	return mapping, err
}

// UnservedError says that the cluster serves no such kind.
type UnservedError struct{ Kind string }

func (e *UnservedError) Error() string { return fmt.Sprintf("the cluster serves no kind %q", e.Kind) }

// Served is a kind that the cluster serves.
type Served struct {
	Resource schema.GroupVersionResource
	// Kind is its name in manifests.
	Kind string
	// Namespaced says that its objects live in namespaces.
	Namespaced bool
	// Verbs are the requests that it takes: some kinds, such as Binding, can only be created.
	Verbs []string
}

// Served finds a kind as people write it: configmap, deployments.apps, or as manifests do, Deployment.v1.apps. The error is an
// [UnservedError] where there is none. What the cluster serves is discovered anew by each call.
func (c *Cluster) Served(kind string) (Served, error) {
	mapping, err := c.Objects("").mapping(kind)
	if err != nil {
		return Served{}, err
	}
	s := Served{Resource: mapping.Resource, Kind: mapping.GroupVersionKind.Kind, Namespaced: mapping.Scope.Name() != meta.RESTScopeNameRoot}
	list, err := c.Client.Discovery().ServerResourcesForGroupVersion(s.Resource.GroupVersion().String())
	if err != nil {
		return Served{}, err
	}
	for _, r := range list.APIResources {
		if r.Name == s.Resource.Resource {
			s.Verbs = r.Verbs
		}
	}
	return s, nil
}

// Object reads an object of a namespace.
func (c *Cluster) Object(ctx context.Context, resource schema.GroupVersionResource, namespace, name string) (*unstructured.Unstructured, error) {
	return c.Dynamic.Resource(resource).Namespace(namespace).Get(ctx, name, metav1.GetOptions{})
}
