package inject_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/chaosctl/chaosctl/internal/version"
	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/inject"
	"github.com/chaosctl/chaosctl/pkg/target"
)

// inPods makes a fault that is made inside of pods, with the parameters that a file would give.
func inPods(t *testing.T, name string, set func(inject.Fault)) inject.Fault {
	t.Helper()
	fault, ok := inject.Kinds()[name]().(inject.Fault)
	require.True(t, ok)
	set(fault)
	return fault
}

func TestFaultsInPods(t *testing.T) {
	v := &view{pods: []*cluster.Pod{pod("web-1", "n1"), pod("web-2", "n2"), pod("web-3", "n1", terminating), pod("other", "n1", in("lab"))}}
	for name, c := range map[string]struct {
		fault inject.Fault
		task  []string
		what  string
	}{
		"cpuStress": {
			inPods(t, "cpuStress", func(f inject.Fault) {
				stress := f.(*inject.CPUStress)
				stress.Count, stress.Workers, stress.Load, stress.Image = experiment.Count{All: true}, 3, 0.125, "example.com/agent:1"
			}),
			[]string{"cpu", "--workers", "3", "--load", "12.5"}, "keep 3 processors busy inside of the pod, 12.5% of the time",
		},
		"memoryStress": {
			inPods(t, "memoryStress", func(f inject.Fault) {
				stress := f.(*inject.MemoryStress)
				stress.Count, stress.Memory, stress.Image = experiment.Count{All: true}, "64Mi", "example.com/agent:1"
			}),
			[]string{"memory", "--bytes", "67108864"}, "hold 64Mi of memory inside of the pod",
		},
		"httpFault": {
			inPods(t, "httpFault", func(f inject.Fault) {
				fault := f.(*inject.HTTPFault)
				fault.Count, fault.Image, fault.Port, fault.Status, fault.Percent = experiment.Count{All: true}, "example.com/agent:1", 8080, new(503), 0.5
				fault.Delay, fault.Path, fault.Methods, fault.Probes, fault.ResetEstablished = new(experiment.Duration(time.Second)), "/orders", []string{"PUT", "POST"}, true, true
			}),
			[]string{"http", "--port", "8080", "--share", "0.5", "--delay", "1s", "--status", "503", "--method", "PUT,POST", "--path", "/orders", "--probes", "--reset"},
			"hold for 1s and answer with 503 Service Unavailable 50% of the PUT and POST requests to port 8080 of the pod under /orders, and reset its connections of before",
		},
		"netDelay": {
			inPods(t, "netDelay", func(f inject.Fault) {
				fault := f.(*inject.NetDelay)
				fault.Count, fault.Image, fault.Delay, fault.Jitter = experiment.Count{All: true}, "example.com/agent:1", experiment.Duration(200*time.Millisecond), new(experiment.Duration(50*time.Millisecond))
				fault.Direction, fault.Ports, fault.Peers = "out", []int{5432, 6432}, []inject.Peer{{CIDR: "10.0.0.0/8"}, {CIDR: "fd00::1"}}
			}),
			[]string{"connections", "--direction", "out", "--share", "1", "--port", "5432", "--port", "6432", "--peer", "10.0.0.0/8", "--peer", "fd00::1/128", "--delay", "200ms", "--jitter", "50ms"},
			"hold for 200ms ± 50ms what the pod sends in 100% of the new tcp connections out of the pod, to ports 5432, 6432, to 10.0.0.0/8, fd00::1 (2 addresses)",
		},
		"netBandwidth": {
			inPods(t, "netBandwidth", func(f inject.Fault) {
				fault := f.(*inject.NetBandwidth)
				fault.Count, fault.Image, fault.BytesPerSecond, fault.Per = experiment.Count{All: true}, "example.com/agent:1", "128Ki", inject.PerConnection
				fault.Ports, fault.Percent, fault.ResetEstablished = []int{8080}, 0.5, true
			}),
			[]string{"connections", "--direction", "in", "--share", "0.5", "--port", "8080", "--reset", "--rate", "131072", "--each"},
			"let no more than 128Ki bytes a second through each way, each, in 50% of the new tcp connections into the pod, to port 8080, and reset those of before",
		},
		"dnsFail": {
			inPods(t, "dnsFail", func(f inject.Fault) {
				fault := f.(*inject.DNSFail)
				fault.Count, fault.Image = experiment.Count{All: true}, "example.com/agent:1"
				fault.Delay, fault.Names, fault.Answer = new(experiment.Duration(time.Second)), []string{"db", "*.example.com"}, inject.NoAnswer
			}),
			[]string{"dns", "--share", "1", "--delay", "1s", "--answer", "none", "--name", "db,*.example.com"},
			"hold for 1s and leave without an answer 100% of the questions of the pod for db, *.example.com",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := v.scope()
			s.Lasts = 20 * time.Second
			changes := planned(t, c.fault, s)
			require.Len(t, changes, 2, "a pod on its way out, and one of somebody else, are left alone")
			for _, change := range changes {
				assert.Equal(t, c.what, change.What)
				assert.Equal(t, "run agent in", change.Verb())
				assert.True(t, change.Reversible())
				assert.Empty(t, change.Removed())
				change.Agent.Needs = inject.AgentNeeds{} // see below
				assert.Equal(t, &inject.Agent{Image: "example.com/agent:1", Task: c.task, For: 35 * time.Second}, change.Agent)
				assert.Contains(t, change.Undo(), "ends by itself after 35s")
			}
			v := &view{}
			s.View = v
			_, err := c.fault.Plan(t.Context(), s)
			assert.ErrorAs(t, err, new(*target.Refusal))
		})
	}
}

