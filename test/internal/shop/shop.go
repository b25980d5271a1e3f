package shop

import (
	"context"
	"crypto/rand"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/chaosctl/chaosctl/examples/shop/deploy"
	"github.com/chaosctl/chaosctl/test/internal/binary"
)

// Healthy is the name of the variant without a weakness.
const Healthy = "healthy"

// Name is what tests call an overlay, of which the empty one is the healthy shop.
func Name(overlay string) string {
	if overlay == "" {
		return Healthy
	}
	return overlay
}

// Manifests is the directory of the shop's, or of the overlay of that name.
func Manifests(overlay string) string {
	dir := filepath.Join(binary.Repository(), "examples", "shop", "manifests")
	if overlay == "" {
		return filepath.Join(dir, "base")
	}
	return filepath.Join(dir, "overlays", overlay)
}

// Namespace is a new name for the namespace of a shop.
func Namespace(overlay string) string {
	return fmt.Sprintf("shop-%s-%s", strings.ToLower(rand.Text()[:6]), Name(overlay))
}

// Deploy applies a kustomization of the shop's in a namespace, and waits until it serves.
func (l *Lab) Deploy(t *testing.T, dir, namespace string) {
	t.Helper()
	require.NoError(t, deploy.Apply(t.Context(), l.Config, dir, namespace))
	l.Await(t, namespace)
}

// servesWithin is more than a shop takes to start on a machine that is busy.
const servesWithin = 3 * time.Minute

// Await waits until the shop in a namespace is rolled out and serves.
func (l *Lab) Await(t *testing.T, namespace string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), servesWithin)
	defer cancel()
	require.NoError(t, deploy.Await(ctx, l.Config, namespace))
	require.NoError(t, deploy.AwaitPages(ctx, l.Config, namespace))
}

// Remove deletes the namespace of a shop, which takes some seconds more.
func (l *Lab) Remove(t *testing.T, namespace string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
	defer cancel()
	require.NoError(t, l.Client.CoreV1().Namespaces().Delete(ctx, namespace, metav1.DeleteOptions{}))
}
