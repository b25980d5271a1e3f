package timeline

import (
	"cmp"
	"context"
	"fmt"
	"runtime/debug"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"

	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/event"
)

// Log takes what the recorder sees; an [event.Log] is one.
type Log interface{ Record(event.Payload) }

// Recorder watches the target and its surroundings. A state is logged when it differs from the one before.
type Recorder struct {
	client kubernetes.Interface
	target *cluster.Workload
	log    Log

	mu sync.Mutex
	// last holds the newest state by kind and UID, so that heartbeats and the like are not logged. What is deleted
	// leaves it again: its size follows the number of pods that live at once.
	last map[string]event.Payload
	// endpoints holds, by slice, the pods that it lists.
	endpoints map[string]map[string]event.EndpointObserved
	state     State
	moved     chan struct{}

	// told counts the Events of Kubernetes that were logged.
	told int

	departed *departures
	// lives says of a departed pod whether the API still has it.
	lives func(context.Context, *corev1.Pod) (bool, error)
}

// The resources whose watches recoveries are made of, as a [event.WatchInterrupted] names them.
const (
	PodsResource      = "pods"
	endpointsResource = "endpointslices"
)

// ResourceOf is what the watch of a kind of workload calls it.
func ResourceOf(kind string) string { return strings.ToLower(kind) + "s" }

// State is the newest state of the target.
type State struct {
	Status cluster.Status
	// Pods counts those of the target that live, Ready those of them that are ready.
	Pods, Ready int
	// Terminating counts the target's pods that are on their way out.
	Terminating int
}

// Converged says that the target is as declared, with no pod on its way out.
func (s State) Converged() bool {
	return s.Status.Converged() && s.Terminating == 0 && s.Ready >= s.Status.Desired
}

// NewRecorder makes a recorder of the target; nothing is read yet.
func NewRecorder(client kubernetes.Interface, target *cluster.Workload, log Log) *Recorder {
	r := &Recorder{
		client: client, target: target, log: log, last: map[string]event.Payload{},
		endpoints: map[string]map[string]event.EndpointObserved{}, state: State{Status: target.Status}, moved: make(chan struct{}),
		departed: newDepartures(),
	}
	r.lives = r.isThere
	return r
}

// Run lists everything once, calls ready, and watches until ctx ends. What cannot be read at the start is an error. A
// panic in one of its goroutines comes up as one in that of the caller, who knows what to do about it.
func (r *Recorder) Run(ctx context.Context, ready func()) error {
	feeds := r.feeds()
	for _, f := range feeds {
		if err := f.start(ctx); err != nil {
			return fmt.Errorf("cannot watch %s: %w", f.resource, err)
		}
	}
	feeds = append(feeds, r.startSurroundings(ctx, r.surroundings())...)
	ready()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	work := []func(context.Context){r.settleDepartures}
	for _, f := range feeds {
		work = append(work, f.follow)
	}
	panics := make(chan any, len(work))
	var wait sync.WaitGroup
	for _, do := range work {
		wait.Go(func() {
			defer func() {
				if p := recover(); p != nil {
					r.log.Record(event.Noted{Level: "warning", Message: fmt.Sprintf("internal error: %v\n%s", p, debug.Stack())})
					panics <- p
					cancel()
				}
			}()
			do(ctx)
		})
	}
	wait.Wait()
	select {
	case p := <-panics:
		panic(p)
	default:
		return nil
	}
}

// State is the newest state of the target, and a channel that is closed when it changes.
func (r *Recorder) State() (State, <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.state, r.moved
}

// Newcomers are the target's pods that are ready, and were not there when the watch began or were restarted in place, by name.
func (r *Recorder) Newcomers() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var names []string
	for _, p := range r.last {
		if p, ok := p.(event.PodObserved); ok && p.Ready && !p.Terminating && !p.Left && (!p.Initial || p.Restarts > 0) {
			names = append(names, p.Name)
		}
	}
	return names
}

