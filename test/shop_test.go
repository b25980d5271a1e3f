package e2e

import (
	"context"
	"crypto/rand"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/chaosctl/chaosctl/examples/shop/deploy"
)

// The variants of the shop that tests use.
const (
	healthy           = "../examples/shop/manifests/base"
	oneReplica        = "../examples/shop/manifests/overlays/one-replica"
	controlOneReplica = "testdata/control-one-replica"
)

// shop is a shop in a namespace of its own.
type shop struct {
	*cluster
	namespace string
}

var notInNames = regexp.MustCompile(`[^a-z0-9]+`)

// newShop deploys a variant of the shop and waits until it serves. The namespace is named after the test, with something
// that tells it from the one of the same test that may still be going, and goes when the test ends.
func newShop(t *testing.T, c *cluster, variant string) *shop {
	t.Helper()
	name := notInNames.ReplaceAllString(strings.ToLower(strings.TrimPrefix(t.Name(), "Test")), "-")
	s := &shop{cluster: c, namespace: "e2e-" + name[:min(len(name), 50)] + "-" + strings.ToLower(rand.Text()[:4])}
	t.Cleanup(func() {
		err := c.client.CoreV1().Namespaces().Delete(context.WithoutCancel(t.Context()), s.namespace, metav1.DeleteOptions{})
		require.NoError(t, err)
	})
	dir, err := filepath.Abs(variant)
	require.NoError(t, err)
	require.NoError(t, deploy.Apply(t.Context(), c.config, dir, s.namespace))
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	require.NoError(t, deploy.Await(ctx, c.config, s.namespace))
	require.NoError(t, deploy.AwaitPages(ctx, c.config, s.namespace))
	return s
}

// frontends are the pods that customers talk to, save those that are on their way out.
func (s *shop) frontends(t *testing.T) []corev1.Pod {
	t.Helper()
	list, err := s.client.CoreV1().Pods(s.namespace).List(t.Context(), metav1.ListOptions{LabelSelector: "app=frontend"})
	require.NoError(t, err)
	var live []corev1.Pod
	for _, p := range list.Items {
		if p.DeletionTimestamp == nil {
			live = append(live, p)
		}
	}
	require.NotEmpty(t, live)
	return live
}

// uids are those of all pods of the shop.
func (s *shop) uids(t *testing.T) map[string]string {
	t.Helper()
	list, err := s.client.CoreV1().Pods(s.namespace).List(t.Context(), metav1.ListOptions{})
	require.NoError(t, err)
	uids := map[string]string{}
	for _, p := range list.Items {
		uids[string(p.UID)] = p.Name
	}
	return uids
}

// configMap reads the configuration of the catalogue.
func (s *shop) configMap(t *testing.T) *corev1.ConfigMap {
	t.Helper()
	c, err := s.client.CoreV1().ConfigMaps(s.namespace).Get(t.Context(), "catalogue-config", metav1.GetOptions{})
	require.NoError(t, err)
	return c
}

// catalogue reads the Deployment of the catalogue.
func (s *shop) catalogue(t *testing.T) *appsv1.Deployment {
	t.Helper()
	d, err := s.client.AppsV1().Deployments(s.namespace).Get(t.Context(), "catalogue", metav1.GetOptions{})
	require.NoError(t, err)
	return d
}
