package snapshot

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
)

// kind is one whose objects a snapshot holds.
type kind struct {
	resource schema.GroupVersionResource
	// derived says that its objects are made and changed by controllers, from others that the snapshot holds: looked at are
	// only their marks.
	derived bool
	// about says that they are in no namespace, and may be about one.
	about bool
}

// derived are kinds of objects that only controllers write, save pods that have none.
var derived = []string{"pods", "replicasets", "controllerrevisions", "endpoints", "endpointslices"}

// kinds lists all that live in namespaces, but events, which are never anybody's to put back.
func kinds(client discovery.DiscoveryInterface) ([]kind, error) {
	lists, err := discovery.ServerPreferredNamespacedResources(client)
	if err != nil {
		return nil, err
	}
	var all []kind
	for _, list := range lists {
		gv, err := schema.ParseGroupVersion(list.GroupVersion)
		if err != nil {
			return nil, err
		}
		for _, r := range list.APIResources {
			if slices.Contains(r.Verbs, "list") && r.Name != "events" {
				all = append(all, kind{resource: gv.WithResource(r.Name), derived: slices.Contains(derived, r.Name)})
			}
		}
	}
	for _, resource := range []string{"validatingadmissionpolicies", "validatingadmissionpolicybindings"} {
		all = append(all, kind{resource: admissionv1.SchemeGroupVersion.WithResource(resource), about: true})
	}
	return all, nil
}

// isAbout says that an object names a namespace in its specification.
func isAbout(o *unstructured.Unstructured, namespace string) bool {
	text, err := json.Marshal(o.Object["spec"])
	return err == nil && strings.Contains(string(text), `"`+namespace+`"`)
}

var nodes = corev1.SchemeGroupVersion.WithResource("nodes")

// Viewer takes snapshots of a cluster.
type Viewer struct {
	client dynamic.Interface
	kinds  []kind
}

// NewViewer finds out what kinds of objects there are.
func NewViewer(discover discovery.DiscoveryInterface, client dynamic.Interface) (*Viewer, error) {
	all, err := kinds(discover)
	if err != nil {
		return nil, err
	}
	return &Viewer{client: client, kinds: all}, nil
}

// listings is how many kinds are listed at once. Each listing waits until the server knows that it is up to date, which takes up to 100 ms where the kind is idle.
const listings = 64

// Look takes a snapshot of a namespace, of what is about it in no namespace, and of the nodes named.
func (v *Viewer) Look(ctx context.Context, namespace string, named ...string) (*Snapshot, error) {
	found := New()
	lists := make([]*unstructured.UnstructuredList, len(v.kinds))
	group, listing := errgroup.WithContext(ctx)
	group.SetLimit(listings)
	for i, k := range v.kinds {
		group.Go(func() (err error) {
			in := namespace
			if k.about {
				in = ""
			}
			if lists[i], err = v.client.Resource(k.resource).Namespace(in).List(listing, metav1.ListOptions{}); err != nil {
				return fmt.Errorf("list %s: %w", k.resource.Resource, err)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	for i, list := range lists {
		for j := range list.Items {
			o := &list.Items[j]
			if v.kinds[i].about && !isAbout(o, namespace) {
				continue
			}
			found.add(o, v.kinds[i].derived && (o.GetKind() != "Pod" || metav1.GetControllerOf(o) != nil))
		}
	}
	for _, name := range named {
		node, err := v.client.Resource(nodes).Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return nil, err
		}
		found.add(node, false)
	}
	return found, nil
}
