package inject

import (
	"context"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/chaosctl/chaosctl/pkg/access"
	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/target"
)

// Agent runs chaosctl itself in an ephemeral container of a pod. It ends by itself when its time is over, whoever is left to
// tell it to; the undo stops it before. What cannot be undone is that a pod keeps its ended ephemeral containers in its list
// as long as it lives: Kubernetes takes none out.
type Agent struct {
	// Image has chaosctl as its entrypoint.
	Image string `json:"image"`
	// Task is what it does, as arguments: cpu --workers 2.
	Task []string `json:"task"`
	// For is how long it works at the most.
	For time.Duration `json:"for"`
	// Needs are what its container gets beyond what every pod may have; none for most tasks.
	Needs AgentNeeds `json:"needs,omitzero"`
	// Confirms says that the agent is asked whether its task is in effect: that it runs is no proof.
	Confirms bool `json:"confirms,omitempty"`
	// Looks says that it tells what can be connected to from inside of the pod; see [Cut].
	Looks bool `json:"looks,omitempty"`
	// Lasting says what its task does that no undo takes back. Such a task is done at once, and the agent ends.
	Lasting string `json:"lasting,omitempty"`
	// Ends is the container of the pod that ends by its task, in which case that is the proof.
	Ends string `json:"ends,omitempty"`
}

// AgentNeeds are what the container of an agent gets beyond what the strictest of the Pod Security Standards, restricted, lets
// in. A task asks for the least that it can do with.
type AgentNeeds struct {
	// Container is the one of the pod whose processes the agent sees; its own alone where it is empty.
	Container string `json:"container,omitempty"`
	// User is the one that it runs as; one without any rights where it is nil.
	User *int64 `json:"user,omitempty"`
	// Capabilities are those of the kernel that it has, without their CAP_. They are of use to user 0 alone: the kernel takes
	// them from others when a program begins.
	Capabilities []corev1.Capability `json:"capabilities,omitempty"`
}

// Standard is one of the Pod Security Standards.
type Standard string

// The standards, the strictest first.
const (
	Restricted Standard = "restricted"
	Baseline   Standard = "baseline"
	Privileged Standard = "privileged"
)

// inBaseline are the capabilities that the standard baseline lets a container add.
var inBaseline = []corev1.Capability{
	"AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT",
}

// Standard is the strictest that lets in an agent with these needs.
func (n *AgentNeeds) Standard() Standard {
	switch {
	case slices.ContainsFunc(n.Capabilities, func(c corev1.Capability) bool { return !slices.Contains(inBaseline, c) }):
		return Privileged
	case len(n.Capabilities) > 0 || n.User != nil && *n.User == 0:
		return Baseline
	}
	return Restricted
}

// agentParameters are those of every fault that is made inside of pods.
type agentParameters struct {
	// Count is in how many pods of the target: a number, a percentage (rounded down, one at the least) or all. 1 unless told otherwise.
	Count experiment.Count `json:"count"`
	// Where narrows which pods of the target may be chosen.
	Where *target.Where `json:"where,omitempty"`
	// Image is that of the agent, with chaosctl as its entrypoint; the one of this version unless told otherwise. make image builds one.
	Image string `json:"image,omitempty"`
}

// check looks at the conditions of the choice, and the name of the image.
func (p *agentParameters) check(c *experiment.Check) {
	p.Where.Check(c, "where")
	if p.Image != "" && !cluster.IsImage(p.Image) {
		c.Fail("image", "%q is no name of an image: expected one such as registry.example/chaosctl:1", p.Image)
	}
}

// agentSlack is how much longer than the fault an agent may work, so that its end by itself is never taken for the undo.
const agentSlack = 15 * time.Second

// plan runs an agent with that task in each of the chosen pods.
func (p *agentParameters) plan(ctx context.Context, s Scope, what string, task ...string) ([]Change, error) {
	return p.planEach(ctx, s, func(*cluster.Pod) (agentJob, error) { return agentJob{what: what, task: task}, nil })
}

