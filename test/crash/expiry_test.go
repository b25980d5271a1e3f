package crash

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/chaosctl/chaosctl/test/crash/point"
)

// TestDenialExpires proves that a policy for admission that a killed run has left refuses nothing any more after a while, even if
// nobody recovers the run, and that it is found and removed later.
func TestDenialExpires(t *testing.T) {
	t.Parallel()
	s := newScene(t, t, scenery{})
	before, err := s.look(t.Context())
	require.NoError(t, err)
	// The Lease that puts the policy in force is the eighth request, after those of the run, the policy and the binding.
	p := s.crash(t, s.runArgs(t, &fixtures["admissionDeny"][0]), point.Point{Request: 8, When: point.AfterReply})
	require.True(t, p.killed, "%s", p.output)
	try := func(ctx context.Context) error {
		_, err := shared.client.CoreV1().Pods(s.namespace).Create(ctx, &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Name: "one-more", Labels: map[string]string{"app": "web"}},
			Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "one", Image: "registry.invalid/one:1"}}},
		}, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		return err
	}
	eventually(t, "new pods are refused", func(ctx context.Context) bool {
		err := try(ctx)
		return err != nil && strings.Contains(err.Error(), "chaosctl lets no new pods in")
	})
	eventually(t, "the denial expires", func(ctx context.Context) bool { return try(ctx) == nil })
	crashed, err := s.look(t.Context())
	require.NoError(t, err)
	assert.Len(t, crashed.Objects, len(before.Objects)+3, "what has expired is there still")

	p = s.recovered(t)
	assert.Zero(t, p.code, "%s", p.output)
	after, err := s.look(t.Context())
	require.NoError(t, err)
	assert.Len(t, after.Objects, len(before.Objects))
	assert.Empty(t, after.Left(p.output))
}
