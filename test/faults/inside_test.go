package faults

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/chaosctl/chaosctl/pkg/agent"
)

// agentImage is chaosctl itself.
const agentImage = "docker.io/chaosctl/chaosctl:faults"

// inside are the faults that an agent makes in a pod.
func inside() []faultCase {
	return []faultCase{
		{fault: "cpuStress", yaml: "- cpuStress: {image: '" + agentImage + "'}", inForce: atWork("cpu", busy), after: agentsStopped(1)},
		{fault: "cpuStress", name: "in all pods", yaml: "- cpuStress: {count: all, load: 20%, image: '" + agentImage + "'}\n  for: 5s", inForce: atWork("cpu", running), after: agentsStopped(replicas)},
		{fault: "cpuStress", name: "where the strictest standard is enforced", yaml: "- cpuStress: {load: 10%, image: '" + agentImage + "'}", inForce: atWork("cpu", running), build: restricted, after: agentsStopped(1)},
		{fault: "memoryStress", yaml: "- memoryStress: {memory: 48Mi, image: '" + agentImage + "'}", inForce: atWork("memory", holding(48<<20)), after: agentsStopped(1)},
	}
}

// atWork wants an agent with that task in a pod of the stage, to which the check has no objection.
func atWork(task string, check func(process) error) func(context.Context, *stage) error {
	return func(_ context.Context, s *stage) error {
		all, err := s.processes()
		if err != nil {
			return err
		}
		for _, p := range all {
			command, err := p.read("cmdline") // it may have ended meanwhile
			if err == nil && strings.Contains(command, "\x00agent\x00") && strings.Contains(command, "\x00"+task+"\x00") {
				return check(p)
			}
		}
		return errors.New("no agent is at work in a pod of the stage")
	}
}

func running(process) error { return nil }

// busy wants a process to have taken a second of processor time.
func busy(p process) error {
	text, err := p.read("stat")
	if err != nil {
		return err
	}
	// Fields are counted from behind the name, which may hold anything; see proc(5).
	fields := strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
	user, userErr := strconv.Atoi(fields[11])
	system, systemErr := strconv.Atoi(fields[12])
	if ticks := user + system; ticks < 100 {
		return errors.Join(fmt.Errorf("it has taken %d hundredths of a second of processor time", ticks), userErr, systemErr)
	}
	return nil
}

// holding wants a process to have so much memory.
func holding(bytes int) func(process) error {
	return func(p process) error {
		text, err := p.read("statm")
		if err != nil {
			return err
		}
		pages, err := strconv.Atoi(strings.Fields(text)[1])
		if have := pages * os.Getpagesize(); have < bytes {
			return errors.Join(fmt.Errorf("it holds %d bytes", have), err)
		}
		return nil
	}
}

// agentsStopped wants that many agents to have been told to end, and to have said what they did.
func agentsStopped(want int) func(*testing.T, *stage) {
	return func(t *testing.T, s *stage) {
		t.Helper()
		pods, err := s.live(t.Context())
		require.NoError(t, err)
		var stopped int
		for i := range pods {
			for _, c := range pods[i].Status.EphemeralContainerStatuses {
				require.NotNil(t, c.State.Terminated, "%s: %v", pods[i].Name, c.State)
				r := agent.ReadReport(c.State.Terminated.Message)
				assert.Equal(t, agent.Stopped, r.End, "%s", r)
				assert.NotEmpty(t, r.Did)
				t.Logf("the agent in %s has %s, %s after its start", pods[i].Name, r, c.State.Terminated.FinishedAt.Sub(c.State.Terminated.StartedAt.Time).Round(time.Second))
				stopped++
			}
		}
		assert.Equal(t, want, stopped)
	}
}

// restricted makes the namespace enforce the strictest of the Pod Security Standards, which the stage's pods then keep to.
func restricted(o *objects) {
	yes, no, user := true, false, int64(1000)
	o.labels = map[string]string{"pod-security.kubernetes.io/enforce": "restricted"}
	spec := &o.deployment.Spec.Template.Spec
	spec.Containers[0].SecurityContext = &corev1.SecurityContext{
		RunAsUser: &user, RunAsNonRoot: &yes, AllowPrivilegeEscalation: &no, Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
		SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
	}
}
