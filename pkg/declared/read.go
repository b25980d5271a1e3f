package declared

import (
	"context"
	"fmt"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
)

// Subject is whose declarations are read.
type Subject struct {
	Resource              schema.GroupVersionResource
	Kind, Namespace, Name string
	// Selector is the one of the workload, and Labels are those of its pods.
	Selector labels.Selector
	Labels   labels.Set
	// ConfigMaps names those that the pods use.
	ConfigMaps []string
}

// readyEndpoints is what counts those of a Service, beside what is declared of it.
const readyEndpoints = "readyEndpoints"

// State is what is declared at one moment.
type State struct {
	objects map[string]map[string]any
	// versions tell of some objects whether they were changed in between two states that are alike.
	versions map[string]string
	// scaled says that an autoscaler decides about the number of replicas.
	scaled bool
}

// Objects counts what was found.
func (s *State) Objects() int { return len(s.objects) }

// Resources lists what [Read] lists beside the workload, and what it reads by name.
func Resources() (listed, read []schema.GroupVersionResource) {
	return []schema.GroupVersionResource{services, endpointSlices, budgets, autoscalers}, []schema.GroupVersionResource{configMaps}
}

var (
	replicaSets    = appsv1.SchemeGroupVersion.WithResource("replicasets")
	services       = corev1.SchemeGroupVersion.WithResource("services")
	configMaps     = corev1.SchemeGroupVersion.WithResource("configmaps")
	endpointSlices = discoveryv1.SchemeGroupVersion.WithResource("endpointslices")
	budgets        = policyv1.SchemeGroupVersion.WithResource("poddisruptionbudgets")
	autoscalers    = autoscalingv2.SchemeGroupVersion.WithResource("horizontalpodautoscalers")
)

// Read takes the state. What is not there is not part of it; what cannot be read is an error, for a state that is not whole would
// be unlike any other.
func Read(ctx context.Context, client dynamic.Interface, s Subject) (*State, error) {
	r := reader{ctx: ctx, client: client, subject: s, state: &State{objects: map[string]map[string]any{}, versions: map[string]string{}}}
	workload := r.get(s.Resource, s.Name)
	if workload != nil {
		r.add(s.Kind, workload)
		r.replicaSets(workload)
	}
	endpoints := r.endpoints()
	r.each(services, func(o *unstructured.Unstructured) {
		selector, _, _ := unstructured.NestedStringMap(o.Object, "spec", "selector")
		if len(selector) > 0 && labels.SelectorFromSet(selector).Matches(s.Labels) {
			r.add("Service", o)[readyEndpoints] = endpoints[o.GetName()]
		}
	})
	r.each(budgets, func(o *unstructured.Unstructured) {
		if r.covers(o) {
			r.add("PodDisruptionBudget", o)
		}
	})
	r.each(autoscalers, func(o *unstructured.Unstructured) {
		of, _, _ := unstructured.NestedStringMap(o.Object, "spec", "scaleTargetRef")
		if of["kind"] == s.Kind && of["name"] == s.Name {
			r.add("HorizontalPodAutoscaler", o)
			r.state.scaled = true
		}
	})
	for _, name := range s.ConfigMaps {
		if o := r.get(configMaps, name); o != nil {
			r.add("ConfigMap", o)
		}
	}
	return r.state, r.err
}

// reader collects a state. Its first error sticks.
type reader struct {
	ctx     context.Context //nolint:containedctx // that of the one call that the reader is for
	client  dynamic.Interface
	subject Subject
	state   *State
	err     error
}

// get reads an object; nil where there is none.
func (r *reader) get(resource schema.GroupVersionResource, name string) *unstructured.Unstructured {
	if r.err != nil {
		return nil
	}
	o, err := r.client.Resource(resource).Namespace(r.subject.Namespace).Get(r.ctx, name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return nil
	case err != nil:
		r.err = fmt.Errorf("%s %s cannot be read: %w", resource.Resource, name, err)
		return nil
	}
	return o
}

func (r *reader) each(resource schema.GroupVersionResource, do func(*unstructured.Unstructured)) {
	r.eachOf(resource, metav1.ListOptions{}, do)
}

func (r *reader) eachOf(resource schema.GroupVersionResource, options metav1.ListOptions, do func(*unstructured.Unstructured)) {
	if r.err != nil {
		return
	}
	list, err := r.client.Resource(resource).Namespace(r.subject.Namespace).List(r.ctx, options)
	if err != nil {
		r.err = fmt.Errorf("%s cannot be listed: %w", resource.Resource, err)
		return
	}
	for i := range list.Items {
		do(&list.Items[i])
	}
}

// add puts what is declared of an object into the state, and returns it.
func (r *reader) add(kind string, o *unstructured.Unstructured) map[string]any {
	key := strings.ToLower(kind) + "/" + o.GetName()
	switch {
	case kind == "ConfigMap":
		r.state.versions[key] = o.GetResourceVersion()
	case o.GetGeneration() > 0 && kind != "ReplicaSet":
		r.state.versions[key] = fmt.Sprint(o.GetGeneration())
	}
	object := essence(kind, o)
	r.state.objects[key] = object
	return object
}

// replicaSets adds those of the workload that are to have pods.
func (r *reader) replicaSets(workload *unstructured.Unstructured) {
	if r.subject.Kind != "Deployment" {
		return
	}
	r.eachOf(replicaSets, metav1.ListOptions{LabelSelector: r.subject.Selector.String()}, func(o *unstructured.Unstructured) {
		owner := metav1.GetControllerOf(o)
		replicas, _, _ := unstructured.NestedInt64(o.Object, "spec", "replicas")
		if owner != nil && owner.UID == workload.GetUID() && replicas > 0 {
			r.add("ReplicaSet", o)
		}
	})
}

// endpoints counts those that are ready, by Service.
func (r *reader) endpoints() map[string]int64 {
	ready := map[string]int64{}
	r.each(endpointSlices, func(o *unstructured.Unstructured) {
		var slice discoveryv1.EndpointSlice
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, &slice); err != nil {
			return
		}
		for _, e := range slice.Endpoints {
			if e.Conditions.Ready == nil || *e.Conditions.Ready {
				ready[slice.Labels[discoveryv1.LabelServiceName]]++
			}
		}
	})
	return ready
}

// covers says that a budget is about the pods.
func (r *reader) covers(o *unstructured.Unstructured) bool {
	var budget policyv1.PodDisruptionBudget
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, &budget); err != nil {
		return false
	}
	selector, err := metav1.LabelSelectorAsSelector(budget.Spec.Selector)
	return err == nil && selector.Matches(r.subject.Labels)
}