// TestImageOfTheAgent: this is no release, so that the nodes have to have the image, or tell of none.
func TestImageOfTheAgent(t *testing.T) {
	stress := inPods(t, "cpuStress", func(inject.Fault) {})
	node := func(images ...string) []corev1.Node {
		return []corev1.Node{{
			ObjectMeta: metav1.ObjectMeta{Name: "n1"}, Status: corev1.NodeStatus{Images: []corev1.ContainerImage{{Names: images}}},
		}}
	}
	for name, nodes := range map[string][]corev1.Node{
		"a node that is not known": nil,
		"one that has it":          node("registry.example/other:1", version.Image()),
	} {
		v := &view{pods: []*cluster.Pod{pod("web-1", "n1")}, nodes: nodes}
		changes := planned(t, stress, v.scope())
		require.Len(t, changes, 1, name)
		assert.Equal(t, version.Image(), changes[0].Agent.Image)
	}
	v := &view{pods: []*cluster.Pod{pod("web-1", "n1")}, nodes: node("registry.example/other:1")}
	_, err := stress.Plan(t.Context(), v.scope())
	require.ErrorAs(t, err, new(*target.Refusal))
	require.ErrorContains(t, err, "no image is named for the agent")
	require.ErrorContains(t, err, "n1 has no "+version.Image())
	require.ErrorContains(t, err, "make image")
	changes := planned(t, inPods(t, "cpuStress", func(f inject.Fault) { f.(*inject.CPUStress).Image = version.Image() }), v.scope())
	require.Len(t, changes, 1, "somebody says that the nodes can pull it")
}

// TestContainerOfTheAgent: what the Pod Security Standard "restricted" demands of a container, it has.
func TestContainerOfTheAgent(t *testing.T) {
	until := time.Date(2026, 11, 23, 12, 0, 0, 0, time.FixedZone("somewhere", 3600))
	c := (&inject.Agent{Image: "example.com/agent:1", Task: []string{"cpu", "--workers", "1"}, For: time.Minute}).Container("chaosctl-1", until)
	assert.Equal(t, []string{"agent", "--for", "1m0s", "--until", "2026-11-23T11:00:00Z", "cpu", "--workers", "1"}, c.Args)
	require.NotNil(t, c.SecurityContext)
	assert.Equal(t, []corev1.Capability{"ALL"}, c.SecurityContext.Capabilities.Drop)
	assert.Empty(t, c.SecurityContext.Capabilities.Add)
	assert.False(t, *c.SecurityContext.AllowPrivilegeEscalation)
	assert.True(t, *c.SecurityContext.RunAsNonRoot)
	assert.Equal(t, corev1.SeccompProfileTypeRuntimeDefault, c.SecurityContext.SeccompProfile.Type)
	assert.Nil(t, c.SecurityContext.Privileged)

	ends, err := inject.AgentEnds(&c)
	require.NoError(t, err)
	assert.True(t, ends.Equal(until))
	_, err = inject.AgentEnds(&corev1.EphemeralContainer{})
	require.Error(t, err)
	c.Args = []string{"--until", "soon"}
	_, err = inject.AgentEnds(&c)
	assert.Error(t, err)
}

