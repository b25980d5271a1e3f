package bench

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/chaosctl/chaosctl/lab"
	"github.com/chaosctl/chaosctl/test/internal/binary"
)

// crowdSize is how many pods the namespace has.
const crowdSize = 10_000

// crowd is a namespace of real objects in a real API server. Nothing runs them: the nodes that they are bound to do not
// exist, and the controllers that would clean them up are stopped.
type crowd struct {
	lab       *lab.Lab
	config    *rest.Config
	namespace string
}

func newCrowd(b *testing.B) *crowd {
	l := lab.Start(b, lab.Options{Name: binary.LabName("bench"), Profile: "control-plane"})
	config, err := clientcmd.BuildConfigFromFlags("", l.Kubeconfig)
	require.NoError(b, err)
	config.QPS = -1
	config.ContentType = "application/vnd.kubernetes.protobuf"
	client, err := kubernetes.NewForConfig(config)
	require.NoError(b, err)
	c := &crowd{lab: l, config: config, namespace: "default"}
	require.NoError(b, l.StopComponent(b.Context(), "kube-controller-manager"))
	group, ctx := errgroup.WithContext(b.Context())
	group.SetLimit(32)
	for i := range crowdSize {
		group.Go(func() error { return c.add(ctx, client, i) })
	}
	require.NoError(b, group.Wait())
	return c
}

// add makes a pod of the size that pods of real clusters have, and says that it is ready.
func (c *crowd) add(ctx context.Context, client kubernetes.Interface, i int) error {
	var env []corev1.EnvVar
	for n := range 20 {
		env = append(env, corev1.EnvVar{Name: fmt.Sprintf("SETTING_%d", n), Value: strings.Repeat("x", 40)})
	}
	none := false
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("web-%05d", i), Labels: map[string]string{"app": "web"}, Annotations: map[string]string{"note": strings.Repeat("y", 300)}},
		Spec: corev1.PodSpec{
			NodeName: fmt.Sprintf("none-%d", i%100), AutomountServiceAccountToken: &none,
			Containers: []corev1.Container{{Name: "web", Image: "web", Env: env}},
		},
	}
	if _, err := client.CoreV1().Pods(c.namespace).Create(ctx, pod, metav1.CreateOptions{}); err != nil {
		return err
	}
	ready := []byte(`{"status":{"phase":"Running","conditions":[{"type":"Ready","status":"True"}],"podIP":"198.18.200.1"}}`)
	_, err := client.CoreV1().Pods(c.namespace).Patch(ctx, pod.Name, types.MergePatchType, ready, metav1.PatchOptions{}, "status")
	return err
}
