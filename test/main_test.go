package e2e

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/semaphore"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/chaosctl/chaosctl/lab"
	"github.com/chaosctl/chaosctl/test/internal/binary"
)

// shared is the cluster that all tests use but those that need another, or the nodes for themselves: see takeNodes.
var shared *cluster

func TestMain(m *testing.M) {
	flag.Parse()
	// What may run side by side is decided by takeRoom; most tests wait for clusters and clocks.
	if err := flag.Set("test.parallel", "16"); err != nil {
		panic(err)
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	ctx := context.Background()
	stop, err := prepare(ctx)
	if err != nil {
		fmt.Fprintln(os.Stderr, "cannot test:", err)
		return 1
	}
	stop = both(stop, apart.stop)
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

// prepare builds what is missing and starts the shared lab.
func prepare(ctx context.Context) (stop func() error, err error) {
	for name, source := range map[string]string{
		"chaosctl": "./cmd/chaosctl", "shop-frontend": "./examples/shop/cmd/frontend", "shop-catalogue": "./examples/shop/cmd/catalogue",
	} {
		if err := binary.Build(ctx, binary.Path(name), source); err != nil {
			return nil, err
		}
	}
	shared, stop, err = boot(ctx, binary.LabName("e2e"))
	return stop, err
}

// both does two things, the second also where the first fails.
func both(first, second func() error) func() error {
	return func() error { return errors.Join(first(), second()) }
}

// boot starts a lab that has the shop.
func boot(ctx context.Context, name string) (c *cluster, stop func() error, err error) {
	if err := removeLeftover(ctx, name); err != nil {
		return nil, nil, err
	}
	l, stop, err := lab.Shared(ctx, lab.Options{Name: name})
	if err != nil {
		return nil, nil, err
	}
	if c, err = connect(ctx, l); err != nil {
		_ = stop()
		return nil, nil, err
	}
	return c, stop, nil
}

// removeLeftover removes the lab of a test run that was killed.
func removeLeftover(ctx context.Context, name string) error {
	_, err := lab.Down(ctx, name, func(string, ...any) {})
	return err
}

// cluster is a lab, and clients that are not chaosctl's.
type cluster struct {
	*lab.Lab
	config  *rest.Config
	client  kubernetes.Interface
	dynamic dynamic.Interface
}

// connect loads the images of the shop into a lab and makes clients for it.
func connect(ctx context.Context, l *lab.Lab) (*cluster, error) {
	for _, service := range []string{"frontend", "catalogue"} {
		if err := l.LoadImage(ctx, "docker.io/chaosctl/shop-"+service+":dev", binary.Path("shop-"+service)); err != nil {
			return nil, err
		}
	}
	config, err := clientcmd.BuildConfigFromFlags("", l.Kubeconfig)
	if err != nil {
		return nil, err
	}
	config.QPS = -1
	config.WarningHandler = rest.NoWarnings{} // that a list of all there is holds kinds that are going out of use
	c := &cluster{Lab: l, config: config}
	if c.client, err = kubernetes.NewForConfig(config); err != nil {
		return nil, err
	}
	c.dynamic, err = dynamic.NewForConfig(config)
	return c, err
}

// slots are how many shops this machine can deploy and put under a load of 200 requests a second, and still measure
// rather than be measured.
const slots = 2

var machine = semaphore.NewWeighted(slots)

// takeRoom waits until the machine has room for so many shops, and keeps it until the test ends.
func takeRoom(t *testing.T, shops int64) {
	t.Helper()
	require.NoError(t, machine.Acquire(t.Context(), shops))
	t.Cleanup(func() { machine.Release(shops) })
}
