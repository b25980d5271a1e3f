package cluster

import (
	"context"
	"fmt"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/chaosctl/chaosctl/pkg/experiment"
)

// Workload is what Deployments, StatefulSets, DaemonSets, ReplicaSets and Jobs have in common.
type Workload struct {
	Resource  schema.GroupVersionResource
	Kind      string
	Namespace string
	Name      string
	UID       string
	Selector  labels.Selector
	Template  corev1.PodTemplateSpec
	// Annotations are the workload's own.
	Annotations map[string]string
	Status      Status
	Rollout     Rollout
	// Revision is another one once the controller rolls another pod template out; empty for kinds that have no rollouts.
	Revision string
	// Halted is why the controller says that its rollout makes no progress; only Deployments tell.
	Halted string
}

// Status is how far a workload is from what it declares.
type Status struct {
	Desired, Current, Updated, Ready, Available int
	// Settled says that the controller has seen the newest specification.
	Settled bool
}

// Converged says that the observed state equals the declared one.
func (s Status) Converged() bool {
	return s.Settled && s.Current == s.Desired && s.Updated == s.Desired && s.Ready == s.Desired && s.Available == s.Desired
}

// String is kind/name, as kubectl writes it.
func (w *Workload) String() string { return strings.ToLower(w.Kind) + "/" + w.Name }

// The resources of the kinds of workload.
var (
	deployments  = appsv1.SchemeGroupVersion.WithResource("deployments")
	statefulSets = appsv1.SchemeGroupVersion.WithResource("statefulsets")
	daemonSets   = appsv1.SchemeGroupVersion.WithResource("daemonsets")
	jobs         = batchv1.SchemeGroupVersion.WithResource("jobs")
	replicaSets  = appsv1.SchemeGroupVersion.WithResource("replicasets")
)

// ResourceOf is the resource of a kind of workload as targets name it: deployment, job.
func ResourceOf(kind string) schema.GroupVersionResource {
	return map[string]schema.GroupVersionResource{
		"deployment": deployments, "statefulset": statefulSets, "daemonset": daemonSets, "job": jobs, "replicaset": replicaSets,
	}[kind]
}

// Workload reads the target's workload. A target that is a selector gives a workload without a kind, whose desired
// number of pods is the number that it has.
func (c *Cluster) Workload(ctx context.Context, t experiment.Target) (*Workload, error) {
	if t.Workload == "" {
		w := Selected(t)
		pods, err := c.Pods(ctx, w.Namespace, w.Selector)
		if err != nil {
			return nil, err
		}
		w.Count(pods)
		return w, nil
	}
	kind, name, _ := strings.Cut(t.Workload, "/")
	apps := c.Client.AppsV1()
	switch kind {
	case "deployment":
		d, err := apps.Deployments(t.Namespace).Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return nil, err
		}
		return FromDeployment(d)
	case "statefulset":
		s, err := apps.StatefulSets(t.Namespace).Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return nil, err
		}
		return FromStatefulSet(s)
	case "daemonset":
		d, err := apps.DaemonSets(t.Namespace).Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return nil, err
		}
		return FromDaemonSet(d)
	case "replicaset":
		r, err := apps.ReplicaSets(t.Namespace).Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return nil, err
		}
		return FromReplicaSet(r)
	}
	if kind == "job" {
		j, err := c.Client.BatchV1().Jobs(t.Namespace).Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return nil, err
		}
		return FromJob(j)
	}
	return nil, fmt.Errorf("%q is not a kind of workload: use deployment, statefulset, daemonset, replicaset or job", kind)
}

// Selected views a target that is a selector as a workload, whose pods are still to be counted.
func Selected(t experiment.Target) *Workload {
	selector := labels.SelectorFromSet(t.Selector)
	return &Workload{Namespace: t.Namespace, Name: selector.String(), Selector: selector}
}

// Count sets the status to that of the pods: what there is counts as what is asked for.
func (w *Workload) Count(pods []*Pod) {
	w.Status = Status{Desired: len(pods), Current: len(pods), Updated: len(pods), Settled: true}
	for _, p := range pods {
		if p.Ready {
			w.Status.Ready++
			w.Status.Available++
		}
	}
}

// FromDeployment views a Deployment as a workload.
func FromDeployment(d *appsv1.Deployment) (*Workload, error) {
	w, err := fromApps(deployments, "Deployment", &d.ObjectMeta, d.Spec.Selector, d.Spec.Template, Status{
		Desired: replicas(d.Spec.Replicas), Current: int(d.Status.Replicas), Updated: int(d.Status.UpdatedReplicas),
		Ready: int(d.Status.ReadyReplicas), Available: int(d.Status.AvailableReplicas),
		Settled: d.Status.ObservedGeneration >= d.Generation,
	}, rolloutOfDeployment(d))
	if err != nil {
		return nil, err
	}
	w.Revision, w.Halted = d.Annotations[revisionAnnotation], halted(d)
	return w, nil
}

