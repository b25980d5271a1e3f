package timeline

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/event"
)

// memory keeps what is recorded.
type memory struct {
	mu   sync.Mutex
	list []event.Payload
}

func (m *memory) Record(p event.Payload) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.list = append(m.list, p)
}

// take returns what was recorded since the last time.
func (m *memory) take() []event.Payload {
	m.mu.Lock()
	defer m.mu.Unlock()
	list := m.list
	m.list = nil
	return list
}

func newTestRecorder(kind string, desired int) (*Recorder, *memory) {
	log := &memory{}
	return NewRecorder(nil, &cluster.Workload{Kind: kind, Namespace: "shop", Name: "web", UID: "d1", Status: cluster.Status{Desired: desired, Settled: true}}, log), log
}

// podIn makes a pod whose conditions are true.
func podIn(uid string, conditions ...corev1.PodConditionType) *corev1.Pod {
	yes := true
	p := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: "web-" + uid, Namespace: "shop", UID: types.UID(uid),
			OwnerReferences: []metav1.OwnerReference{{Kind: "ReplicaSet", Name: "web-5d", UID: "rs1", Controller: &yes}},
		},
		Spec: corev1.PodSpec{NodeName: "node1", Containers: []corev1.Container{{Name: "main"}}},
	}
	for _, c := range conditions {
		p.Status.Conditions = append(p.Status.Conditions, corev1.PodCondition{Type: c, Status: corev1.ConditionTrue})
	}
	return p
}

func runs(p *corev1.Pod, restarts int32) *corev1.Pod {
	p.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "main", RestartCount: restarts, State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}}}
	return p
}

func TestRecordedPod(t *testing.T) {
	r, log := newTestRecorder("Deployment", 1)
	p := podIn("a", corev1.PodReadyToStartContainers, corev1.PodReady)
	r.pod(runs(p, 1), false, true)
	want := event.PodObserved{
		UID: "a", Name: "web-a", Namespace: "shop", Node: "node1", OwnerUID: "rs1", OwnerKind: "ReplicaSet", Owner: "web-5d", Target: true,
		Scheduled: true, Prepared: true, Running: true, Ready: true, Restarts: 1, Initial: true,
	}
	assert.Equal(t, []event.Payload{want}, log.take())

	p.Annotations = map[string]string{"heartbeat": "1"}
	r.pod(p, false, false)
	assert.Empty(t, log.take(), "nothing of interest has changed")

	p.DeletionTimestamp = &metav1.Time{}
	r.pod(p, false, false)
	want.Terminating = true
	assert.Equal(t, []event.Payload{want}, log.take())

	r.pod(p, true, false)
	want.Gone, want.Ready = true, false
	assert.Equal(t, []event.Payload{want}, log.take())
	assert.Empty(t, r.last, "what is gone takes no memory")
}

// TestRecordedAddresses: those of a pod's own, which those of its node are not.
func TestRecordedAddresses(t *testing.T) {
	r, log := newTestRecorder("Deployment", 1)
	p := podIn("a")
	p.Status.PodIPs = []corev1.PodIP{{IP: "10.0.0.1"}, {IP: "fd00::1"}}
	r.pod(p, false, false)
	p.Spec.HostNetwork = true
	r.pod(p, false, false)
	events := log.take()
	require.Len(t, events, 2)
	assert.Equal(t, "10.0.0.1,fd00::1", events[0].(event.PodObserved).Addresses)
	assert.Empty(t, events[1].(event.PodObserved).Addresses)
}

