package examples

import (
	"context"
	"flag"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/chaosctl/chaosctl/examples/shop/deploy"
	"github.com/chaosctl/chaosctl/lab"
	"github.com/chaosctl/chaosctl/pkg/report"
	"github.com/chaosctl/chaosctl/test/internal/binary"
)

var all = flag.Bool("examples.all", false, "run the examples; without it, none")

// TestEtcd proves that the example keeps its promise, three members bearing the loss of one, and that its experiments tell a
// quorum from none.
func TestEtcd(t *testing.T) {
	if !*all {
		t.Skip("make test-examples runs the examples")
	}
	const namespace = "quorum"
	ctx, example := t.Context(), filepath.Join(binary.Repository(), "examples", "etcd")
	require.NoError(t, binary.Build(ctx, binary.Path("chaosctl"), "./cmd/chaosctl"))
	require.NoError(t, binary.BuildIn(ctx, example, binary.Path("etcd"), "./cmd/etcd", "-ldflags", "-s -w"))
	name := binary.LabName("examples")
	_, err := lab.Down(ctx, name, func(string, ...any) {}) // that of a test run that was killed
	require.NoError(t, err)
	l := lab.Start(t, lab.Options{Name: name, Addons: []string{lab.DNS}})
	require.NoError(t, l.LoadImage(ctx, "quay.io/coreos/etcd:v3.7.0", binary.Path("etcd")))
	config, err := clientcmd.BuildConfigFromFlags("", l.Kubeconfig)
	require.NoError(t, err)
	require.NoError(t, deploy.Apply(ctx, config, filepath.Join(example, "manifests", "overlays", "lab"), namespace))
	client, err := kubernetes.NewForConfig(config)
	require.NoError(t, err)
	require.NoError(t, wait.PollUntilContextTimeout(ctx, 200*time.Millisecond, 3*time.Minute, true, func(ctx context.Context) (bool, error) {
		s, err := client.AppsV1().StatefulSets(namespace).Get(ctx, "etcd", metav1.GetOptions{})
		return err == nil && s.Status.ReadyReplicas == *s.Spec.Replicas, err
	}), "etcd is not ready")

	run := func(experiment string) (int, report.Result) {
		p := binary.Chaosctl{Kubeconfig: l.Kubeconfig}.Start(t, "run", "-f", filepath.Join(example, "experiments", experiment+".yaml"))
		return p.Exit(t), p.Result(t)
	}
	code, r := run("member-lost")
	assert.Equal(t, report.ExitPass, code)
	assert.Equal(t, report.Pass, r.Verdict)
	require.Len(t, r.Recoveries, 1)
	require.NotNil(t, r.Recoveries[0].Replacement)
	assert.Equal(t, r.Recoveries[0].Victim.Name, r.Recoveries[0].Replacement.Name, "a member comes back under its name")

	code, r = run("quorum-lost")
	assert.Equal(t, report.ExitFail, code)
	require.Len(t, r.Expectations, 1)
	assert.Equal(t, report.Fail, r.Expectations[0].Verdict)
	assert.Equal(t, "outage of writes", r.Expectations[0].Name)
	t.Log(r.Expectations[0].Why)
}