func (r *Recorder) feeds() []*feed {
	core, apps, namespace := r.client.CoreV1(), r.client.AppsV1(), r.target.Namespace
	selected := metav1.ListOptions{LabelSelector: r.target.Selector.String()}
	byName := metav1.ListOptions{FieldSelector: "metadata.name=" + r.target.Name}
	all := []*feed{
		newFeed(r, PodsResource, selected, core.Pods(namespace), r.pod),
		newFeed(r, endpointsResource, metav1.ListOptions{}, r.client.DiscoveryV1().EndpointSlices(namespace), r.endpointSlice),
		newFeed(r, "nodes", metav1.ListOptions{}, core.Nodes(), r.node),
	}
	switch r.target.Kind {
	case "Deployment":
		all = append(all,
			newFeed(r, "deployments", byName, apps.Deployments(namespace), workload(r, cluster.FromDeployment)),
			newFeed(r, "replicasets", selected, apps.ReplicaSets(namespace), workload(r, cluster.FromReplicaSet)))
	case "StatefulSet":
		all = append(all, newFeed(r, "statefulsets", byName, apps.StatefulSets(namespace), workload(r, cluster.FromStatefulSet)))
	case "DaemonSet":
		all = append(all, newFeed(r, "daemonsets", byName, apps.DaemonSets(namespace), workload(r, cluster.FromDaemonSet)))
	case "Job":
		all = append(all, newFeed(r, "jobs", byName, r.client.BatchV1().Jobs(namespace), workload(r, cluster.FromJob)))
	case "ReplicaSet":
		all = append(all, newFeed(r, "replicasets", byName, apps.ReplicaSets(namespace), workload(r, cluster.FromReplicaSet)))
	}
	return all
}

// client is what each typed client of client-go offers.
type client[L runtime.Object] interface {
	List(context.Context, metav1.ListOptions) (L, error)
	Watch(context.Context, metav1.ListOptions) (watch.Interface, error)
}

func newFeed[L runtime.Object, T any](r *Recorder, resource string, options metav1.ListOptions, c client[L], observe func(object T, deleted, initial bool)) *feed {
	return &feed{
		resource: resource, options: options, watch: c.Watch,
		list: func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) { return c.List(ctx, o) },
		observe: func(object runtime.Object, deleted, initial bool) {
			if typed, ok := object.(T); ok {
				observe(typed, deleted, initial)
			}
		},
		interrupted: func(resource, reason string) {
			r.log.Record(event.WatchInterrupted{Resource: resource, Reason: reason})
		},
		resumed: func(resource string, missed bool) {
			r.log.Record(event.WatchResumed{Resource: resource, Missed: missed})
		},
	}
}

// note logs a state that differs from the last one of its key.
func (r *Recorder) note(key string, p event.Payload, gone bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.last[key] == p {
		return
	}
	r.last[key] = p
	r.log.Record(p)
	if gone {
		delete(r.last, key)
	}
	r.refresh()
}

// refresh counts the target's state anew, and wakes those who wait for it.
func (r *Recorder) refresh() {
	next := State{Status: r.state.Status}
	for _, p := range r.last {
		switch p := p.(type) {
		case event.PodObserved:
			if p.Left {
				continue
			}
			next.Pods++
			if p.Terminating {
				next.Terminating++
			} else if p.Ready {
				next.Ready++
			}
		case event.WorkloadObserved:
			if p.Target {
				next.Status = cluster.Status{
					Desired: p.Desired, Current: p.Current, Updated: p.Updated, Ready: p.Ready, Available: p.Available, Settled: p.Settled,
				}
			}
		}
	}
	if r.target.Kind == "" {
		// Pods chosen by labels have no controller that says how many there should be.
		next.Status.Current, next.Status.Updated = next.Status.Desired, next.Status.Desired
		next.Status.Ready, next.Status.Available = next.Ready, next.Ready
	}
	if next != r.state {
		r.state = next
		close(r.moved)
		r.moved = make(chan struct{})
	}
}

// revisionAnnotation is where the controller of Deployments numbers their rollouts, in the Deployment and in its ReplicaSets.
const revisionAnnotation = "deployment.kubernetes.io/revision"

func workload[T any](r *Recorder, view func(T) (*cluster.Workload, error)) func(T, bool, bool) {
	return func(object T, deleted, _ bool) {
		w, err := view(object)
		if err != nil {
			return
		}
		s := w.Status
		var generation int64
		var revision string
		if about, ok := any(object).(metav1.Object); ok {
			generation, revision = about.GetGeneration(), about.GetAnnotations()[revisionAnnotation]
		}
		r.note("workload/"+w.UID, event.WorkloadObserved{
			Kind: w.Kind, Name: w.Name, UID: w.UID, Desired: s.Desired, Current: s.Current, Updated: s.Updated,
			Ready: s.Ready, Available: s.Available, Settled: s.Settled && !deleted, Target: w.UID == r.target.UID,
			Generation: generation, Revision: cmp.Or(w.Revision, revision), Halted: w.Halted,
		}, deleted && w.UID != r.target.UID) // the target's last state stays: it is not settled any more
	}
}

func (r *Recorder) node(n *corev1.Node, deleted, _ bool) {
	r.note("node/"+n.Name, event.NodeObserved{
		Name: n.Name, UID: string(n.UID), Zone: n.Labels[corev1.LabelTopologyZone], Ready: cluster.NodeReady(n) && !deleted,
		Unschedulable: n.Spec.Unschedulable, Gone: deleted,
	}, deleted)
}
