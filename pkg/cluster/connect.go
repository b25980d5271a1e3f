package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	apimachinery "k8s.io/apimachinery/pkg/version"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	_ "k8s.io/client-go/plugin/pkg/client/auth" // the providers of credentials that kubectl knows
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/transport"
	"k8s.io/client-go/util/connrotation"

	"github.com/chaosctl/chaosctl/pkg/event"
)

// firstContact bounds the first request, which finds out whether anybody is there, unless the user has set a bound.
const firstContact = 10 * time.Second

// Cluster is a connection. Its clients may be used by several goroutines at once.
type Cluster struct {
	// Client and Dynamic share one HTTP/2 connection, for requests that are answered at once.
	Client  kubernetes.Interface
	Dynamic dynamic.Interface
	// Metadata reads what all kinds of objects have in common, and nothing of their content.
	Metadata metadata.Interface
	// Watch has a connection of its own: a server allows about 100 streams on one, and watches hold theirs.
	Watch kubernetes.Interface
	// Context is the kubeconfig's context in use; empty inside of a cluster.
	Context string
	// Namespace is the one that the kubeconfig or the flags name.
	Namespace string
	// Host is the API server's address.
	Host string

	// watches are the connections of watches.
	watches *connrotation.Dialer
	// streams is for connections that are more than a request and its answer.
	streams *rest.Config
	// patience is how long the first request may take.
	patience time.Duration
}

// Connect reads the configuration and makes the clients; no request is sent. Wrap goes around the transport of each of
// them; it may be nil. Its errors are of type [ConnectionError].
func Connect(loader clientcmd.ClientConfig, userAgent string, wrap transport.WrapperFunc) (*Cluster, error) {
	config, err := configuration(loader)
	if err != nil {
		return nil, err
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
	// Typed objects travel in protobuf, which is several times cheaper to read; the dynamic client keeps to JSON.
	config.ContentType = runtime.ContentTypeProtobuf
	config.AcceptContentTypes = runtime.ContentTypeProtobuf + "," + runtime.ContentTypeJSON
	config.Wrap(noticeDeadConnections)
	if wrap != nil {
		config.Wrap(wrap)
	}
	c := &Cluster{Context: raw.CurrentContext, Namespace: namespace, Host: config.Host, patience: firstContact}
	if config.Timeout > 0 {
		c.patience = config.Timeout
	}
	if c.Client, err = kubernetes.NewForConfig(config); err != nil {
		return nil, configError(err)
	}
	if c.Dynamic, err = dynamic.NewForConfig(config); err != nil {
		return nil, configError(err)
	}
	quiet := rest.CopyConfig(config)
	// Who looks at all kinds of objects need not be told which of them go out of use.
	quiet.WarningHandler = rest.NoWarnings{}
	if c.Metadata, err = metadata.NewForConfig(quiet); err != nil {
		return nil, configError(err)
	}
	// A dialer of its own keeps client-go from sharing the cached transport, hence the connection.
	c.watches = connrotation.NewDialer((&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 15 * time.Second}).DialContext)
	c.streams = forWatches(config, c.watches)
	if c.Watch, err = kubernetes.NewForConfig(c.streams); err != nil {
		return nil, configError(err)
	}
	return c, nil
}

// Close gives up the connection of watches, which is this one's own; that of all other requests may be shared. A program that
// connects again and again would have each of them open for another 90 seconds. It is for when no watch is wanted any more: one
// that is not quite over is cut.
func (c *Cluster) Close() { c.watches.CloseAll() }

// noticeDeadConnections makes a connection that is silent for 5 seconds be tested, and given up when that is not answered
// within 5 more. By default that takes 45, in which every request waits on a connection that a balancer has forgotten:
// a large part of the time that an undo has.
func noticeDeadConnections(rt http.RoundTripper) http.RoundTripper {
	inner := rt
	for wrapper, ok := inner.(utilnet.RoundTripperWrapper); ok; wrapper, ok = inner.(utilnet.RoundTripperWrapper) {
		inner = wrapper.WrappedRoundTripper()
	}
	// A transport that has a configuration may be shared with a connection that was made before, and is in use.
	if t, ok := inner.(*http.Transport); ok && t.HTTP2 == nil {
		t.HTTP2 = &http.HTTP2Config{SendPingTimeout: 5 * time.Second, PingTimeout: 5 * time.Second}
	}
	return rt
}

// forWatches is the configuration of a connection for requests that last as long as the run does.
func forWatches(config *rest.Config, dialer *connrotation.Dialer) *rest.Config {
	watches := rest.CopyConfig(config)
	// The bound of a request is for those that are answered at once.
	watches.Timeout = 0
	watches.Dial = dialer.DialContext
	return watches
}

// Contact asks the server for its version, in bounded time. It is to be the first request of a command: everybody may
// send it, so its errors, of type [ConnectionError], say what is wrong with the connection rather than with a request.
func (c *Cluster) Contact(ctx context.Context) (version string, err error) {
	bounded, cancel := context.WithTimeout(ctx, c.patience)
	defer cancel()
	// The discovery client's own call for this drops what the server says about a refusal.
	result := c.Client.Discovery().RESTClient().Get().AbsPath("/version").Do(bounded)
	err = result.Error()
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case err != nil:
		return "", c.contactError(err)
	}
	var info apimachinery.Info
	body, err := result.Raw()
	if err = errors.Join(err, json.Unmarshal(body, &info)); err != nil {
		return "", c.foreign("it answers no JSON", err)
	}
	if info.GitVersion == "" {
		return "", c.foreign("its /version names none", nil)
	}
	return info.GitVersion, nil
}

// Identity asks the cluster who it is; it makes the first contact.
func (c *Cluster) Identity(ctx context.Context) (event.Cluster, error) {
	version, err := c.Contact(ctx)
	if err != nil {
		return event.Cluster{}, err
	}
	// The UID of this namespace is what comes nearest to that of a cluster.
	ns, err := c.Client.CoreV1().Namespaces().Get(ctx, metav1.NamespaceSystem, metav1.GetOptions{})
	if err != nil {
		return event.Cluster{}, fmt.Errorf("the cluster's identity cannot be read: %w", err)
	}
	return event.Cluster{Version: version, UID: string(ns.UID), Context: c.Context}, nil
}
