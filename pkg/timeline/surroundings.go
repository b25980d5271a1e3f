package timeline

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/chaosctl/chaosctl/pkg/event"
)

// The resources that a run tells of where it may, and does without otherwise.
const (
	eventsResource  = "events"
	scalersResource = "horizontalpodautoscalers"
)

// mostHappened is how many Events of Kubernetes a log holds: a crash loop tells of itself without end.
const mostHappened = 1000

// longestHappened is how much of the message of an Event is kept, in bytes. The API allows 1024.
const longestHappened = 1024

// surroundings are the feeds that no verdict depends on.
func (r *Recorder) surroundings() []*feed {
	events, namespace := r.client.CoreV1().Events(r.target.Namespace), r.target.Namespace
	told := newFeed(r, eventsResource, metav1.ListOptions{}, events, r.happened)
	told.passing = true
	told.list = func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
		// What happened before the run is none of its business, and may be a great deal: only the version is wanted.
		o.Limit = 1
		list, err := events.List(ctx, o)
		if err != nil {
			return nil, err
		}
		return &corev1.EventList{ListMeta: metav1.ListMeta{ResourceVersion: list.ResourceVersion}}, nil
	}
	all := []*feed{told}
	if r.target.Kind != "" {
		all = append(all, newFeed(r, scalersResource, metav1.ListOptions{}, r.client.AutoscalingV2().HorizontalPodAutoscalers(namespace), r.scaler))
	}
	return all
}

// startSurroundings returns those that can be followed. What cannot is told, and keeps nothing from going on.
func (r *Recorder) startSurroundings(ctx context.Context, all []*feed) (started []*feed) {
	for _, f := range all {
		err := f.start(ctx)
		switch {
		case err == nil:
			started = append(started, f)
		case ctx.Err() != nil:
		case apierrors.IsForbidden(err):
			r.log.Record(event.Noted{Level: "info", Message: fmt.Sprintf("this account may not list %s of namespace %s, so the report has none; the role that chaosctl rbac prints allows it", f.resource, r.target.Namespace)})
		default:
			r.log.Record(event.Noted{Level: "warning", Message: fmt.Sprintf("cannot watch %s, so the report has none: %v", f.resource, err)})
		}
	}
	return started
}

// happened logs an Event that is about the target, what it owns or what scales it.
func (r *Recorder) happened(e *corev1.Event, deleted, _ bool) {
	about := e.InvolvedObject
	if deleted || !r.concerns(about) {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	switch r.told++; {
	case r.told > mostHappened+1:
		return
	case r.told > mostHappened:
		r.log.Record(event.Noted{Level: "info", Message: fmt.Sprintf("more than %d Events of Kubernetes came: the report has the first", mostHappened)})
		return
	}
	count := int(e.Count)
	if e.Series != nil {
		count = max(count, int(e.Series.Count))
	}
	r.log.Record(event.Happened{
		Kind: about.Kind, Name: about.Name, UID: string(about.UID), Warning: e.Type == corev1.EventTypeWarning, Reason: e.Reason,
		Message: e.Message[:min(len(e.Message), longestHappened)], Count: count,
	})
}

// concerns says that an object is the target, or goes by the name of what the target's controllers make. Events of pods come
// before those pods are seen, so that UIDs alone would miss the first.
func (r *Recorder) concerns(about corev1.ObjectReference) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, kind := range []string{"pod/", "workload/", "scaler/"} {
		if _, known := r.last[kind+string(about.UID)]; known {
			return true
		}
	}
	if about.Kind == r.target.Kind && about.Name == r.target.Name {
		return true
	}
	own, known := kin(r.target.Kind, about.Kind)
	rest, its := strings.CutPrefix(about.Name, r.target.Name)
	return known && its && own.MatchString(rest)
}

// What controllers put behind the name of what they make others of: a hash, five characters that are drawn, or a number. The
// characters are those of k8s.io/apimachinery/pkg/util/rand, which makes no words.
var (
	hashed   = regexp.MustCompile(`^-[bcdfghjklmnpqrstvwxz2456789]{1,10}$`)
	drawn    = regexp.MustCompile(`^-[bcdfghjklmnpqrstvwxz2456789]{5}$`)
	both     = regexp.MustCompile(`^-[bcdfghjklmnpqrstvwxz2456789]{1,10}-[bcdfghjklmnpqrstvwxz2456789]{5}$`)
	numbered = regexp.MustCompile(`^-[0-9]{1,6}$`)
)

// kin is how the names of what a workload makes go on, so that those of a neighbour whose name only begins alike are none.
func kin(workload, kind string) (*regexp.Regexp, bool) {
	switch {
	case kind == "ReplicaSet" && workload == "Deployment":
		return hashed, true
	case kind != "Pod":
		return nil, false
	case workload == "Deployment":
		return both, true
	case workload == "StatefulSet":
		return numbered, true
	}
	return drawn, workload != ""
}

// scaler notes the state of an autoscaler of the target.
func (r *Recorder) scaler(h *autoscalingv2.HorizontalPodAutoscaler, deleted, _ bool) {
	if of := h.Spec.ScaleTargetRef; of.Kind != r.target.Kind || of.Name != r.target.Name {
		return
	}
	o := event.ScalerObserved{
		Name: h.Name, UID: string(h.UID), Min: 1, Max: int(h.Spec.MaxReplicas),
		Current: int(h.Status.CurrentReplicas), Desired: int(h.Status.DesiredReplicas), Gone: deleted,
	}
	if h.Spec.MinReplicas != nil {
		o.Min = int(*h.Spec.MinReplicas)
	}
	for _, c := range h.Status.Conditions {
		switch {
		case c.Type == autoscalingv2.ScalingLimited && c.Status == corev1.ConditionTrue:
			o.Limited = c.Reason
		case c.Type == autoscalingv2.ScalingActive && c.Status == corev1.ConditionFalse:
			o.Inactive = c.Reason
		}
	}
	r.note("scaler/"+o.UID, o, deleted)
}
