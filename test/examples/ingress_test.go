package examples

import (
	"context"
	"net"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/chaosctl/chaosctl/pkg/report"
	"github.com/chaosctl/chaosctl/test/internal/binary"
)

// answers says whether the shop does, on a connection of its own.
func answers(ctx context.Context, at string) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return false
	}
	request.Host, request.Close = "shop.example", true
	client := http.Client{Timeout: 5 * time.Second}
	response, err := client.Do(request)
	return err == nil && response.Body.Close() == nil && response.StatusCode == http.StatusOK
}

// TestIngress proves that who comes by an Ingress does not notice the loss of a pod behind it, nor of one of its controller, and that
// the experiments find a controller that learns of it late, and one that is alone.
func TestIngress(t *testing.T) {
	const namespace = "shop"
	e := start(t, "ingress", "docker.io/chaosctl/ingress:example")
	for _, part := range []string{"frontend", "catalogue"} {
		path := binary.Path("shop-" + part)
		require.NoError(t, binary.Build(t.Context(), path, "./examples/shop/cmd/"+part))
		require.NoError(t, e.lab.LoadImage(t.Context(), "docker.io/chaosctl/shop-"+part+":dev", path))
	}
	// Nodes and controllers learn of pods a moment after these are ready.
	wayIn := func(ctx context.Context) (bool, error) {
		service, err := e.client.CoreV1().Services(namespace).Get(ctx, "ingress", metav1.GetOptions{})
		if err != nil {
			return false, err
		}
		nodes, err := e.client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
		if err != nil {
			return false, err
		}
		for _, n := range nodes.Items {
			at := "http://" + net.JoinHostPort(n.Status.Addresses[0].Address, strconv.Itoa(int(service.Spec.Ports[0].NodePort))) + "/"
			for range 10 { // more than there are ways from here to a frontend
				if !answers(ctx, at) {
					return false, nil
				}
			}
		}
		return true, nil
	}
	rolledOut := func() {
		e.await("the shop is not there", func(ctx context.Context) (bool, error) {
			all, err := e.client.AppsV1().Deployments(namespace).List(ctx, metav1.ListOptions{})
			if err != nil {
				return false, err
			}
			for _, d := range all.Items {
				s := d.Status
				if s.ObservedGeneration < d.Generation || s.UpdatedReplicas < *d.Spec.Replicas || s.AvailableReplicas < *d.Spec.Replicas || s.Replicas > *d.Spec.Replicas || s.TerminatingReplicas != nil && *s.TerminatingReplicas > 0 {
					return false, nil
				}
			}
			return len(all.Items) == 3, nil
		})
		e.await("there is no way in", wayIn)
	}
	e.apply(namespace, "base")
	rolledOut()
	for _, experiment := range []string{"frontend-lost", "controller-lost"} {
		code, r := e.run(experiment)
		assert.Equal(t, report.ExitPass, code, "%s: %v", experiment, r.Reasons)
	}
	for overlay, experiment := range map[string]string{"slow-news": "frontend-lost", "one-controller": "controller-lost"} {
		e.apply(namespace, "base")
		e.apply(namespace, "overlays", overlay)
		rolledOut()
		code, r := e.run(experiment)
		assert.Equal(t, report.ExitFail, code, "%s: %v", experiment, r.Reasons)
		t.Log(r.Reasons)
		for _, x := range r.Expectations {
			if x.Verdict == report.Fail {
				assert.Contains(t, []string{"availability of browse", "outage of browse"}, x.Name)
			}
		}
	}
}
