package examples

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/chaosctl/chaosctl/pkg/report"
)

// TestEtcd proves that the example keeps its promise, three members bearing the loss of one, and that its experiments tell a
// quorum from none.
func TestEtcd(t *testing.T) {
	const namespace = "quorum"
	e := start(t, "etcd", "quay.io/coreos/etcd:v3.7.0")
	e.apply(namespace, "overlays", "lab")
	e.await("etcd is not ready", func(ctx context.Context) (bool, error) {
		s, err := e.client.AppsV1().StatefulSets(namespace).Get(ctx, "etcd", metav1.GetOptions{})
		return err == nil && s.Status.ReadyReplicas == *s.Spec.Replicas, err
	})

	code, r := e.run("member-lost")
	assert.Equal(t, report.ExitPass, code)
	assert.Equal(t, report.Pass, r.Verdict)
	require.Len(t, r.Recoveries, 1)
	require.NotNil(t, r.Recoveries[0].Replacement)
	assert.Equal(t, r.Recoveries[0].Victim.Name, r.Recoveries[0].Replacement.Name, "a member comes back under its name")

	code, r = e.run("quorum-lost")
	assert.Equal(t, report.ExitFail, code)
	require.Len(t, r.Expectations, 1)
	assert.Equal(t, report.Fail, r.Expectations[0].Verdict)
	assert.Equal(t, "outage of writes", r.Expectations[0].Name)
	t.Log(r.Expectations[0].Why)
}
