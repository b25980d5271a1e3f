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
	second := experiment.Duration(time.Second)
	conditions := []experiment.AbortCondition{
		{Member: experiment.Member{Kind: "availability", Params: &verdict.AbortAvailability{Of: "browse", Below: 0.5, Over: second}}},
		{Member: experiment.Member{Kind: "probe", Params: &verdict.AbortProbe{Probe: "home", Failing: second}}},
	}
	for name, c := range map[string]struct {
		tell              func(*aborts, event.Instant)
		reason, condition string
	}{
		"requests": {func(a *aborts, end event.Instant) { a.request("browse", load.Sample{End: end, Cause: load.Refused}) }, "availability of browse was 0 %", "abortIf[0]"},
		"checks": {func(a *aborts, end event.Instant) {
			a.check(event.ProbeChecked{Name: "home", Message: "HTTP 503"}, end)
		}, "HTTP 503", "abortIf[1]"},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			watches := newAborts(conditions, cancel)
			for i := range 10 {
				c.tell(watches, event.Instant(i*100*int(time.Millisecond)))
			}
			require.NoError(t, ctx.Err(), "too early")
			for i := range 2 {
				c.tell(watches, event.Instant((10+i)*100*int(time.Millisecond)))
			}
			var stop *Stop
			require.ErrorAs(t, context.Cause(ctx), &stop)
			assert.Equal(t, event.Aborted, stop.Outcome)
			assert.Contains(t, stop.Reason, c.reason)
			assert.Equal(t, c.condition, stop.Condition)
		})
	}
}
