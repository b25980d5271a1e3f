package guards

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/chaosctl/chaosctl/lab"
	"github.com/chaosctl/chaosctl/pkg/report"
	"github.com/chaosctl/chaosctl/test/internal/binary"
)

// TestFaultsOfOneInstant proves that faults which are due together are guarded together: the plan refuses what would be
// too much in any case, and the run what turns out to be so.
func TestFaultsOfOneInstant(t *testing.T) {
	require.NoError(t, binary.Build(t.Context(), binary.Path("chaosctl"), "./cmd/chaosctl"))
	l := lab.Start(t, lab.Options{Name: binary.LabName("guards"), Profile: lab.ControlPlane})
	// It would remove the pods, since there is no node under them.
	require.NoError(t, l.StopComponent(t.Context(), "kube-controller-manager"))
	config, err := clientcmd.BuildConfigFromFlags("", l.Kubeconfig)
	require.NoError(t, err)
	client, err := kubernetes.NewForConfig(config)
	require.NoError(t, err)
	for i := range 6 {
		addPod(t, client, fmt.Sprintf("web-%d", i))
	}
	chaosctl := binary.Chaosctl{Kubeconfig: l.Kubeconfig}

	together := chaosctl.Start(t, "plan", "-f", experiment(t, "  - "+kill("first", 2, "web-0, web-1")+"\n  - "+kill("second", 2, "web-2, web-3")))
	assert.Equal(t, report.ExitRefused, together.Exit(t))
	assert.Contains(t, together.Stderr.String(), "fault second: would affect 4 of 6 pods of namespace default at once (66.7%), 2 of which unavailable without it")

	// The second time that one kills, two others are to go as well: of six, that makes four.
	repeated := chaosctl.Start(t, "run", "-f", experiment(t, "  - "+kill("one", 1, "web-0, web-1")+"\n    repeat: {every: 2s, times: 2}\n  - "+kill("two", 2, "web-2, web-3")+"\n    at: 2s"))
	repeated.Exit(t)
	const refused = "fault two: would affect 4 of 6 pods of namespace default at once (66.7%), 2 of which unavailable without it"
	r := repeated.Result(t)
	assert.NotEqual(t, report.Pass, r.Verdict)
	messages := map[string]string{}
	for _, c := range r.Changes {
		messages[c.ID] = c.Message
	}
	assert.Contains(t, messages["two/1"], refused)
	left, err := client.CoreV1().Pods("default").List(t.Context(), metav1.ListOptions{})
	require.NoError(t, err)
	var names []string
	for i := range left.Items {
		names = append(names, left.Items[i].Name)
	}
	assert.Equal(t, []string{"web-2", "web-3", "web-4", "web-5"}, names)
}

// addPod makes a pod that is ready, by word alone: there is no kubelet that would know better.
func addPod(t *testing.T, client kubernetes.Interface, name string) {
	t.Helper()
	none := false
	pods := client.CoreV1().Pods("default")
	pod, err := pods.Create(t.Context(), &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"app": "web"}},
		Spec:       corev1.PodSpec{NodeName: "none", AutomountServiceAccountToken: &none, Containers: []corev1.Container{{Name: "web", Image: "web"}}},
	}, metav1.CreateOptions{})
	require.NoError(t, err)
	pod.Status.Phase = corev1.PodRunning
	pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
	_, err = pods.UpdateStatus(t.Context(), pod, metav1.UpdateOptions{})
	require.NoError(t, err)
}

func kill(name string, count int, names string) string {
	return fmt.Sprintf("name: %s\n    podKill: {count: %d, gracePeriod: 0s, where: {names: [%s]}}", name, count, names)
}

func experiment(t *testing.T, faults string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "experiment.yaml")
	require.NoError(t, os.WriteFile(path, []byte(`apiVersion: chaosctl.dev/v1alpha1
kind: Experiment
metadata: {name: together}
spec:
  promise: self-healing
  target: {namespace: default, selector: {app: web}}
  steady: {for: 1s}
  faults:
`+faults+`
  recovery: {timeout: 1s, stableFor: 1s}
  expect:
  - replicas: {atLeast: 1}
`), 0o600))
	return path
}
