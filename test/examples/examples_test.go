package examples

import (
	"context"
	"flag"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/chaosctl/chaosctl/examples/shop/deploy"
	"github.com/chaosctl/chaosctl/lab"
	"github.com/chaosctl/chaosctl/pkg/report"
	"github.com/chaosctl/chaosctl/test/internal/binary"
)

var all = flag.Bool("examples.all", false, "run the examples; without it, none")

// example is an application of examples/ on a lab of its own.
type example struct {
	t      *testing.T
	dir    string
	lab    *lab.Lab
	config *rest.Config
	client kubernetes.Interface
}

// start builds an application and boots a lab that has its image.
func start(t *testing.T, name, image string) example {
	t.Helper()
	if !*all {
		t.Skip("make test-examples runs the examples")
	}
	ctx, dir := t.Context(), filepath.Join(binary.Repository(), "examples", name)
	require.NoError(t, binary.Build(ctx, binary.Path("chaosctl"), "./cmd/chaosctl"))
	require.NoError(t, binary.BuildIn(ctx, dir, binary.Path(name), "./cmd/"+name, "-ldflags", "-s -w"))
	labName := binary.LabName("examples-" + name)
	_, err := lab.Down(ctx, labName, func(string, ...any) {}) // that of a test run that was killed
	require.NoError(t, err)
	l := lab.Start(t, lab.Options{Name: labName, Addons: []string{lab.DNS}})
	require.NoError(t, l.LoadImage(ctx, image, binary.Path(name)))
	config, err := clientcmd.BuildConfigFromFlags("", l.Kubeconfig)
	require.NoError(t, err)
	client, err := kubernetes.NewForConfig(config)
	require.NoError(t, err)
	return example{t: t, dir: dir, lab: l, config: config, client: client}
}

// apply applies a kustomization of the application.
func (e example) apply(namespace string, path ...string) {
	e.t.Helper()
	require.NoError(e.t, deploy.Apply(e.t.Context(), e.config, filepath.Join(append([]string{e.dir, "manifests"}, path...)...), namespace))
}

// await waits for a condition.
func (e example) await(what string, condition func(context.Context) (bool, error)) {
	e.t.Helper()
	require.NoError(e.t, wait.PollUntilContextTimeout(e.t.Context(), 200*time.Millisecond, 3*time.Minute, true, condition), what)
}

// run runs an experiment of the application.
func (e example) run(experiment string) (code int, r report.Result) {
	e.t.Helper()
	p := binary.Chaosctl{Kubeconfig: e.lab.Kubeconfig}.Start(e.t, "run", "-f", filepath.Join(e.dir, "experiments", experiment+".yaml"))
	return p.Exit(e.t), p.Result(e.t)
}
