package examples

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/chaosctl/chaosctl/pkg/report"
)

// TestQueue proves that orders survive their workers, and a job its pod, and that the experiments find workers that acknowledge
// too early, and a job that begins anew.
func TestQueue(t *testing.T) {
	const namespace = "orders"
	e := start(t, "queue", "docker.io/chaosctl/queue:example")
	rolledOut := func() {
		e.await("the broker is not there", func(ctx context.Context) (bool, error) {
			b, err := e.client.CoreV1().Pods(namespace).Get(ctx, "broker-0", metav1.GetOptions{})
			if apierrors.IsNotFound(err) {
				return false, nil
			}
			return err == nil && b.DeletionTimestamp == nil && len(b.Status.ContainerStatuses) == 1 && b.Status.ContainerStatuses[0].Ready, err
		})
		e.await("the workers are not there", func(ctx context.Context) (bool, error) {
			for _, name := range []string{"shop", "worker"} {
				d, err := e.client.AppsV1().Deployments(namespace).Get(ctx, name, metav1.GetOptions{})
				if err != nil {
					return false, err
				}
				s := d.Status
				if s.ObservedGeneration < d.Generation || s.UpdatedReplicas < *d.Spec.Replicas || s.AvailableReplicas < *d.Spec.Replicas || s.Replicas > *d.Spec.Replicas {
					return false, nil
				}
			}
			return true, nil
		})
	}
	running := func(ctx context.Context) (bool, error) {
		j, err := e.client.BatchV1().Jobs(namespace).Get(ctx, "import", metav1.GetOptions{})
		return err == nil && j.Status.Ready != nil && *j.Status.Ready == 1, err
	}
	e.apply(namespace, "base")
	rolledOut()
	passes := func(code int, r report.Result) {
		t.Helper()
		assert.Equal(t, report.ExitPass, code, "%v", r.Reasons)
	}
	fails := func(code int, r report.Result, expectation string) {
		t.Helper()
		assert.Equal(t, report.ExitFail, code)
		for _, x := range r.Expectations {
			if x.Verdict == report.Fail {
				t.Log(x.Name + ": " + x.Why)
				assert.Equal(t, expectation, x.Name)
			}
		}
	}
	passes(e.run("worker-killed"))
	e.apply(namespace, "import")
	e.await("the job does not run", running)
	passes(e.run("import-killed"))

	foreground := metav1.DeletePropagationForeground
	require.NoError(t, e.client.BatchV1().Jobs(namespace).Delete(t.Context(), "import", metav1.DeleteOptions{PropagationPolicy: &foreground}))
	e.await("the job is still there", func(ctx context.Context) (bool, error) {
		_, err := e.client.BatchV1().Jobs(namespace).Get(ctx, "import", metav1.GetOptions{})
		return apierrors.IsNotFound(err), nil
	})
	// The queues begin anew with their broker: what is in them would be taken for what the next ones queue.
	require.NoError(t, e.client.CoreV1().Pods(namespace).Delete(t.Context(), "broker-0", metav1.DeleteOptions{}))
	e.apply(namespace, "overlays", "ack-first")
	rolledOut()
	code, r := e.run("worker-killed")
	fails(code, r, "probe in-time")
	e.apply(namespace, "overlays", "forgetful")
	e.await("the job does not run", running)
	code, r = e.run("import-killed")
	fails(code, r, "probe whole at the end")
}