func TestRecordedReason(t *testing.T) {
	r, log := newTestRecorder("Deployment", 1)
	p := podIn("a")
	p.Status.ContainerStatuses = []corev1.ContainerStatus{{State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ContainerCreating"}}}}
	r.pod(p, false, false)
	p.Status.ContainerStatuses[0].State.Waiting.Reason = "CrashLoopBackOff"
	r.pod(p, false, false)
	events := log.take()
	require.Len(t, events, 2)
	assert.Empty(t, events[0].(event.PodObserved).Reason)
	assert.Equal(t, "CrashLoopBackOff", events[1].(event.PodObserved).Reason)
	assert.False(t, events[1].(event.PodObserved).Running)
	p.Spec.Containers = append(p.Spec.Containers, corev1.Container{Name: "second"})
	assert.False(t, containersRun(runs(p, 0)), "one of two runs")
}

func TestState(t *testing.T) {
	r, _ := newTestRecorder("Deployment", 2)
	state, moved := r.State()
	assert.False(t, state.Converged())
	replicas := int32(2)
	d := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: "web", UID: "d1"}, Spec: appsv1.DeploymentSpec{Replicas: &replicas}}
	d.Status = appsv1.DeploymentStatus{Replicas: 2, UpdatedReplicas: 2, ReadyReplicas: 2, AvailableReplicas: 2}
	workload(r, cluster.FromDeployment)(d, false, true)
	select {
	case <-moved:
	default:
		t.Error("who waits is not woken")
	}
	state, _ = r.State()
	assert.False(t, state.Converged(), "the pods themselves are not seen to be ready")
	a, b := podIn("a", corev1.PodReady), podIn("b", corev1.PodReady)
	r.pod(a, false, true)
	r.pod(b, false, true)
	state, moved = r.State()
	assert.True(t, state.Converged())
	b.DeletionTimestamp = &metav1.Time{}
	r.pod(b, false, false)
	<-moved
	state, moved = r.State()
	assert.False(t, state.Converged(), "one is on its way out")
	assert.Equal(t, 1, state.Terminating)
	r.pod(a, false, false)
	select {
	case <-moved:
		t.Error("nothing has moved")
	default:
	}
	workload(r, cluster.FromDeployment)(d, true, false)
	state, _ = r.State()
	assert.False(t, state.Status.Settled, "a workload that was deleted is not settled")
}

func TestStateOfSelectedPods(t *testing.T) {
	r, _ := newTestRecorder("", 1)
	r.pod(podIn("a"), false, true)
	state, _ := r.State()
	assert.False(t, state.Converged())
	r.pod(podIn("a", corev1.PodReady), false, false)
	state, _ = r.State()
	assert.True(t, state.Converged())
}

func TestRecordedNode(t *testing.T) {
	r, log := newTestRecorder("Deployment", 1)
	n := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "node1", UID: "n1", Labels: map[string]string{corev1.LabelTopologyZone: "z1"}}}
	n.Status.Conditions = []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}}
	r.node(n, false, true)
	r.node(n, false, false)
	n.Spec.Unschedulable = true
	r.node(n, false, false)
	r.node(n, true, false)
	assert.Equal(t, []event.Payload{
		event.NodeObserved{Name: "node1", UID: "n1", Zone: "z1", Ready: true},
		event.NodeObserved{Name: "node1", UID: "n1", Zone: "z1", Ready: true, Unschedulable: true},
		event.NodeObserved{Name: "node1", UID: "n1", Zone: "z1", Unschedulable: true, Gone: true},
	}, log.take())
}

func TestRecordedEndpoints(t *testing.T) {
	r, log := newTestRecorder("Deployment", 1)
	yes, no := true, false
	slice := func(endpoints ...discoveryv1.Endpoint) *discoveryv1.EndpointSlice {
		return &discoveryv1.EndpointSlice{
			ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web-x1", Labels: map[string]string{discoveryv1.LabelServiceName: "web"}},
			Endpoints:  endpoints,
		}
	}
	endpoint := func(uid string, ready, serving, terminating *bool) discoveryv1.Endpoint {
		return discoveryv1.Endpoint{
			TargetRef:  &corev1.ObjectReference{Kind: "Pod", Name: "web-" + uid, UID: types.UID(uid)},
			Conditions: discoveryv1.EndpointConditions{Ready: ready, Serving: serving, Terminating: terminating},
		}
	}
	seen := func(uid string, change func(*event.EndpointObserved)) event.EndpointObserved {
		e := event.EndpointObserved{Service: "web", PodUID: uid, Pod: "web-" + uid}
		change(&e)
		return e
	}
	r.endpointSlice(slice(endpoint("a", nil, nil, nil), discoveryv1.Endpoint{}, discoveryv1.Endpoint{TargetRef: &corev1.ObjectReference{Kind: "Node"}}), false, true)
	assert.Equal(t, []event.Payload{seen("a", func(e *event.EndpointObserved) { e.Ready, e.Serving, e.Initial = true, true, true })}, log.take(), "absent means ready")

	r.endpointSlice(slice(endpoint("a", nil, nil, nil)), false, false)
	assert.Empty(t, log.take())

	r.endpointSlice(slice(endpoint("a", &no, &yes, &yes), endpoint("b", &no, nil, nil)), false, false)
	assert.ElementsMatch(t, []event.Payload{
		seen("a", func(e *event.EndpointObserved) { e.Serving, e.Terminating, e.Initial = true, true, true }),
		seen("b", func(*event.EndpointObserved) {}),
	}, log.take())

	r.endpointSlice(slice(endpoint("b", &yes, nil, nil)), false, false)
	assert.ElementsMatch(t, []event.Payload{
		seen("a", func(e *event.EndpointObserved) { e.Removed = true }),
		seen("b", func(e *event.EndpointObserved) { e.Ready, e.Serving = true, true }),
	}, log.take())

	r.endpointSlice(slice(), true, false)
	assert.Equal(t, []event.Payload{seen("b", func(e *event.EndpointObserved) { e.Removed = true })}, log.take())
	assert.Empty(t, r.endpoints, "a slice that is gone takes no memory")
}

