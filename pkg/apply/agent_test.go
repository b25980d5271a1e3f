package apply

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/chaosctl/chaosctl/pkg/agent"
	"github.com/chaosctl/chaosctl/pkg/inject"
)

const aPod = `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web-1","namespace":"shop","uid":"u1","resourceVersion":"7"},"spec":{"containers":[{"name":"web","image":"web:1"}]}}`

func agentIn(run string) inPod {
	return inPod{&Applier{run: run}, &inject.Change{
		ID: "busy/1/agent-web-1", Object: inject.Object{Resource: corev1.SchemeGroupVersion.WithResource("pods"), Kind: "Pod", Namespace: "shop", Name: "web-1", UID: "u1"},
		Agent: &inject.Agent{Image: "example.com/agent:1", Task: []string{"cpu"}, For: time.Minute},
	}}
}

func TestMarkOfAnAgent(t *testing.T) {
	p, o := agentIn("run-1"), object(t, aPod)
	require.NoError(t, mark(o, "run-1", p.c))
	marks := ReadMarks(o, p.c.Object)
	require.Len(t, marks.Changes, 1)
	assert.NotNil(t, marks.Changes[0].Agent, "who finds the pod knows that there is an agent to be stopped")
	assert.Nil(t, marks.Changes[0].Edit)
	assert.True(t, marks.Changes[0].Reversible())
	assert.Equal(t, p.container(), inPod{p.a, marks.Changes[0]}.container())
	assert.NotEqual(t, p.container(), agentIn("run-2").container(), "a pod keeps the containers of earlier runs")
	assert.LessOrEqual(t, len(p.container()), 63)
}

func TestContainerIsAddedOnce(t *testing.T) {
	p, o := agentIn("run-1"), object(t, aPod)
	container := p.c.Agent.Container(p.container(), time.Now().Add(time.Minute))
	for _, want := range []bool{true, false} {
		write, err := addContainer(o, container)
		require.NoError(t, err)
		assert.Equal(t, want, write)
	}
	other := agentIn("run-2")
	write, err := addContainer(o, other.c.Agent.Container(other.container(), time.Now()))
	require.NoError(t, err)
	assert.True(t, write)
	all, _, _ := unstructured.NestedSlice(o.Object, "spec", "ephemeralContainers")
	assert.Len(t, all, 2)
}

func TestStateOfAnAgent(t *testing.T) {
	p, now := agentIn("run-1"), time.Now()
	with := func(status, phase string) agentState {
		o := object(t, aPod)
		_, err := addContainer(o, p.c.Agent.Container(p.container(), now.Add(time.Minute)))
		require.NoError(t, err)
		var all map[string]any
		require.NoError(t, json.Unmarshal([]byte(`{"phase":"`+phase+`","ephemeralContainerStatuses":[{"name":"other"}`+status+`]}`), &all))
		o.Object["status"] = all
		s, err := p.state(o)
		require.NoError(t, err)
		return s
	}
	named := `,{"name":"` + p.container() + `","state":`

	none, err := p.state(object(t, aPod))
	require.NoError(t, err)
	assert.False(t, none.mayWork(now), "it was never started")

	silent := with("", "Running")
	assert.True(t, silent.mayWork(now), "that the kubelet says nothing means nothing")
	assert.True(t, silent.mayWork(now.Add(time.Minute)), "the clock of the node may be behind")
	assert.False(t, silent.mayWork(now.Add(time.Minute+agentClocks)), "by then it has ended by itself")
	assert.Nil(t, silent.ended())
	require.ErrorContains(t, silent.waiting(), "nothing")

	pulling := with(named+`{"waiting":{"reason":"ImagePullBackOff","message":"no such image"}}}`, "Running")
	assert.True(t, pulling.mayWork(now))
	require.ErrorContains(t, pulling.waiting(), "ImagePullBackOff no such image")

	running := with(named+`{"running":{}}}`, "Running")
	assert.True(t, running.mayWork(now))
	require.NoError(t, running.waiting())
	assert.False(t, with(named+`{"running":{}}}`, "Failed").mayWork(now), "nothing runs in a pod that has ended")

	stopped := with(named+`{"terminated":{"exitCode":0,"reason":"Completed","message":"{\"end\":\"stopped\",\"did\":\"held 3 MiB\"}"}}}`, "Running")
	assert.False(t, stopped.mayWork(now))
	assert.Equal(t, &agent.Report{End: agent.Stopped, Did: "held 3 MiB"}, stopped.ended())
	killed := with(named+`{"terminated":{"exitCode":137,"reason":"OOMKilled"}}}`, "Running")
	assert.Equal(t, agent.Failed, killed.ended().End)
	assert.Contains(t, killed.ended().Error, "OOMKilled")
}

func TestAgentByHand(t *testing.T) {
	p := agentIn("run-1")
	commands := p.byHand(true)
	require.Len(t, commands, 2)
	assert.Equal(t, "echo stop | kubectl -n shop attach -i web-1 -c "+p.container(), commands[0])
	assert.Contains(t, commands[1], "kubectl -n shop patch pod web-1")
	assert.Contains(t, commands[1], MarkName("run-1", p.c.ID))
}
