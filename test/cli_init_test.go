package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/chaosctl/chaosctl/pkg/report"
	"github.com/chaosctl/chaosctl/test/internal/binary"
)

// TestInitWritesWhatCanBePlanned proves that the file that init writes for a workload is one that plan takes, that it
// speaks of what is in the cluster, and that it is not written over.
func TestInitWritesWhatCanBePlanned(t *testing.T) {
	t.Parallel()
	s := newShop(t, shared, healthy)
	before := s.versions(t)
	path := filepath.Join(t.TempDir(), "frontend.yaml")
	initArgs := []string{"init", "--kubeconfig", s.Kubeconfig, "-n", s.namespace, "--target", "deployment/frontend", "-o", path}
	code, stdout, stderr := inProcess(t, initArgs...)
	require.Zero(t, code, stderr)
	assert.Equal(t, "wrote "+path+"\nNext: chaosctl plan -f "+path+"\n", stdout)
	written := binary.Content(t, path)
	for _, found := range []string{
		"namespace: " + s.namespace, "service: frontend #", "port: http # 80, to http of the pods", "path: /readyz #",
		"PodDisruptionBudget frontend: ", "replicas: {atLeast: 3, within: 1m} # the least that HorizontalPodAutoscaler frontend keeps", "guard: {maxAffected: 34%, minReady: 2}",
	} {
		assert.Contains(t, written, found)
	}
	code, _, stderr = inProcess(t, initArgs...)
	assert.Equal(t, report.ExitInvalid, code)
	assert.Equal(t, "error: "+path+" is there already\nhint: name another file by -o, or replace it by --force\n", stderr)
	code, _, stderr = inProcess(t, append(initArgs, "--force")...)
	assert.Zero(t, code, stderr)
	assert.Equal(t, written, binary.Content(t, path))
	code, stdout, stderr = inProcess(t, "plan", "--kubeconfig", s.Kubeconfig, "-f", path)
	assert.Zero(t, code, stderr)
	assert.Contains(t, stdout, "frontend-survives-pod-kill")
	assert.Equal(t, before, s.versions(t))
}

// TestInitAsksWhichOfSeveral proves that init does not guess, and that a file for one replica says why it is refused.
func TestInitAsksWhichOfSeveral(t *testing.T) {
	t.Parallel()
	s := newShop(t, shared, oneReplica)
	code, _, stderr := inProcess(t, "init", "--kubeconfig", s.Kubeconfig, "-n", s.namespace)
	assert.Equal(t, report.ExitInvalid, code)
	assert.Equal(t, "error: namespace "+s.namespace+" has 2 workloads: deployment/catalogue, deployment/frontend\nhint: choose one, such as --target deployment/catalogue\n", stderr)

	path := filepath.Join(t.TempDir(), "one.yaml")
	code, _, stderr = inProcess(t, "init", "--kubeconfig", s.Kubeconfig, "-n", s.namespace, "--target", "deployment/frontend", "-o", path)
	require.Zero(t, code, stderr)
	assert.Contains(t, stderr, "warning: With one replica, the guard refuses this run")
	assert.Contains(t, binary.Content(t, path), "# WARNING: With one replica, the guard refuses this run")
	code, _, stderr = inProcess(t, "plan", "--kubeconfig", s.Kubeconfig, "-f", path)
	assert.Equal(t, report.ExitRefused, code)
	assert.Contains(t, stderr, "guard.minReady")
}

// TestInitKnowsAllShapes proves that what is written for a StatefulSet behind a headless Service, and for a DaemonSet
// with none, can be planned, though they have no load.
func TestInitKnowsAllShapes(t *testing.T) {
	t.Parallel()
	ns, err := shared.client.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "e2e-init-"}}, metav1.CreateOptions{})
	require.NoError(t, err)
	t.Cleanup(func() { shared.deleteNamespace(t, ns.Name) })
	shared.createShapes(t, ns.Name)
	for _, target := range []string{"statefulset/store", "daemonset/agent"} {
		path := filepath.Join(t.TempDir(), strings.ReplaceAll(target, "/", "-")+".yaml")
		eventually(t, binary.LongestRun, target+" is ready", func() bool {
			code, _, stderr := inProcess(t, "init", "--kubeconfig", shared.Kubeconfig, "-n", ns.Name, "--target", target, "-o", path, "--force")
			require.Zero(t, code, stderr)
			text, err := os.ReadFile(path)
			return err == nil && !strings.Contains(string(text), "are ready now") && !strings.Contains(string(text), "scaled to zero")
		})
		assert.Contains(t, binary.Content(t, path), "# No load, since ")
		code, stdout, stderr := inProcess(t, "plan", "--kubeconfig", shared.Kubeconfig, "-f", path)
		assert.Zero(t, code, stderr)
		assert.Contains(t, stdout, target)
	}
}

// createShapes makes a StatefulSet with a headless Service, and a DaemonSet.
func (c *cluster) createShapes(t *testing.T, namespace string) {
	t.Helper()
	pod := func(app string) corev1.PodTemplateSpec {
		return corev1.PodTemplateSpec{
			ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": app}},
			Spec: corev1.PodSpec{Containers: []corev1.Container{{
				Name: "main", Image: "docker.io/chaosctl/pause:1", ImagePullPolicy: corev1.PullIfNotPresent,
			}}},
		}
	}
	selector := func(app string) *metav1.LabelSelector {
		return &metav1.LabelSelector{MatchLabels: map[string]string{"app": app}}
	}
	_, err := c.client.CoreV1().Services(namespace).Create(t.Context(), &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: "store"},
		Spec:       corev1.ServiceSpec{ClusterIP: corev1.ClusterIPNone, Selector: map[string]string{"app": "store"}, Ports: []corev1.ServicePort{{Name: "http", Port: 8080}}},
	}, metav1.CreateOptions{})
	require.NoError(t, err)
	_, err = c.client.AppsV1().StatefulSets(namespace).Create(t.Context(), &appsv1.StatefulSet{
		ObjectMeta: metav1.ObjectMeta{Name: "store"},
		Spec:       appsv1.StatefulSetSpec{Replicas: new(int32(2)), ServiceName: "store", Selector: selector("store"), Template: pod("store")},
	}, metav1.CreateOptions{})
	require.NoError(t, err)
	_, err = c.client.AppsV1().DaemonSets(namespace).Create(t.Context(), &appsv1.DaemonSet{
		ObjectMeta: metav1.ObjectMeta{Name: "agent"},
		Spec:       appsv1.DaemonSetSpec{Selector: selector("agent"), Template: pod("agent")},
	}, metav1.CreateOptions{})
	require.NoError(t, err)
}