// TestPodLeavesTheSelector: the watch calls deleted what somebody has given other labels. Such a pod lives, and may come back.
func TestPodLeavesTheSelector(t *testing.T) {
	r, log := newTestRecorder("Deployment", 2)
	there := map[types.UID]bool{"a": true}
	asked := make(chan types.UID)
	r.lives = func(_ context.Context, p *corev1.Pod) (bool, error) {
		asked <- p.UID
		return there[p.UID], nil
	}
	ctx, cancel := context.WithCancel(t.Context())
	finished := make(chan struct{})
	go func() {
		r.settleDepartures(ctx)
		close(finished)
	}()
	seen := func(uid string, change func(*event.PodObserved)) event.PodObserved {
		e := event.PodObserved{
			UID: uid, Name: "web-" + uid, Namespace: "shop", Node: "node1", OwnerUID: "rs1", OwnerKind: "ReplicaSet", Owner: "web-5d", Target: true,
			Scheduled: true, Ready: true, Initial: true,
		}
		change(&e)
		return e
	}
	left := func(e *event.PodObserved) { e.Left, e.Ready = true, false }
	a, b := podIn("a", corev1.PodReady), podIn("b", corev1.PodReady)
	r.pod(a, false, true)
	r.pod(b, false, true)
	log.take()

	r.pod(a, true, false)
	assert.Equal(t, []event.Payload{seen("a", left)}, log.take(), "it is out of sight at once, before anybody knows why")
	assert.Equal(t, types.UID("a"), <-asked)
	state, _ := r.State()
	assert.Equal(t, State{Status: state.Status, Pods: 1, Ready: 1}, state, "it is none of the target's now")

	_, moved := r.State()
	r.pod(a, false, false)
	assert.Equal(t, []event.Payload{seen("a", func(*event.PodObserved) {})}, log.take(), "it has never been gone, and is back")
	<-moved
	state, _ = r.State()
	assert.Equal(t, 2, state.Ready)

	_, moved = r.State()
	r.pod(b, true, false)
	<-moved
	_, moved = r.State()
	assert.Equal(t, types.UID("b"), <-asked)
	cancel()
	<-finished
	assert.Equal(t, []event.Payload{seen("b", left), seen("b", func(e *event.PodObserved) { e.Gone, e.Ready = true, false })}, log.take())
	assert.NotContains(t, r.last, "pod/b", "what is gone takes no memory")
	select {
	case <-moved:
		t.Error("that it is gone moves nothing any more")
	default:
	}
}

// TestDeparturesUnanswered: what cannot be found out is asked again, and not made up.
func TestDeparturesUnanswered(t *testing.T) {
	r, log := newTestRecorder("Deployment", 1)
	ctx, cancel := context.WithCancel(t.Context())
	asked := 0
	r.lives = func(context.Context, *corev1.Pod) (bool, error) {
		if asked++; asked < 3 {
			return false, errors.New("connection refused")
		}
		assert.Len(t, log.take(), 1, "it has left, and is not gone")
		cancel()
		return false, nil
	}
	r.pod(podIn("a"), true, false)
	r.settleDepartures(ctx)
	assert.Equal(t, 3, asked)
	events := log.take()
	require.Len(t, events, 1)
	assert.True(t, events[0].(event.PodObserved).Gone)
}
