package recovery

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"testing"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/chaosctl/chaosctl/lab"
	"github.com/chaosctl/chaosctl/test/internal/binary"
)

// shared is the lab that all tests use, and clients that are not chaosctl's.
var shared struct {
	*lab.Lab
	config *rest.Config
	client kubernetes.Interface
	http   *http.Client
}

func TestMain(m *testing.M) {
	for name, value := range map[string]string{"rapid.checks": strconv.Itoa(checks), "rapid.nofailfile": "true"} {
		if err := flag.Set(name, value); err != nil {
			panic(err)
		}
	}
	flag.Parse()
	// The tests wait rather than compute.
	if err := flag.Set("test.parallel", "16"); err != nil {
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
	if err := binary.Build(ctx, binary.Path("chaosctl"), "./cmd/chaosctl"); err != nil {
		return nil, err
	}
	name := binary.LabName("model")
	// That of a test run that was killed.
	if _, err := lab.Down(ctx, name, func(string, ...any) {}); err != nil {
		return nil, err
	}
	if shared.Lab, stop, err = lab.Shared(ctx, lab.Options{Name: name, Profile: lab.ControlPlane}); err != nil {
		return nil, err
	}
	if shared.config, err = clientcmd.BuildConfigFromFlags("", shared.Kubeconfig); err == nil {
		shared.config.QPS = -1
		shared.client, err = kubernetes.NewForConfig(shared.config)
	}
	if err == nil {
		shared.http, err = rest.HTTPClientFor(shared.config)
	}
	if err != nil {
		_ = stop()
		return nil, err
	}
	return stop, nil
}
