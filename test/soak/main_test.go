package soak

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

var runs = flag.Int("soak.runs", 0, "how many runs to make back to back; none where it is 0")

// shared is the lab, and a client that is not chaosctl's.
var shared struct {
	*lab.Lab
	client kubernetes.Interface
}

func TestMain(m *testing.M) {
	flag.Parse()
	if *runs == 0 {
		os.Exit(m.Run())
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
	if err := binary.Build(ctx, binary.Path("chaosctl"), "./cmd/chaosctl"); err != nil {
		return nil, err
	}
	name := binary.LabName("soak")
	// That of a test run that was killed.
	if _, err := lab.Down(ctx, name, func(string, ...any) {}); err != nil {
		return nil, err
	}
	if shared.Lab, stop, err = lab.Shared(ctx, lab.Options{Name: name, Profile: lab.ControlPlane}); err != nil {
		return nil, err
	}
	var config *rest.Config
	if config, err = clientcmd.BuildConfigFromFlags("", shared.Kubeconfig); err == nil {
		shared.client, err = kubernetes.NewForConfig(config)
	}
	if err != nil {
		_ = stop()
		return nil, err
	}
	return stop, nil
}
