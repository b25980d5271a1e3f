package cluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/chaosctl/chaosctl/pkg/event"
)

// Cluster is a connection. Its clients may be used by several goroutines at once.
type Cluster struct {
	// Client and Dynamic share one HTTP/2 connection, for requests that are answered at once.
	Client  kubernetes.Interface
	Dynamic dynamic.Interface
	// Watch has a connection of its own: a server allows about 100 streams on one, and watches hold theirs.
	Watch kubernetes.Interface
	// Context is the kubeconfig's context in use; empty inside of a cluster.
	Context string
	// Namespace is the one that the kubeconfig or the flags name.
	Namespace string
	// Host is the API server's address.
	Host string
}

// Connect reads the configuration and makes the clients; no request is sent.
func Connect(loader clientcmd.ClientConfig, userAgent string) (*Cluster, error) {
	config, err := loader.ClientConfig()
	if err != nil {
		return nil, configError(err)
	}
	namespace, _, err := loader.Namespace()
	if err != nil {
		return nil, configError(err)
	}
	raw, err := loader.RawConfig()
	if err != nil {
		return nil, configError(err)
	}
	config = rest.CopyConfig(config)
	config.UserAgent = userAgent
	// client-go's own limiter (5 requests a second) would delay faults and undo; the server's priority and fairness
	// answers with Retry-After where it must, and client-go heeds that.
	config.QPS = -1
	c := &Cluster{Context: raw.CurrentContext, Namespace: namespace, Host: config.Host}
	if c.Client, err = kubernetes.NewForConfig(config); err != nil {
		return nil, configError(err)
	}
	if c.Dynamic, err = dynamic.NewForConfig(config); err != nil {
		return nil, configError(err)
	}
	watches := rest.CopyConfig(config)
	watches.Timeout = 0
	// A dialer of its own keeps client-go from sharing the cached transport, hence the connection.
	watches.Dial = (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 15 * time.Second}).DialContext
	if c.Watch, err = kubernetes.NewForConfig(watches); err != nil {
		return nil, configError(err)
	}
	return c, nil
}

func configError(err error) error {
	if clientcmd.IsEmptyConfig(err) {
		return fmt.Errorf("no cluster is configured: name a kubeconfig by --kubeconfig or the environment's KUBECONFIG, or start a lab (make lab)")
	}
	return fmt.Errorf("the kubeconfig cannot be used: %w", err)
}

// Identity asks the cluster who it is. It is the first request of a run, so its errors say what is wrong with the
// connection rather than with one request.
func (c *Cluster) Identity(ctx context.Context) (event.Cluster, error) {
	ns, err := c.Client.CoreV1().Namespaces().Get(ctx, metav1.NamespaceSystem, metav1.GetOptions{})
	if err != nil {
		return event.Cluster{}, c.connectionError(err)
	}
	version, err := c.Client.Discovery().ServerVersion()
	if err != nil {
		return event.Cluster{}, c.connectionError(err)
	}
	return event.Cluster{Version: version.GitVersion, UID: string(ns.UID), Context: c.Context}, nil
}

func (c *Cluster) connectionError(err error) error {
	var urlErr *url.Error
	switch {
	case apierrors.IsUnauthorized(err):
		return fmt.Errorf("the API server at %s does not accept the credentials of context %q: renew them", c.Host, c.Context)
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("the API server at %s did not answer in time (see --request-timeout)", c.Host)
	case errors.As(err, &urlErr):
		return fmt.Errorf("the API server at %s cannot be reached: %w", c.Host, urlErr.Err)
	}
	return fmt.Errorf("the API server at %s refused the first request: %w", c.Host, err)
}
