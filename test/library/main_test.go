package library

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"testing"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/chaosctl/chaosctl/lab"
	"github.com/chaosctl/chaosctl/test/internal/binary"
)

var all = flag.Bool("library.all", false, "run every experiment; without it, none")

// shared is the lab that all trials use.
var shared struct {
	*lab.Lab
	config *rest.Config
	client kubernetes.Interface
}

// agentImage is chaosctl itself, for faults that are made inside of pods.
const agentImage = "docker.io/chaosctl/chaosctl:library"

// sideBySide is how many shops are under load at once on two processors, and can still be measured.
const sideBySide = "2"

func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", sideBySide); err != nil {
		panic(err)
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	if !*all {
		return m.Run() // what is left needs no lab
	}
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
	for name, source := range map[string]string{
		"chaosctl": "./cmd/chaosctl", "shop-frontend": "./examples/shop/cmd/frontend", "shop-catalogue": "./examples/shop/cmd/catalogue",
	} {
		if err := binary.Build(ctx, binary.Path(name), source); err != nil {
			return nil, err
		}
	}
	name := binary.LabName("library")
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

// connect loads the images of the shop and of agents into the lab, and makes clients for it.
func connect(ctx context.Context) (err error) {
	for image, program := range map[string]string{
		"docker.io/chaosctl/shop-frontend:dev": "shop-frontend", "docker.io/chaosctl/shop-catalogue:dev": "shop-catalogue", agentImage: "chaosctl",
	} {
		if err := shared.LoadImage(ctx, image, binary.Path(program)); err != nil {
			return err
		}
	}
	if shared.config, err = clientcmd.BuildConfigFromFlags("", shared.Kubeconfig); err != nil {
		return err
	}
	shared.config.QPS = -1
	shared.client, err = kubernetes.NewForConfig(shared.config)
	return err
}
