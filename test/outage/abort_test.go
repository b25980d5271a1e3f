package outage

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chaosctl/chaosctl/pkg/report"
)

// TestAbort proves that a run that is ended by its own condition puts everything back and says why it ended; and that an
// undo that does not succeed then comes before that.
func TestAbort(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		outage bool
		want   outcome
	}{
		"with an API server": {false, outcome{report.ExitAborted, report.Aborted, report.UndoClean}},
		"without":            {true, abandoned},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, r := newScene(t, faults), newRelay(t)
			ill, condition := failing(t)
			p := s.start(t, r.kubeconfig, s.experiment(t, 5*time.Minute, condition), "--undo-timeout", "1s")
			if test.outage {
				r.refuse()
			}
			ill.Store(true)
			result := s.assertOutcome(t, p, test.want)
			s.assertReason(t, result, "the run aborts below 50%")
			if test.outage {
				s.putBackByHand(t, p, result)
			}
		})
	}
}

// failing is a server that fails when it is told to, and the lines for a spec that send requests to it and abort the run
// for that.
func failing(t *testing.T) (ill *atomic.Bool, spec string) {
	t.Helper()
	ill = &atomic.Bool{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if ill.Load() {
			w.WriteHeader(http.StatusInternalServerError)
		}
	}))
	t.Cleanup(server.Close)
	return ill, fmt.Sprintf("  load:\n  - {name: browse, http: {url: %q}, rate: 50/s}\n  abortIf:\n  - availability: {of: browse, below: 50%%, over: 1s}\n", server.URL)
}
