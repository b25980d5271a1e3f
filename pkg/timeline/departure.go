package timeline

import (
	"context"
	"slices"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/chaosctl/chaosctl/pkg/event"
)

// departures are pods that are out of the watch's sight, and of which it is to be found out whether they live. They grow as
// they must: the watch does not wait.
type departures struct {
	mu    sync.Mutex
	pods  []*corev1.Pod
	added chan struct{} // holds a token while there is something new
}

func newDepartures() *departures { return &departures{added: make(chan struct{}, 1)} }

func (d *departures) add(pod *corev1.Pod) {
	d.mu.Lock()
	d.pods = append(d.pods, pod)
	d.mu.Unlock()
	select {
	case d.added <- struct{}{}:
	default:
	}
}

func (d *departures) take() []*corev1.Pod {
	d.mu.Lock()
	defer d.mu.Unlock()
	taken := d.pods
	d.pods = nil
	return taken
}

// settleDepartures finds out of the pods that have left whether they live, until ctx ends. A question that is not answered is
// asked again, and the pod stays one that has left meanwhile.
func (r *Recorder) settleDepartures(ctx context.Context) {
	for {
		select {
		case <-r.departed.added:
		case <-ctx.Done():
			return
		}
		var unanswered []*corev1.Pod
		for _, pod := range r.departed.take() {
			switch lives, err := r.lives(ctx, pod); {
			case err != nil:
				unanswered = append(unanswered, pod)
			case !lives:
				r.notePod(pod, event.PodObserved{Gone: true})
			}
		}
		if len(unanswered) > 0 {
			select {
			case <-time.After(retryDelay):
			case <-ctx.Done():
				return
			}
		}
		for _, pod := range unanswered {
			r.departed.add(pod)
		}
	}
}

// isThere asks for a pod by its name, with the right to list that the watch has too, and compares the UID.
func (r *Recorder) isThere(ctx context.Context, pod *corev1.Pod) (bool, error) {
	named, err := r.client.CoreV1().Pods(pod.Namespace).List(ctx, metav1.ListOptions{FieldSelector: "metadata.name=" + pod.Name})
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(named.Items, func(p corev1.Pod) bool { return p.UID == pod.UID }), nil
}
