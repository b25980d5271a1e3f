package notify

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"unicode/utf8"

	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Cluster is what is needed of a cluster to put an Event on something.
type Cluster interface {
	// Reference names the target of the message, with its UID.
	Reference(ctx context.Context, m Message) (*corev1.ObjectReference, error)
	// Create makes the Event in its namespace.
	Create(ctx context.Context, e *eventsv1.Event) error
}

// Object puts messages on their target as Events of events.k8s.io/v1, which `kubectl describe` shows. What concerns a whole game day
// has no target, and is not told in this way.
type Object struct {
	Cluster Cluster
	// Instance tells this process from others that report.
	Instance string
}

// controller is who reports, as Events name it.
const controller = "chaosctl.dev/chaosctl"

// longestNote and longestInstance are what the API server takes.
const (
	longestNote     = 1024
	longestInstance = 128
)

// Deliver makes one Event, whose name is made of the message, so that there is one also after several attempts.
func (o *Object) Deliver(ctx context.Context, m Message) error {
	if m.Target == "" {
		return nil
	}
	on, err := o.Cluster.Reference(ctx, m)
	if err != nil {
		return failureOf(err)
	}
	sum := sha256.Sum256([]byte(m.ID))
	kind := corev1.EventTypeNormal
	if m.wants(Usual()) {
		kind = corev1.EventTypeWarning
	}
	err = o.Cluster.Create(ctx, &eventsv1.Event{
		ObjectMeta: metav1.ObjectMeta{Name: "chaosctl-" + hex.EncodeToString(sum[:8]), Namespace: on.Namespace},
		EventTime:  metav1.NewMicroTime(m.At), ReportingController: controller, ReportingInstance: cut(o.Instance, longestInstance),
		Action: "Experiment", Reason: m.word(), Regarding: *on, Note: cut(m.Text(), longestNote), Type: kind,
	})
	if apierrors.IsAlreadyExists(err) {
		return nil // by an attempt that was not heard of
	}
	return failureOf(err)
}

// word is the reason of an Event, which is one for machines.
func (m Message) word() string {
	switch m.Event {
	case Started:
		return "ExperimentStarted"
	case NotRun:
		return "ExperimentNotRun"
	case Held:
		return "ExperimentHeld"
	}
	if m.Undo == incomplete {
		return "ExperimentNotPutBack"
	}
	switch m.Verdict {
	case "pass":
		return "ExperimentPassed"
	case "fail":
		return "ExperimentFailed"
	case "aborted":
		return "ExperimentAborted"
	}
	return "ExperimentUnknown"
}

// failureOf says which errors of the API server stay as they are.
func failureOf(err error) error {
	switch {
	case err == nil:
		return nil
	case apierrors.IsForbidden(err):
		return &Failure{Why: fmt.Sprintf("%v (chaosctl rbac, with the same game day, prints what is needed)", err), Final: true}
	case apierrors.IsNotFound(err), apierrors.IsInvalid(err), apierrors.IsBadRequest(err):
		return &Failure{Why: err.Error(), Final: true}
	}
	return err
}

// cut keeps a text to a number of bytes, and whole characters.
func cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	end := most - len("…")
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + "…"
}
