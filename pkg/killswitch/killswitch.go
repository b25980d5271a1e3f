// Package killswitch is the cluster's emergency stop (G10): a ConfigMap which, as long as it exists, ends all runs and
// keeps new ones from injecting anything. It lies where every account may look it up once it is allowed to.
package killswitch

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/client-go/kubernetes"
)

// The ConfigMap. Its namespace is in every cluster, and meant for what all may know.
const (
	Namespace = metav1.NamespacePublic
	Name      = "chaosctl-stop"
)

const (
	reasonAnnotation = "chaosctl.dev/reason"
	byAnnotation     = "chaosctl.dev/by"
)

// Order is the stop that somebody has ordered.
type Order struct {
	By, Reason string
	At         time.Time
}

// String says it in a sentence.
func (o Order) String() string {
	text := "the kill switch is set"
	if o.By != "" {
		text += " by " + o.By
	}
	text += " since " + o.At.UTC().Format(time.RFC3339)
	if o.Reason != "" {
		text += ": " + o.Reason
	}
	return text
}

func orderOf(m *corev1.ConfigMap) *Order {
	return &Order{By: m.Annotations[byAnnotation], Reason: m.Annotations[reasonAnnotation], At: m.CreationTimestamp.Time}
}

// Get returns the order in force; nil where there is none.
func Get(ctx context.Context, client kubernetes.Interface) (*Order, error) {
	m, err := client.CoreV1().ConfigMaps(Namespace).Get(ctx, Name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return orderOf(m), nil
}

// Set orders the stop. One that is in force already stays as it is, and is returned.
func Set(ctx context.Context, client kubernetes.Interface, by, reason string) (*Order, error) {
	m := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{
		Name: Name, Labels: map[string]string{"app.kubernetes.io/managed-by": "chaosctl"},
		Annotations: map[string]string{byAnnotation: by, reasonAnnotation: reason},
	}}
	created, err := client.CoreV1().ConfigMaps(Namespace).Create(ctx, m, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		return Get(ctx, client)
	}
	if err != nil {
		return nil, err
	}
	return orderOf(created), nil
}

// Lift ends the order, and returns it; nil where there was none.
func Lift(ctx context.Context, client kubernetes.Interface) (*Order, error) {
	order, err := Get(ctx, client)
	if order == nil || err != nil {
		return nil, err
	}
	err = client.CoreV1().ConfigMaps(Namespace).Delete(ctx, Name, metav1.DeleteOptions{})
	if apierrors.IsNotFound(err) {
		err = nil
	}
	return order, err
}

// Check is an error while a stop is in force, or where that cannot be found out.
func Check(ctx context.Context, client kubernetes.Interface) error {
	order, err := Get(ctx, client)
	if err != nil {
		return fmt.Errorf("whether the kill switch is set cannot be found out: %w", err)
	}
	if order != nil {
		return &Engaged{*order}
	}
	return nil
}

// Engaged is the error of what must not go on.
type Engaged struct{ Order Order }

func (e *Engaged) Error() string { return e.Order.String() }

// retryWatch is how long a broken watch rests before it is made again.
const retryWatch = time.Second

// Watch returns when a stop is ordered, with the order, or when ctx ends, with nil. A watch that breaks is made again: as
// long as the server does not answer, nothing can be injected either.
func Watch(ctx context.Context, client kubernetes.Interface) *Order {
	for ctx.Err() == nil {
		if order := watchOnce(ctx, client); order != nil {
			return order
		}
		select {
		case <-ctx.Done():
		case <-time.After(retryWatch):
		}
	}
	return nil
}

func watchOnce(ctx context.Context, client kubernetes.Interface) *Order {
	// Without a resource version, a watch begins with what is there.
	watcher, err := client.CoreV1().ConfigMaps(Namespace).Watch(ctx, metav1.ListOptions{
		FieldSelector: fields.OneTermEqualSelector(metav1.ObjectNameField, Name).String(),
	})
	if err != nil {
		return nil
	}
	defer watcher.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case e, open := <-watcher.ResultChan():
			if !open {
				return nil
			}
			if m, ok := e.Object.(*corev1.ConfigMap); ok && m.DeletionTimestamp == nil && (e.Type == "ADDED" || e.Type == "MODIFIED") {
				return orderOf(m)
			}
		}
	}
}
