package e2e

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/chaosctl/chaosctl/pkg/lock"
	"github.com/chaosctl/chaosctl/pkg/report"
	"github.com/chaosctl/chaosctl/test/internal/binary"
)

// ownImage is chaosctl as an image of the lab.
const ownImage = "docker.io/chaosctl/chaosctl:test"

// deadManScene is a shop, an experiment that breaks its configuration, and an account that a dead man may use.
func deadManScene(t *testing.T) (s *shop, run []string) {
	t.Helper()
	takeRoom(t, 1)
	s = newShop(t, shared, healthy)
	require.NoError(t, s.LoadImage(t.Context(), ownImage, binary.Path("chaosctl")))
	experiment := file(t, quiet("dead-man", "deployment/catalogue", "configCorrupt: {configMap: catalogue-config, key: catalogue.json, restart: true}", "1s"))
	newAccount(t, s, "-f", experiment, "--dead-man")
	return s, []string{"-f", experiment, "-n", s.namespace, "--dead-man", "--dead-man-image", ownImage}
}

// TestDeadManPutsBack proves G17: nobody is left, and nothing but the cluster itself undoes what was changed.
func TestDeadManPutsBack(t *testing.T) {
	t.Parallel()
	s, run := deadManScene(t)
	before, deployment := s.configMap(t), s.catalogue(t)
	run[1] = file(t, but(t, binary.Content(t, run[1]), "duration: 1s", "duration: 5m"))
	p := start(t, s.cluster, "run", run...)
	p.Says(t, "proved  patch deployment")
	p.Signal(t, os.Kill)
	p.Exit(t)
	killed := time.Now()
	assert.NotEqual(t, before.Data, s.configMap(t).Data)

	require.NoError(t, wait.PollUntilContextTimeout(t.Context(), 200*time.Millisecond, 3*time.Minute, true, func(ctx context.Context) (bool, error) {
		leases, err := s.client.CoordinationV1().Leases(s.namespace).List(ctx, metav1.ListOptions{LabelSelector: lock.Label})
		return err == nil && len(leases.Items) == 0, nil
	}), "the dead man did not recover the run")
	t.Logf("put back %s after the run was killed", time.Since(killed).Round(100*time.Millisecond))
	assertSameContent(t, before, s.configMap(t))
	assertSameDeployment(t, deployment, s.catalogue(t))
	// The rollback takes its time, and the Job keeps the record of what it did.
	assert.EventuallyWithT(t, func(c *assert.CollectT) {
		marks := slices.DeleteFunc(s.marks(t), func(o string) bool { return strings.Contains(o, "/chaosctl-dead-man-") })
		assert.Empty(c, marks)
	}, time.Minute, 200*time.Millisecond)
	secrets, err := s.client.CoreV1().Secrets(s.namespace).List(t.Context(), metav1.ListOptions{LabelSelector: "chaosctl.dev/journal"})
	require.NoError(t, err)
	assert.Empty(t, secrets.Items)
}

// TestDeadManIsRelieved: a run that ends in order takes its Job along. One that cannot have it does not begin.
func TestDeadManIsRelieved(t *testing.T) {
	t.Parallel()
	s, run := deadManScene(t)
	jobs := s.client.BatchV1().Jobs(s.namespace)
	p := chaosctl(t, s.cluster, "run", run...)
	assert.Zero(t, p.Exit(t))
	require.NoError(t, wait.PollUntilContextTimeout(t.Context(), 100*time.Millisecond, time.Minute, true, func(ctx context.Context) (bool, error) {
		list, err := jobs.List(ctx, metav1.ListOptions{})
		return len(list.Items) == 0, err
	}))

	require.NoError(t, s.client.CoreV1().ServiceAccounts(s.namespace).Delete(t.Context(), "chaosctl", metav1.DeleteOptions{}))
	interrupted := start(t, s.cluster, "run", run...)
	require.NoError(t, wait.PollUntilContextTimeout(t.Context(), 100*time.Millisecond, time.Minute, true, func(ctx context.Context) (bool, error) {
		list, err := jobs.List(ctx, metav1.ListOptions{})
		return len(list.Items) == 1, err
	}))
	code, _ := interrupted.Interrupt(t)
	assert.Equal(t, report.ExitInterrupted, code, "there is no fault without its dead man")
	_, err := s.client.CoordinationV1().Leases(s.namespace).Get(t.Context(), "chaosctl-deployment-catalogue", metav1.GetOptions{})
	assert.True(t, apierrors.IsNotFound(err), "%v", err)
}
