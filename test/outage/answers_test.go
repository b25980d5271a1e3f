package outage

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/report"
	"github.com/chaosctl/chaosctl/test/internal/binary"
)

var passed = outcome{report.ExitPass, report.Pass, report.UndoClean}

// beyondClient is how often client-go by itself sends a request again that is answered with Retry-After.
const beyondClient = 10

// TestTooManyRequests proves that injection and undo wait for an API server that is asked too much, each of them longer
// than client-go does by itself, and not less than the server says.
func TestTooManyRequests(t *testing.T) {
	t.Parallel()
	s, g := newScene(t, 1), newGate(t)
	refuse := func() (count func() int, first, last func() time.Time) {
		var mu sync.Mutex
		var refused []time.Time
		g.rules(patchesConfigMap, func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			if len(refused) > beyondClient+2 {
				g.upstream.ServeHTTP(w, r)
				return
			}
			refused = append(refused, time.Now())
			tooMuch(w, r)
		})
		at := func(index func() int) func() time.Time {
			return func() time.Time {
				mu.Lock()
				defer mu.Unlock()
				return refused[index()]
			}
		}
		return func() int { mu.Lock(); defer mu.Unlock(); return len(refused) },
			at(func() int { return 0 }), at(func() int { return len(refused) - 1 })
	}
	injection, firstInjection, lastInjection := refuse()
	p := s.start(t, g.kubeconfig, s.experiment(t, 5*time.Minute))
	undo, firstUndo, lastUndo := refuse()
	p.Signal(t, interrupt)
	s.assertOutcome(t, p, interrupted)
	for name, of := range map[string]struct {
		count       func() int
		first, last func() time.Time
	}{"injection": {injection, firstInjection, lastInjection}, "undo": {undo, firstUndo, lastUndo}} {
		require.Equal(t, beyondClient+3, of.count(), name)
		took := of.last().Sub(of.first())
		t.Logf("%s was refused %d times in %s", name, of.count(), milliseconds(took))
		assert.Greater(t, took, (beyondClient+2)*time.Second*9/10, "%s did not heed Retry-After", name)
	}
}

// TestLostAnswers proves that a change whose answer is lost counts as made when it is found by its marker, and is
// undone; and that an undo whose answer is lost is not made twice (G5).
func TestLostAnswers(t *testing.T) {
	t.Parallel()
	s, g := newScene(t, faults), newGate(t)
	var patches, lost atomic.Int64
	lossy := func() {
		var mu sync.Mutex
		seen := map[string]bool{}
		g.rules(patchesConfigMap, func(w http.ResponseWriter, r *http.Request) {
			patches.Add(1)
			mu.Lock()
			first := !seen[r.URL.Path]
			seen[r.URL.Path] = true
			mu.Unlock()
			if first {
				lost.Add(1)
				g.loseAnswer(w, r)
			}
			g.upstream.ServeHTTP(w, r)
		})
	}
	lossy()
	p := s.start(t, g.kubeconfig, s.experiment(t, 5*time.Minute))
	lossy() // each path is new to it
	p.Signal(t, interrupt)
	s.assertOutcome(t, p, interrupted)
	assert.EqualValues(t, 2*faults, lost.Load())
	assert.EqualValues(t, 2*faults, patches.Load(), "what was carried out was sent again")
}

// TestInterruptedInjection proves that a change that is under way when the run is interrupted, and whose request reaches
// the API server only after the undo, does not come about any more (G5).
func TestInterruptedInjection(t *testing.T) {
	t.Parallel()
	s, g := newScene(t, faults), newGate(t)
	release := make(chan struct{})
	var held, late sync.WaitGroup
	var mu sync.Mutex
	var codes []int
	seen := map[string]bool{}
	held.Add(faults)
	g.rules(patchesConfigMap, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		first := !seen[r.URL.Path]
		seen[r.URL.Path] = true
		mu.Unlock()
		if !first {
			g.upstream.ServeHTTP(w, r)
			return
		}
		body, _ := io.ReadAll(r.Body)
		delayed := r.Clone(context.WithoutCancel(r.Context()))
		delayed.Body = io.NopCloser(strings.NewReader(string(body)))
		late.Go(func() {
			<-release
			answer := httptest.NewRecorder()
			g.upstream.ServeHTTP(answer, delayed)
			mu.Lock()
			defer mu.Unlock()
			codes = append(codes, answer.Code)
		})
		held.Done()
		<-r.Context().Done() // chaosctl has given it up
	})
	p := binary.Chaosctl{Kubeconfig: g.kubeconfig}.Start(t, "run", "-f", s.experiment(t, 5*time.Minute))
	held.Wait()
	p.Signal(t, interrupt)
	s.assertOutcome(t, p, interrupted)
	close(release)
	late.Wait()
	for _, code := range codes {
		assert.Equal(t, http.StatusConflict, code, "a request that was late was not turned away")
	}
	assert.Len(t, codes, faults)
	s.assertRestored(t)
}
