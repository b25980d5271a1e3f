package crash

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"

	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/chaosctl/chaosctl/lab"
	"github.com/chaosctl/chaosctl/test/internal/binary"
	"github.com/chaosctl/chaosctl/test/internal/snapshot"
)

var (
	seed   = flag.Uint64("crash.seed", rand.Uint64N(1_000_000), "chooses the points of the sample")
	points = flag.Int("crash.points", 220, "how many points are looked at; 0 for all")
)

// shared is the lab that all tests use, with clients that are not chaosctl's, and the chaosctl that crashes.
var shared struct {
	*lab.Lab
	client  kubernetes.Interface
	dynamic dynamic.Interface
	viewer  *snapshot.Viewer
	crasher string
}

func TestMain(m *testing.M) {
	flag.Parse()
	// Each point makes several processes, and the cluster has to follow.
	if err := flag.Set("test.parallel", "6"); err != nil {
		panic(err)
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	stop, err := prepare(ctx)
	if err != nil {
		fmt.Fprintln(os.Stderr, "cannot test:", err)
		return 1
	}
	defer func() {
		if err := stop(); err != nil {
			fmt.Fprintln(os.Stderr, "cannot remove the lab:", err)
		}
	}()
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-interrupted
		_ = stop() // the next run removes what this one could not
		os.Exit(130)
	}()
	return m.Run()
}

// prepare builds what is missing and starts the lab.
func prepare(ctx context.Context) (stop func() error, err error) {
	if err := binary.Build(ctx, binary.Path("chaosctl"), "./cmd/chaosctl"); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "chaosctl-crash-")
	if err != nil {
		return nil, err
	}
	shared.crasher = filepath.Join(dir, "chaosctl")
	name := binary.LabName("crash")
	down := func() error { return nil }
	stop = func() error { _ = os.RemoveAll(dir); return down() }
	defer func() {
		if err != nil {
			_ = stop()
		}
	}()
	if err := build(ctx, shared.crasher); err != nil {
		return nil, err
	}
	// That of a test run that was killed.
	if _, err := lab.Down(ctx, name, func(string, ...any) {}); err != nil {
		return nil, err
	}
	if shared.Lab, down, err = lab.Shared(ctx, lab.Options{Name: name, Profile: lab.ControlPlane}); err != nil {
		down = func() error { return nil }
		return nil, err
	}
	config, err := clientcmd.BuildConfigFromFlags("", shared.Kubeconfig)
	if err != nil {
		return nil, err
	}
	if err := connect(ctx, config); err != nil {
		return nil, err
	}
	// Thousands of pods that have no node would keep it busy.
	if err := shared.StopComponent(ctx, "kube-scheduler"); err != nil {
		return nil, err
	}
	go playKubelet(ctx)
	return stop, nil
}

// build makes the chaosctl that crashes.
func build(ctx context.Context, to string, flags ...string) error {
	return binary.BuildIn(ctx, filepath.Join(binary.Repository(), "test"), to, "./crash/chaosctl", flags...)
}

func connect(ctx context.Context, config *rest.Config) (err error) {
	config.QPS = -1
	config.WarningHandler = rest.NoWarnings{} // endpoints are looked at as well
	if shared.client, err = kubernetes.NewForConfig(config); err != nil {
		return err
	}
	if shared.dynamic, err = dynamic.NewForConfig(config); err != nil {
		return err
	}
	shared.viewer, err = snapshot.NewViewer(shared.client.Discovery(), shared.dynamic)
	return err
}
