package faults

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/chaosctl/chaosctl/test/internal/binary"
	"github.com/chaosctl/chaosctl/test/internal/snapshot"
)

// stage is a namespace with a workload in it that serves.
type stage struct {
	*objects
	namespace string
	// nodes are compared too; nil where others may be changing them.
	nodes []string
	// zone is that of the first pod's node, where the nodes are looked at.
	zone string
	// scratch is a directory of this machine.
	scratch string
	// pods are those before the fault.
	pods []corev1.Pod
}

func newStage(t *testing.T, c *faultCase) *stage {
	t.Helper()
	ctx, namespaces := t.Context(), shared.client.CoreV1().Namespaces()
	s := &stage{objects: newObjects(), namespace: "fault-" + strings.ToLower(c.fault) + "-" + strings.ToLower(rand.Text()[:4])}
	var err error
	s.scratch, err = os.MkdirTemp("", "chaosctl-fault-") //nolint:usetesting // not by the name of the test, whose comma would end an element of a list
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(s.scratch)) })
	if c.build != nil {
		c.build(s.objects)
	}
	_, err = namespaces.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: s.namespace, Labels: s.labels}}, metav1.CreateOptions{})
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx := context.WithoutCancel(ctx)
		require.NoError(t, namespaces.Delete(ctx, s.namespace, metav1.DeleteOptions{}))
		if c.alone { // the next one may look at all namespaces
			eventually(t, "the namespace is gone", func() error {
				_, err := namespaces.Get(ctx, s.namespace, metav1.GetOptions{})
				if apierrors.IsNotFound(err) {
					return nil
				}
				return fmt.Errorf("it is still there: %w", err)
			})
		}
	})
	require.NoError(t, s.create(ctx, s.namespace))
	if c.alone {
		list, err := shared.client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
		require.NoError(t, err)
		for i := range list.Items {
			s.nodes = append(s.nodes, list.Items[i].Name)
		}
	}
	s.settle(t)
	s.pods, err = s.live(ctx)
	require.NoError(t, err)
	if c.alone {
		node, err := shared.client.CoreV1().Nodes().Get(ctx, s.pods[0].Spec.NodeName, metav1.GetOptions{})
		require.NoError(t, err)
		s.zone = node.Labels[corev1.LabelTopologyZone]
	}
	return s
}

// target is the workload as an experiment names it.
func (s *stage) target() string {
	if s.statefulSet != nil {
		return "statefulset/web"
	}
	return "deployment/web"
}

// settle waits until the workload is as declared, serves, and nothing of what was before is on its way out.
func (s *stage) settle(t *testing.T) {
	t.Helper()
	eventually(t, "the stage settles", func() error { return s.settled(t.Context()) })
}

func (s *stage) settled(ctx context.Context) error {
	if err := s.openGates(ctx); err != nil {
		return err
	}
	if err := s.rolledOut(ctx); err != nil {
		return err
	}
	list, err := shared.client.CoreV1().Pods(s.namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	if len(list.Items) != replicas {
		return fmt.Errorf("there are %d pods", len(list.Items))
	}
	if _, err := shared.client.CoreV1().ConfigMaps(s.namespace).Get(ctx, "kube-root-ca.crt", metav1.GetOptions{}); err != nil {
		return err // every namespace gets it
	}
	if err := s.endpoints(ctx, replicas); err != nil {
		return err
	}
	return s.serves(ctx)
}

// gate is the readiness gate of pods that have one.
const gate = "example.com/in-rotation"

// openGates says of each pod with the gate that it is in rotation, as a controller would that nobody else is there to play.
// What somebody has said before stays.
func (s *stage) openGates(ctx context.Context) error {
	if s.deployment == nil || len(s.deployment.Spec.Template.Spec.ReadinessGates) == 0 {
		return nil
	}
	now, err := s.live(ctx)
	if err != nil {
		return err
	}
	open := []byte(`{"status":{"conditions":[{"type":"` + gate + `","status":"True"}]}}`)
	for i := range now {
		if slices.ContainsFunc(now[i].Status.Conditions, func(c corev1.PodCondition) bool { return c.Type == gate }) {
			continue
		}
		_, err := shared.client.CoreV1().Pods(s.namespace).Patch(ctx, now[i].Name, types.StrategicMergePatchType, open, metav1.PatchOptions{}, "status")
		if err != nil {
			return err
		}
	}
	return nil
}

// rolledOut looks at the status of the workload.
func (s *stage) rolledOut(ctx context.Context) error {
	var have, want [5]int64
	if s.statefulSet != nil {
		w, err := shared.client.AppsV1().StatefulSets(s.namespace).Get(ctx, "web", metav1.GetOptions{})
		if err != nil {
			return err
		}
		have = [...]int64{w.Status.ObservedGeneration, int64(w.Status.Replicas), int64(w.Status.UpdatedReplicas), int64(w.Status.ReadyReplicas), int64(w.Status.AvailableReplicas)}
		want = [...]int64{w.Generation, replicas, replicas, replicas, replicas}
	} else {
		w, err := shared.client.AppsV1().Deployments(s.namespace).Get(ctx, "web", metav1.GetOptions{})
		if err != nil {
			return err
		}
		have = [...]int64{w.Status.ObservedGeneration, int64(w.Status.Replicas), int64(w.Status.UpdatedReplicas), int64(w.Status.ReadyReplicas), int64(w.Status.AvailableReplicas)}
		want = [...]int64{w.Generation, replicas, replicas, replicas, replicas}
	}
	if have != want {
		return fmt.Errorf("the workload has generation, replicas, updated, ready and available %v, not %v", have, want)
	}
	return nil
}

// look takes a snapshot.
func (s *stage) look(t *testing.T) *snapshot.Snapshot {
	t.Helper()
	found, err := shared.viewer.Look(t.Context(), s.namespace, s.nodes...)
	require.NoError(t, err)
	return found
}

// file writes an experiment.
func (s *stage) file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "experiment.yaml")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// eventually waits for a condition, longer than a busy machine takes for anything here.
func eventually(t *testing.T, what string, condition func() error) {
	t.Helper()
	deadline := time.Now().Add(binary.LongestRun)
	for {
		err := condition()
		if err == nil {
			return
		}
		require.True(t, time.Now().Before(deadline), "%s: not within %s: %v", what, binary.LongestRun, err)
		time.Sleep(50 * time.Millisecond)
	}
}
