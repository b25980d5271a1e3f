package faults

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/chaosctl/chaosctl/pkg/report"
	"github.com/chaosctl/chaosctl/test/internal/binary"
)

// TestAgentsThatAreNotLetIn: where a Pod Security Standard keeps an agent out, a plan finds out by asking, which changes nothing.
func TestAgentsThatAreNotLetIn(t *testing.T) {
	t.Parallel()
	c := &faultCase{fault: "netDelay", yaml: connections("netDelay", "delay: 100ms"), build: restricted}
	s := newStage(t, c)
	before := s.declared(t)
	path := s.file(t, c.experiment(s))
	for _, command := range []string{"plan", "run"} {
		p := binary.Chaosctl{Kubeconfig: shared.Kubeconfig}.Start(t, command, "-f", path)
		assert.Equal(t, report.ExitRefused, p.Exit(t), command)
		said := text(p)
		assert.Contains(t, said, "the cluster does not let the agent into pod web-")
		assert.Contains(t, said, `violates PodSecurity "restricted:latest"`)
		assert.Contains(t, said, "kubectl label namespace "+s.namespace+" --overwrite pod-security.kubernetes.io/enforce=privileged")
	}
	c = &faultCase{fault: "cpuStress", yaml: "- cpuStress: {count: all, image: '" + agentImage + "'}"}
	p := binary.Chaosctl{Kubeconfig: shared.Kubeconfig}.Start(t, "plan", "-f", s.file(t, c.experiment(s)), "--server-dry-run")
	assert.Zero(t, p.Exit(t))
	assert.Contains(t, text(p), fmt.Sprintf("the server would carry out %d of %d changes", replicas, replicas))
	assert.Equal(t, before, s.declared(t))
	assert.Empty(t, s.look(t).Marks)
}

// TestImageThatCannotBePulled: what a kubelet has found out about an image, the next plan tells.
func TestImageThatCannotBePulled(t *testing.T) {
	t.Parallel()
	const nowhere = "127.0.0.1:1/chaosctl:1" // at this port of the node, nobody listens
	c := &faultCase{fault: "cpuStress", yaml: "- cpuStress: {count: all, image: '" + nowhere + "'}"}
	s := newStage(t, c)
	path := s.file(t, c.experiment(s))
	p := binary.Chaosctl{Kubeconfig: shared.Kubeconfig}.Start(t, "plan", "-f", path)
	require.Zero(t, p.Exit(t))
	assert.Contains(t, text(p), "can pull the agent's image "+nowhere+", which is not there yet")

	pods, name := shared.client.CoreV1().Pods(s.namespace), s.pods[0].Name
	pod, err := pods.Get(t.Context(), name, metav1.GetOptions{})
	require.NoError(t, err)
	pod.Spec.EphemeralContainers = []corev1.EphemeralContainer{{EphemeralContainerCommon: corev1.EphemeralContainerCommon{Name: "agent", Image: nowhere}}}
	_, err = pods.UpdateEphemeralContainers(t.Context(), name, pod, metav1.UpdateOptions{})
	require.NoError(t, err)
	eventually(t, "the kubelet has tried to pull the image", func() error {
		now, err := pods.Get(t.Context(), name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		for _, c := range now.Status.EphemeralContainerStatuses {
			if w := c.State.Waiting; w != nil && slices.Contains([]string{"ErrImagePull", "ImagePullBackOff"}, w.Reason) {
				return nil
			}
		}
		return fmt.Errorf("it says: %v", now.Status.EphemeralContainerStatuses)
	})
	p = binary.Chaosctl{Kubeconfig: shared.Kubeconfig}.Start(t, "plan", "-f", path)
	assert.Equal(t, report.ExitRefused, p.Exit(t))
	assert.Contains(t, text(p), s.pods[0].Spec.NodeName+" could not pull the agent's image "+nowhere)
}

// text is what a process has said, on one line: lines are broken anywhere.
func text(p *binary.Process) string {
	return strings.Join(strings.Fields(p.Stdout.String()+p.Stderr.String()), " ")
}

// declared is what the pods of the stage are to be, without what kubelets say of them.
func (s *stage) declared(t *testing.T) map[string]corev1.Pod {
	t.Helper()
	pods, err := s.live(t.Context())
	require.NoError(t, err)
	all := map[string]corev1.Pod{}
	for i := range pods {
		p := &pods[i]
		all[p.Name] = corev1.Pod{ObjectMeta: metav1.ObjectMeta{UID: p.UID, Labels: p.Labels, Annotations: p.Annotations, Generation: p.Generation}, Spec: p.Spec}
	}
	return all
}
