package engine

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/load"
	"github.com/chaosctl/chaosctl/pkg/verdict"
)

// against makes a run whose watches go to a server that answers as told.
func against(t *testing.T, answer http.HandlerFunc) (*Run, *[]event.Payload) {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	client, err := kubernetes.NewForConfig(&rest.Config{Host: server.URL})
	require.NoError(t, err)
	return logged(t, &Plan{
		Workload:   &cluster.Workload{Kind: "Deployment", Namespace: "shop", Name: "web", Selector: labels.Everything()},
		Experiment: &experiment.Experiment{}, connection: &cluster.Cluster{Watch: client},
	})
}

func TestRunThatCannotWatch(t *testing.T) {
	r, recorded := against(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) })
	var stop *Stop
	require.ErrorAs(t, r.Do(t.Context()), &stop)
	assert.Equal(t, event.Failed, stop.Outcome)
	assert.Contains(t, stop.Reason, "cannot watch pods")
	assert.Equal(t, []event.Payload{event.RunEnded{Outcome: event.Failed, Reason: stop.Reason}}, *recorded)
}

func TestRunInterruptedBeforeItCouldWatch(t *testing.T) {
	asked := make(chan struct{}, 10)
	r, recorded := against(t, func(_ http.ResponseWriter, request *http.Request) {
		asked <- struct{}{}
		<-request.Context().Done()
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-asked
		cancel()
	}()
	var stop *Stop
	require.ErrorAs(t, r.Do(ctx), &stop)
	assert.Equal(t, event.Interrupted, stop.Outcome, "not an error of the machine: %s", stop.Reason)
	assert.Equal(t, []event.Payload{event.RunEnded{Outcome: event.Interrupted, Reason: "interrupted"}}, *recorded)
}

func TestAbortCancelsWithItsReason(t *testing.T) {
	r, _ := logged(t, &Plan{Experiment: &experiment.Experiment{Spec: experiment.Spec{AbortIf: []experiment.AbortCondition{{Member: experiment.Member{
		Kind: "availability", Params: &verdict.AbortAvailability{Of: "browse", Below: 0.5, Over: experiment.Duration(time.Second)},
	}}}}}})
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	watch := r.aborts(cancel)
	for i := range 12 {
		watch("browse", load.Sample{End: event.Instant(i * 100 * int(time.Millisecond)), Cause: load.Refused})
	}
	var stop *Stop
	require.ErrorAs(t, context.Cause(ctx), &stop)
	assert.Equal(t, event.Aborted, stop.Outcome)
	assert.Contains(t, stop.Reason, "availability of browse was 0 %")
	assert.Equal(t, "abortIf[0]", stop.Condition)
}