// TestContainerOfAnAgentThatNeedsMore: it gets that, and no more.
func TestContainerOfAnAgentThatNeedsMore(t *testing.T) {
	var root int64
	until := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	plain := (&inject.Agent{}).Container("chaosctl-1", until)
	c := (&inject.Agent{Needs: inject.AgentNeeds{Container: "web", User: &root, Capabilities: []corev1.Capability{"KILL"}}}).Container("chaosctl-1", until)
	assert.Equal(t, "web", c.TargetContainerName)
	assert.Equal(t, []corev1.Capability{"KILL"}, c.SecurityContext.Capabilities.Add)
	assert.Zero(t, *c.SecurityContext.RunAsUser)
	assert.False(t, *c.SecurityContext.RunAsNonRoot)
	c.TargetContainerName, c.SecurityContext.Capabilities.Add = "", nil
	c.SecurityContext.RunAsUser, c.SecurityContext.RunAsNonRoot = plain.SecurityContext.RunAsUser, plain.SecurityContext.RunAsNonRoot
	assert.Equal(t, plain, c)
}

func TestStandardOfAnAgent(t *testing.T) {
	for want, needs := range map[inject.Standard][]inject.AgentNeeds{
		inject.Restricted: {{}, {Container: "web"}, {User: new(int64(1000))}},
		inject.Baseline:   {{User: new(int64(0))}, {User: new(int64(0)), Capabilities: []corev1.Capability{"KILL"}}},
		inject.Privileged: {{User: new(int64(0)), Capabilities: []corev1.Capability{"NET_ADMIN"}}, {Capabilities: []corev1.Capability{"KILL", "SYS_PTRACE"}}},
	} {
		for _, n := range needs {
			assert.Equal(t, want, n.Standard(), "%+v", n)
		}
	}
}

// TestWhatFaultsBetweenPodsNeed is the least for rules in a pod's network, and no more.
func TestWhatFaultsBetweenPodsNeed(t *testing.T) {
	v := &view{pods: []*cluster.Pod{pod("web-1", "n1")}}
	sound := func(f inject.Fault) {
		if limit, ok := f.(*inject.NetBandwidth); ok {
			limit.BytesPerSecond = "1k"
		}
	}
	for name, want := range map[string][]string{
		"httpFault":    {"http", "--port", "0", "--share", "1"},
		"dnsFail":      {"dns", "--share", "1", "--answer", "NXDOMAIN"},
		"netDelay":     {"connections", "--direction", "in", "--share", "1", "--delay", "0s"},
		"netBandwidth": {"connections", "--direction", "in", "--share", "1", "--rate", "1000"},
	} {
		changes := planned(t, inPods(t, name, sound), v.scope())
		require.Len(t, changes, 1)
		needs := changes[0].Agent.Needs
		require.NotNil(t, needs.User)
		assert.Zero(t, *needs.User)
		assert.Equal(t, []corev1.Capability{"NET_ADMIN"}, needs.Capabilities)
		assert.Empty(t, needs.Container)
		assert.Equal(t, want, changes[0].Agent.Task)

		onNode := &view{pods: []*cluster.Pod{pod("web-1", "n1", func(p *corev1.Pod) { p.Spec.HostNetwork = true })}}
		_, err := inPods(t, name, sound).Plan(t.Context(), onNode.scope())
		var refusal *target.Refusal
		require.ErrorAs(t, err, &refusal)
		assert.Contains(t, refusal.Reason, "in the network of its node")
	}
}
