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
		return nil, fmt.Errorf("the cluster serves no kind %q", kind)
	}
	mapped, err := o.mapper.KindFor(found)
	if err != nil {
		return nil, err
	}
	return o.mapper.RESTMapping(mapped.GroupKind(), mapped.Version)
}