// agentJob is what an agent is to do in one pod.
type agentJob struct {
	what string
	task []string
	// removes says that it takes the pod out of service, which the guard counts.
	removes bool
	// Of the agent; see there.
	needs         AgentNeeds
	confirms      bool
	lasting, ends string
}

// planEach runs an agent in each of the chosen pods, with a job of its own.
func (p *agentParameters) planEach(ctx context.Context, s Scope, jobFor func(*cluster.Pod) (agentJob, error)) ([]Change, error) {
	candidates, err := candidates(ctx, s, p.Where)
	if err != nil {
		return nil, err
	}
	victims := target.Pick(s.Draw, candidates, p.Count.Of(len(candidates)), func(p *cluster.Pod) string { return string(p.UID) })
	image, err := p.imageFor(ctx, s, victims)
	if err != nil {
		return nil, err
	}
	var changes []Change
	for _, pod := range victims {
		job, err := jobFor(pod)
		if err != nil {
			return nil, err
		}
		c := Change{
			ID: "agent-" + pod.Name, Object: podObject(pod), What: job.what,
			Agent: &Agent{
				Image: image, Task: job.task, For: s.Lasts + agentSlack,
				Needs: job.needs, Confirms: job.confirms, Lasting: job.lasting, Ends: job.ends,
			},
		}
		if job.removes {
			c.Removes = []types.UID{pod.UID}
		}
		changes = append(changes, c)
	}
	return changes, nil
}

// agents in pods: the pod is marked before anything runs in it.
func agents(namespace string) []access.Need {
	on := access.Object{Resource: pods.Resource, Namespace: namespace}
	needs := access.Needs("mark the pods, and see the agent run", on, "get", "patch")
	on.Subresource = "ephemeralcontainers"
	needs = append(needs, access.Needs("run the agent in a pod", on, "patch")...)
	on.Subresource = "attach"
	// Which of the two verbs a server asks for depends on its version and the protocol of the stream.
	return append(needs, access.Needs("tell the agent to stop", on, "get", "create")...)
}

// nobody is the user of an agent that needs no other.
const nobody int64 = 65532

// Container is the ephemeral container of an agent that is to end at an instant. Beyond its needs it may do nothing that the
// strictest of the Pod Security Standards forbids, restricted.
func (a *Agent) Container(name string, until time.Time) corev1.EphemeralContainer {
	yes, no, user := true, false, nobody
	if a.Needs.User != nil {
		user = *a.Needs.User
	}
	notRoot := user != 0
	args := append([]string{"agent", "--for", a.For.String(), UntilFlag, until.UTC().Format(time.RFC3339)}, a.Task...)
	return corev1.EphemeralContainer{
		TargetContainerName: a.Needs.Container,
		EphemeralContainerCommon: corev1.EphemeralContainerCommon{
			Name: name, Image: a.Image, ImagePullPolicy: corev1.PullIfNotPresent, Args: args, Stdin: true,
			SecurityContext: &corev1.SecurityContext{
				RunAsUser: &user, RunAsNonRoot: &notRoot, AllowPrivilegeEscalation: &no, ReadOnlyRootFilesystem: &yes,
				Capabilities:   &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}, Add: a.Needs.Capabilities},
				SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
			},
		},
	}
}

// UntilFlag is the flag of the agent before the instant at which it ends.
const UntilFlag = "--until"

// AgentEnds says when the agent of a container ends by itself, at the latest.
func AgentEnds(c *corev1.EphemeralContainer) (time.Time, error) {
	for i, arg := range c.Args {
		if arg == UntilFlag && i+1 < len(c.Args) {
			return time.Parse(time.RFC3339, c.Args[i+1])
		}
	}
	return time.Time{}, fmt.Errorf("container %s is no agent: it has no argument %s", c.Name, UntilFlag)
}