// revisionAnnotation is where the controller of Deployments numbers the templates.
const revisionAnnotation = "deployment.kubernetes.io/revision"

// halted is the reason for which the condition Progressing is false.
func halted(d *appsv1.Deployment) string {
	for _, c := range d.Status.Conditions {
		if c.Type == appsv1.DeploymentProgressing && c.Status == corev1.ConditionFalse {
			return c.Reason
		}
	}
	return ""
}

// FromStatefulSet views a StatefulSet as a workload.
func FromStatefulSet(s *appsv1.StatefulSet) (*Workload, error) {
	w, err := fromApps(statefulSets, "StatefulSet", &s.ObjectMeta, s.Spec.Selector, s.Spec.Template, Status{
		Desired: replicas(s.Spec.Replicas), Current: int(s.Status.Replicas), Updated: int(s.Status.UpdatedReplicas),
		Ready: int(s.Status.ReadyReplicas), Available: int(s.Status.AvailableReplicas),
		Settled: s.Status.ObservedGeneration >= s.Generation,
	}, rolloutOfStatefulSet(s))
	if err != nil {
		return nil, err
	}
	w.Revision = s.Status.UpdateRevision
	return w, nil
}

// FromDaemonSet views a DaemonSet as a workload.
func FromDaemonSet(d *appsv1.DaemonSet) (*Workload, error) {
	w, err := fromApps(daemonSets, "DaemonSet", &d.ObjectMeta, d.Spec.Selector, d.Spec.Template, Status{
		Desired: int(d.Status.DesiredNumberScheduled), Current: int(d.Status.CurrentNumberScheduled),
		Updated: int(d.Status.UpdatedNumberScheduled), Ready: int(d.Status.NumberReady), Available: int(d.Status.NumberAvailable),
		Settled: d.Status.ObservedGeneration >= d.Generation,
	}, rolloutOfDaemonSet(d))
	if err != nil {
		return nil, err
	}
	w.Revision = d.Annotations[appsv1.DeprecatedTemplateGeneration]
	return w, nil
}

// FromReplicaSet views a ReplicaSet as a workload.
func FromReplicaSet(r *appsv1.ReplicaSet) (*Workload, error) {
	return fromApps(replicaSets, "ReplicaSet", &r.ObjectMeta, r.Spec.Selector, r.Spec.Template, Status{
		Desired: replicas(r.Spec.Replicas), Current: int(r.Status.Replicas), Updated: int(r.Status.Replicas),
		Ready: int(r.Status.ReadyReplicas), Available: int(r.Status.AvailableReplicas),
		Settled: r.Status.ObservedGeneration >= r.Generation,
	}, Rollout{})
}

// FromJob views a Job as a workload: it asks for as many pods as run side by side, and for none once it has finished.
func FromJob(j *batchv1.Job) (*Workload, error) {
	desired := replicas(j.Spec.Parallelism)
	if j.Spec.Completions != nil {
		desired = min(desired, int(*j.Spec.Completions-j.Status.Succeeded))
	}
	for _, c := range j.Status.Conditions {
		if c.Status == corev1.ConditionTrue && (c.Type == batchv1.JobComplete || c.Type == batchv1.JobFailed) {
			desired = 0
		}
	}
	ready := 0
	if j.Status.Ready != nil {
		ready = int(*j.Status.Ready)
	}
	active := int(j.Status.Active)
	return fromApps(jobs, "Job", &j.ObjectMeta, j.Spec.Selector, j.Spec.Template, Status{
		Desired: desired, Current: active, Updated: active, Ready: ready, Available: ready, Settled: true,
	}, Rollout{})
}

func fromApps(resource schema.GroupVersionResource, kind string, meta *metav1.ObjectMeta, selector *metav1.LabelSelector,
	template corev1.PodTemplateSpec, status Status, rollout Rollout,
) (*Workload, error) {
	s, err := metav1.LabelSelectorAsSelector(selector)
	if err != nil {
		return nil, fmt.Errorf("%s %s/%s: %w", kind, meta.Namespace, meta.Name, err)
	}
	return &Workload{
		Resource: resource, Kind: kind, Namespace: meta.Namespace, Name: meta.Name, UID: string(meta.UID),
		Selector: s, Template: template, Annotations: meta.Annotations, Status: status, Rollout: rollout,
	}, nil
}

// replicas of an apps object: the API server fills in 1 where the field is absent.
func replicas(n *int32) int {
	if n == nil {
		return 1
	}
	return int(*n)
}
