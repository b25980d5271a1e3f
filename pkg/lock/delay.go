package lock

import (
	"context"
	"errors"
	"fmt"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
)

// WatchDelays renews the Lease at each tick, and tells observe how long after the sending of each renewal a watch showed it.
// What happens in the cluster is seen later than it happens by that much at the most (G15): it is the resolution of all that
// is measured by watches. The watch is made by watcher, which should be what makes those. It returns when ctx ends, or with
// the error for which nothing more can be measured.
func (h *Held) WatchDelays(ctx context.Context, watcher kubernetes.Interface, tick <-chan time.Time, observe func(time.Duration)) error {
	h.mu.Lock()
	last := h.lease.ResourceVersion
	h.mu.Unlock()
	w, err := watcher.CoordinationV1().Leases(h.scope.Namespace).Watch(ctx, metav1.ListOptions{
		FieldSelector: fields.OneTermEqualSelector(metav1.ObjectNameField, h.scope.Name).String(), ResourceVersion: last,
	})
	if err != nil {
		return err
	}
	defer w.Stop()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	seen := make(chan sighting, 16) // nobody takes them while a renewal is on its way
	go sightings(ctx, w, seen)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick:
		}
		version, sent, err := h.renewNow(ctx, last)
		if err != nil {
			return err
		}
		last = version
		for shown := ""; shown != version; {
			select {
			case <-ctx.Done():
				return nil
			case s, open := <-seen:
				if !open {
					return errors.New("the watch has ended")
				}
				if shown = s.version; shown == version {
					observe(s.at.Sub(sent))
				}
			}
		}
	}
}

// sighting is a version of the Lease, and when the watch showed it, by the monotonic clock.
type sighting struct {
	version string
	at      time.Time
}

// sightings passes on what the watch shows, with the instant, and closes the channel in the end.
func sightings(ctx context.Context, w watch.Interface, to chan<- sighting) {
	defer close(to)
	for e := range w.ResultChan() {
		if lease, ok := e.Object.(*coordinationv1.Lease); ok {
			select {
			case to <- sighting{lease.ResourceVersion, time.Now()}:
			case <-ctx.Done():
				return
			}
		}
	}
}

// renewNow renews the Lease, and says which version it has then, and when that was sent.
func (h *Held) renewNow(ctx context.Context, last string) (version string, sent time.Time, err error) {
	if err := h.renew(ctx); err != nil {
		return "", time.Time{}, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.lease.ResourceVersion == last {
		return "", time.Time{}, fmt.Errorf("the lease %s could not be renewed", h.scope)
	}
	return h.lease.ResourceVersion, h.renewed, nil
}
