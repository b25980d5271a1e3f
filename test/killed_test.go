package e2e

import (
	"context"
	"fmt"
	"os"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/chaosctl/chaosctl/test/internal/binary"
)

// TestKilledRun proves of each fault that can be undone that what a killed run has left is put back from another place,
// with no file of the run's, and that what people have done meanwhile stays.
func TestKilledRun(t *testing.T) {
	t.Parallel()
	s := newShop(t, takeNodes(t), healthy)
	// After the first drains, all pods may be on one node.
	const guard = "  guard: {maxAffected: 100%, maxAffectedOfNamespace: 100%, minReady: 0}\n"
	for _, c := range []struct {
		name, fault string
		// meanwhile is what a person does while the fault is there; it changes what must be there in the end.
		meanwhile func(t *testing.T, s *shop, want *declared)
		says      string
	}{
		{"drain", "nodeDrain: {count: 1, hosting: target}", nil, "restored   Node "},
		{"drain, and another node is cordoned", "nodeDrain: {count: 1, hosting: target}", cordonAnother, "restored   Node "},
		{"drain, and a person ends it", "nodeDrain: {count: 1, hosting: target}", uncordonDrained, "spec.unschedulable"},
		{"configuration", "configCorrupt: {configMap: catalogue-config, key: catalogue.json}", nil, "restored   ConfigMap "},
		{"configuration, and another key is edited", "configCorrupt: {configMap: catalogue-config, key: catalogue.json}", edit("mode"), "restored   ConfigMap "},
		{"configuration, and the key is edited", "configCorrupt: {configMap: catalogue-config, key: catalogue.json}", edit("catalogue.json"), "diverged   ConfigMap "},
		{"scale", "scale: {to: 2}", nil, "restored   Deployment "},
		{"image", "badImage: {}", nil, "restored   Deployment "},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := s.declared(t)
			p := start(t, s.cluster, "run", "-f", file(t, quiet("killed", "deployment/catalogue", c.fault, "5m")+guard), "-n", s.namespace)
			p.Says(t, "proved  patch")
			require.NotEqual(t, before, s.declared(t))
			if c.meanwhile != nil {
				c.meanwhile(t, s, &before)
			}
			p.Signal(t, syscall.SIGKILL)
			<-p.Ended
			require.NoError(t, os.RemoveAll(p.Out))

			r := chaosctl(t, s.cluster, "recover", "--stale", "-n", s.namespace)
			require.Zero(t, r.Exit(t))
			assert.Contains(t, r.Stdout.String(), c.says)
			assert.Equal(t, before, s.declared(t))
			assert.Empty(t, s.marks(t))
			again := chaosctl(t, s.cluster, "recover", "--all", "-n", s.namespace)
			assert.Contains(t, again.Stdout.String(), "there is nothing to put back")
			s.settle(t)
		})
	}
}

// declared is what people have declared.
type declared struct {
	nodes     map[string]any
	config    map[string]string
	workloads map[string]any
}

func (s *shop) declared(t *testing.T) declared {
	t.Helper()
	d := declared{nodes: s.nodes(t), config: s.configMap(t).Data, workloads: map[string]any{}}
	list, err := s.client.AppsV1().Deployments(s.namespace).List(t.Context(), metav1.ListOptions{})
	require.NoError(t, err)
	for _, w := range list.Items {
		d.workloads[w.Name] = []any{w.UID, w.Labels, withoutRevision(w.Annotations), w.Spec}
	}
	return d
}

// settle waits until all workloads are ready again, and no pod is on its way out.
func (s *shop) settle(t *testing.T) {
	t.Helper()
	require.Eventually(t, func() bool {
		list, err := s.client.AppsV1().Deployments(s.namespace).List(t.Context(), metav1.ListOptions{})
		require.NoError(t, err)
		for _, w := range list.Items {
			if w.Status.ObservedGeneration != w.Generation || w.Status.AvailableReplicas != *w.Spec.Replicas || w.Status.Replicas != *w.Spec.Replicas {
				return false
			}
		}
		pods, err := s.client.CoreV1().Pods(s.namespace).List(t.Context(), metav1.ListOptions{})
		require.NoError(t, err)
		return !slices.ContainsFunc(pods.Items, func(p corev1.Pod) bool { return p.DeletionTimestamp != nil })
	}, binary.LongestRun, 100*time.Millisecond)
}

func edit(key string) func(*testing.T, *shop, *declared) {
	return func(t *testing.T, s *shop, want *declared) {
		t.Helper()
		c := s.configMap(t)
		prior := want.config[key]
		t.Cleanup(func() { // pods do not become ready with what the next ones find
			patch := []byte(fmt.Sprintf(`{"data": {%q: %q}}`, key, prior))
			_, err := s.client.CoreV1().ConfigMaps(s.namespace).Patch(context.WithoutCancel(t.Context()), c.Name, types.MergePatchType, patch, metav1.PatchOptions{})
			require.NoError(t, err)
		})
		c.Data[key], want.config[key] = "edited", "edited"
		_, err := s.client.CoreV1().ConfigMaps(s.namespace).Update(t.Context(), c, metav1.UpdateOptions{})
		require.NoError(t, err)
	}
}

// cordonAnother cordons a node that is not being drained.
func cordonAnother(t *testing.T, s *shop, want *declared) {
	t.Helper()
	for _, name := range s.named(t, false) {
		s.cordon(t, name, true)
		t.Cleanup(func() { s.cordon(t, name, false) })
		want.nodes[name] = s.nodes(t)[name]
		return
	}
}

// uncordonDrained opens the node that is being drained.
func uncordonDrained(t *testing.T, s *shop, _ *declared) {
	t.Helper()
	for _, name := range s.named(t, true) {
		s.cordon(t, name, false)
	}
}

// named are the nodes that are cordoned, or are not.
func (s *shop) named(t *testing.T, cordoned bool) []string {
	t.Helper()
	list, err := s.client.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{})
	require.NoError(t, err)
	var names []string
	for _, n := range list.Items {
		if n.Spec.Unschedulable == cordoned {
			names = append(names, n.Name)
		}
	}
	require.NotEmpty(t, names)
	return names
}
