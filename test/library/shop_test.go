package library

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/chaosctl/chaosctl/test/internal/shop"
)

// newShop deploys the shop, or the overlay of that name, into a namespace of its own, and waits until it serves. It goes
// when the test ends; where the next test is to be alone, that is waited for.
func newShop(t *testing.T, overlay string, alone bool) (namespace string) {
	t.Helper()
	namespace = shop.Namespace(overlay)
	t.Cleanup(func() { remove(t, namespace, alone) })
	shared.Deploy(t, shop.Manifests(overlay), namespace)
	return namespace
}

// admitIntruders lets agents into the namespace that change the network of a pod: the shop enforces the strictest standard,
// which lets nobody do that.
func admitIntruders(t *testing.T, namespace string) {
	t.Helper()
	relaxed := fmt.Appendf(nil, `{"metadata":{"labels":{%q:"privileged"}}}`, "pod-security.kubernetes.io/enforce")
	_, err := shared.Client.CoreV1().Namespaces().Patch(t.Context(), namespace, types.MergePatchType, relaxed, metav1.PatchOptions{})
	require.NoError(t, err)
}

// remove deletes the namespace, and waits for its pods to be gone: what stops is a load on the machine too.
func remove(t *testing.T, namespace string, alone bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 2*time.Minute)
	defer cancel()
	require.NoError(t, shared.Client.CoreV1().Namespaces().Delete(ctx, namespace, metav1.DeleteOptions{}))
	if !alone {
		return
	}
	err := wait.PollUntilContextCancel(ctx, 200*time.Millisecond, true, func(ctx context.Context) (bool, error) {
		_, err := shared.Client.CoreV1().Namespaces().Get(ctx, namespace, metav1.GetOptions{})
		return apierrors.IsNotFound(err), nil
	})
	require.NoError(t, err, "the namespace does not go")
	nodes, err := shared.Client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	require.NoError(t, err)
	for i := range nodes.Items {
		require.False(t, nodes.Items[i].Spec.Unschedulable, "%s is left cordoned", nodes.Items[i].Name)
		for _, taint := range nodes.Items[i].Spec.Taints {
			require.Equal(t, corev1.TaintNodeUnschedulable, taint.Key, "%s is left tainted", nodes.Items[i].Name)
		}
	}
}
