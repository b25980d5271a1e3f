package shop

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/chaosctl/chaosctl/lab"
	"github.com/chaosctl/chaosctl/test/internal/binary"
)

// AgentImage is chaosctl itself, for faults that are made inside of pods.
const AgentImage = "docker.io/chaosctl/chaosctl:tested"

// Lab is one that has the images of the shop, with clients that are not chaosctl's. It may be used by several goroutines at once.
type Lab struct {
	*lab.Lab
	Config *rest.Config
	Client kubernetes.Interface
}

// Up builds what make has not, and starts a lab; one of that name that an earlier test run has left goes first. Stop removes it, as
// does an interrupt of the tests.
func Up(ctx context.Context, options lab.Options) (l *Lab, stop func() error, err error) {
	for name, source := range map[string]string{
		"chaosctl": "./cmd/chaosctl", "shop-frontend": "./examples/shop/cmd/frontend", "shop-catalogue": "./examples/shop/cmd/catalogue",
	} {
		if err := binary.Build(ctx, binary.Path(name), source); err != nil {
			return nil, nil, err
		}
	}
	if _, err := lab.Down(ctx, options.Name, func(string, ...any) {}); err != nil {
		return nil, nil, err
	}
	l = &Lab{}
	if l.Lab, stop, err = lab.Shared(ctx, options); err != nil {
		return nil, nil, err
	}
	if err := l.connect(ctx); err != nil {
		_ = stop()
		return nil, nil, err
	}
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-interrupted
		_ = stop() // the next run removes what this one could not
		os.Exit(130)
	}()
	return l, stop, nil
}

// connect loads the images of the shop and of agents into the lab, and makes clients for it.
func (l *Lab) connect(ctx context.Context) (err error) {
	for image, program := range map[string]string{
		"docker.io/chaosctl/shop-frontend:dev": "shop-frontend", "docker.io/chaosctl/shop-catalogue:dev": "shop-catalogue", AgentImage: "chaosctl",
	} {
		if err := l.LoadImage(ctx, image, binary.Path(program)); err != nil {
			return err
		}
	}
	if l.Config, err = clientcmd.BuildConfigFromFlags("", l.Kubeconfig); err != nil {
		return err
	}
	l.Config.QPS = -1
	l.Client, err = kubernetes.NewForConfig(l.Config)
	return err
}
