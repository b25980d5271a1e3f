package faults

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
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

var all = flag.Bool("faults.all", false, "run every case; without it, the first of each family, which is what make test does")

// onlyWithAll leaves out a test that takes long.
func onlyWithAll(t *testing.T) {
	t.Helper()
	if !*all {
		t.Skip("without -faults.all")
	}
}

// shared is the lab that all cases use, with clients that are not chaosctl's.
var shared struct {
	*lab.Lab
	client kubernetes.Interface
	viewer *snapshot.Viewer
}

// sideBySide is how many cases share the machine: each starts a few pods, and mostly waits.
const sideBySide = "6"

func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", sideBySide); err != nil {
		panic(err)
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	stop, err := prepare(context.Background())
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
	for name, source := range map[string]string{"chaosctl": "./cmd/chaosctl", "shop-catalogue": "./examples/shop/cmd/catalogue"} {
		if err := binary.Build(ctx, binary.Path(name), source); err != nil {
			return nil, err
		}
	}
	if err := binary.BuildIn(ctx, filepath.Join(binary.Repository(), "lab"), binary.Path("image"), "./cmd/image"); err != nil {
		return nil, err
	}
	name := binary.LabName("faults")
	// That of a test run that was killed.
	if _, err := lab.Down(ctx, name, func(string, ...any) {}); err != nil {
		return nil, err
	}
	if shared.Lab, stop, err = lab.Shared(ctx, lab.Options{Name: name}); err != nil {
		return nil, err
	}
	if err := connect(ctx); err != nil {
		_ = stop()
		return nil, err
	}
	return stop, nil
}

// loadAgent makes the image of chaosctl as make image does, and loads it.
func loadAgent(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "chaosctl-faults-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	archive := filepath.Join(dir, "chaosctl-image.tar")
	made, err := exec.CommandContext(ctx, binary.Path("image"), "-tag", agentImage, "-entrypoint", "chaosctl", "-to", archive, binary.Path("chaosctl")).CombinedOutput()
	if err != nil {
		return fmt.Errorf("make the agent's image: %w\n%s", err, made)
	}
	return shared.LoadArchive(ctx, archive)
}

// connect loads the images of the stage's pods, and of the agents in them, into the lab, and makes clients for it.
func connect(ctx context.Context) error {
	if err := shared.LoadImage(ctx, image, binary.Path("shop-catalogue")); err != nil {
		return err
	}
	if err := loadAgent(ctx); err != nil {
		return err
	}
	config, err := clientcmd.BuildConfigFromFlags("", shared.Kubeconfig)
	if err != nil {
		return err
	}
	config.QPS = -1
	config.WarningHandler = rest.NoWarnings{} // a snapshot lists kinds that are going out of use too
	if shared.client, err = kubernetes.NewForConfig(config); err != nil {
		return err
	}
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return err
	}
	shared.viewer, err = snapshot.NewViewer(shared.client.Discovery(), client)
	return err
}
