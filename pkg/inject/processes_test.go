package inject_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/chaosctl/chaosctl/pkg/agent"
	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/inject"
)

// inPod is a view of a pod of the target that is there as a whole.
func inPod(t *testing.T, change ...func(*corev1.Pod)) *view {
	t.Helper()
	whole := &corev1.Pod{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"},
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web-1", UID: "uid-web-1"},
		Spec:       corev1.PodSpec{RestartPolicy: corev1.RestartPolicyAlways, Containers: []corev1.Container{{Name: "web"}}},
	}
	for _, c := range change {
		c(whole)
	}
	for _, c := range whole.Spec.Containers {
		whole.Status.ContainerStatuses = append(whole.Status.ContainerStatuses, corev1.ContainerStatus{
			Name: c.Name, ContainerID: "containerd://id-of-" + c.Name, State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}},
		})
	}
	v := &view{pods: []*cluster.Pod{pod("web-1", "n1")}}
	v.add(t, whole)
	return v
}

func oneNamespace(p *corev1.Pod) { p.Spec.ShareProcessNamespace = new(true) }

func sidecar(p *corev1.Pod) {
	p.Spec.Containers = append(p.Spec.Containers, corev1.Container{Name: "proxy"})
}

func runsAs(user int64) func(*corev1.Pod) {
	return func(p *corev1.Pod) { p.Spec.SecurityContext = &corev1.PodSecurityContext{RunAsUser: &user} }
}

func signals(t *testing.T, set func(*inject.ProcessSignal)) inject.Fault {
	t.Helper()
	return inPods(t, "processSignal", func(f inject.Fault) {
		signal := f.(*inject.ProcessSignal)
		signal.Process = "nginx"
		set(signal)
	})
}

func TestProcessSignal(t *testing.T) {
	c := planned(t, signals(t, func(f *inject.ProcessSignal) { f.Main = inject.MainWithout }), inPod(t).scope())[0]
	assert.Equal(t, []string{"signal", "--signal", "stop", "--containers", "id-of-web", "--main", "without", "--process", "nginx"}, c.Agent.Task)
	assert.Equal(t, inject.AgentNeeds{Container: "web", User: new(int64), Capabilities: []corev1.Capability{"KILL"}}, c.Agent.Needs)
	assert.True(t, c.Agent.Confirms)
	assert.False(t, c.Lasting())
	assert.Equal(t, []types.UID{"uid-web-1"}, c.Removed())

	c = planned(t, signals(t, func(f *inject.ProcessSignal) { f.Signal = "hup" }), inPod(t, runsAs(1000)).scope())[0]
	user := int64(1000)
	assert.Equal(t, inject.AgentNeeds{Container: "web", User: &user}, c.Agent.Needs, "no more than it takes")
	assert.True(t, c.Lasting())
	assert.Contains(t, c.Undo(), "cannot be undone")

	c = planned(t, signals(t, func(f *inject.ProcessSignal) { f.Signal, f.User = agent.SignalKill, &user }), inPod(t, oneNamespace, runsAs(0)).scope())[0]
	assert.Equal(t, inject.AgentNeeds{User: &user}, c.Agent.Needs)
}

func TestProcessSignalThatCannotBe(t *testing.T) {
	for want, c := range map[string]struct {
		v   *view
		set func(*inject.ProcessSignal)
	}{
		"lets nobody stop it: main: without leaves it out": {inPod(t), func(*inject.ProcessSignal) {}},
		"lets nobody kill it":                              {inPod(t), func(f *inject.ProcessSignal) { f.Signal = agent.SignalKill }},
		"has no container \"db\", but web":                 {inPod(t), func(f *inject.ProcessSignal) { f.Container = "db" }},
		"several containers":                               {inPod(t, sidecar), func(*inject.ProcessSignal) {}},
		"was gone before":                                  {&view{pods: []*cluster.Pod{pod("web-1", "n1")}}, func(*inject.ProcessSignal) {}},
	} {
		refused(t, signals(t, c.set), c.v.scope(), want)
	}
	v := inPod(t, oneNamespace)
	o := v.objects["/v1, Resource=pods shop/web-1"]
	require.NotNil(t, o)
	delete(o.Object, "status")
	refused(t, signals(t, func(*inject.ProcessSignal) {}), v.scope(), "does not run")
}

func TestPodFreeze(t *testing.T) {
	freeze := inPods(t, "podFreeze", func(inject.Fault) {})
	c := planned(t, freeze, inPod(t, oneNamespace, sidecar).scope())[0]
	assert.Equal(t, []string{"signal", "--signal", "stop", "--containers", "id-of-web,id-of-proxy", "--main", "with"}, c.Agent.Task)
	assert.True(t, c.Agent.Confirms)
	assert.Len(t, c.Removed(), 1)
	refused(t, freeze, inPod(t).scope(), "shareProcessNamespace: true in the pod template")
}

func TestContainerKill(t *testing.T) {
	end := func(signal inject.EndSignal) inject.Fault {
		return inPods(t, "containerKill", func(f inject.Fault) { f.(*inject.ContainerKill).Signal = signal })
	}
	c := planned(t, end("term"), inPod(t).scope())[0]
	assert.Equal(t, []string{"signal", "--signal", "term", "--containers", "id-of-web", "--main", "only"}, c.Agent.Task)
	assert.Equal(t, "web", c.Agent.Ends)
	assert.Contains(t, c.Undo(), "cannot be undone: the kubelet restarts the container")
	assert.Len(t, planned(t, end("kill"), inPod(t, oneNamespace).scope()), 1)

	refused(t, end("kill"), inPod(t).scope(), "lets nobody kill it")
	refused(t, end("term"), inPod(t, func(p *corev1.Pod) { p.Spec.RestartPolicy = corev1.RestartPolicyNever }).scope(), "restartPolicy Never")
	never := corev1.ContainerRestartPolicyNever
	refused(t, end("term"), inPod(t, func(p *corev1.Pod) { p.Spec.Containers[0].RestartPolicy = &never }).scope(), "restartPolicy Never")
}
