package doctor

import (
	"context"
	"fmt"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/chaosctl/chaosctl/pkg/apply"
	"github.com/chaosctl/chaosctl/pkg/experiment"
)

// changeable are the resources that faults edit.
func changeable() []schema.GroupVersionResource {
	return []schema.GroupVersionResource{
		corev1.SchemeGroupVersion.WithResource("nodes"), corev1.SchemeGroupVersion.WithResource("configmaps"),
		appsv1.SchemeGroupVersion.WithResource("deployments"), appsv1.SchemeGroupVersion.WithResource("statefulsets"),
		appsv1.SchemeGroupVersion.WithResource("daemonsets"),
	}
}

// leftovers looks for objects that still bear the mark of a run. Where the user may not list all namespaces, those of
// the targets are looked at; what may not be listed there either is named.
func (d *Doctor) leftovers(ctx context.Context, all []*experiment.Experiment) []Finding {
	var namespaces, seen, hidden []string
	for _, e := range all {
		namespaces = append(namespaces, e.Spec.Target.Namespace)
	}
	slices.Sort(namespaces)
	namespaces = slices.Compact(namespaces)
	var findings []Finding
	for _, resource := range changeable() {
		marked, err := d.marked(ctx, resource, namespaces)
		if err != nil {
			hidden = append(hidden, resource.Resource)
			continue
		}
		seen = append(seen, resource.Resource)
		for i := range marked {
			findings = append(findings, leftover(resource.Resource, &marked[i], namespaces))
		}
	}
	if len(findings) > 0 {
		return findings
	}
	f := Finding{Check: "leftovers", Level: OK, Message: "none of earlier runs"}
	if len(hidden) > 0 {
		f.Message = fmt.Sprintf("none among %s; you may not list %s", orNone(seen), strings.Join(hidden, ", "))
	}
	return []Finding{f}
}

func (d *Doctor) marked(ctx context.Context, resource schema.GroupVersionResource, namespaces []string) ([]unstructured.Unstructured, error) {
	options := metav1.ListOptions{LabelSelector: apply.RunLabel}
	list, err := d.Cluster.Dynamic.Resource(resource).List(ctx, options)
	if err == nil {
		return list.Items, nil
	}
	if !apierrors.IsForbidden(err) || len(namespaces) == 0 {
		return nil, err
	}
	var all []unstructured.Unstructured
	for _, namespace := range namespaces {
		list, err := d.Cluster.Dynamic.Resource(resource).Namespace(namespace).List(ctx, options)
		if err != nil {
			return nil, err
		}
		all = append(all, list.Items...)
	}
	return all, nil
}

// leftover is a problem where an experiment would meet it: on a node, and in the namespace of a target.
func leftover(resource string, o *unstructured.Unstructured, namespaces []string) Finding {
	f := Finding{
		Check: "leftovers", Level: Problem,
		Message: fmt.Sprintf("%s %s still bears the mark of run %s", resource, strings.TrimPrefix(o.GetNamespace()+"/"+o.GetName(), "/"), o.GetLabels()[apply.RunLabel]),
		Mend:    "wait if that run is under way; else `chaosctl recover " + o.GetLabels()[apply.RunLabel] + "` puts it back",
	}
	if o.GetNamespace() != "" && len(namespaces) > 0 && !slices.Contains(namespaces, o.GetNamespace()) {
		f.Level = Warning
	}
	return f
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "nothing"
	}
	return strings.Join(names, ", ")
}
