package apply

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"pgregory.net/rapid"

	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/inject"
	"github.com/chaosctl/chaosctl/pkg/journal"
)

// diary records the steps of changes.
type diary struct {
	mu    sync.Mutex
	steps []string
}

func (d *diary) Record(p event.Payload) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if c, ok := p.(event.ChangeUpdated); ok {
		d.steps = append(d.steps, c.ID+" "+string(c.State))
	}
}

// broken is a journal that fails if it is told so.
type broken struct{ err error }

func (j broken) Append(context.Context, ...journal.Entry) error { return j.err }

func TestIntentComesFirst(t *testing.T) {
	d := &diary{}
	full := errors.New("no space left on device")
	// Without a cluster a request would be a panic.
	a := New(nil, "run-1", broken{&journal.LocalError{Err: full}}, d)
	err := a.Apply(t.Context(), []inject.Change{*corrupt("c", "mode", "fast", "x")})
	require.ErrorIs(t, err, full)
	require.ErrorContains(t, err, "c and what goes with it was not sent")
	assert.Equal(t, []string{"c failed"}, d.steps)
	assert.Empty(t, a.UndoAll(t.Context()))
	assert.Equal(t, []string{"c failed"}, d.steps, "there is nothing to undo")
}

func TestPanicIsAnError(t *testing.T) {
	d := &diary{}
	a := New(nil, "run-1", broken{}, d) // there is no cluster to send to
	err := a.Apply(t.Context(), []inject.Change{*corrupt("c", "mode", "fast", "x")})
	require.ErrorContains(t, err, "internal error")
	assert.Empty(t, a.UndoAll(t.Context()), "nothing was sent")
}

// TestIntentTellsTheConfiguration: what becomes of a configuration is in the log once, before anything is sent.
func TestIntentTellsTheConfiguration(t *testing.T) {
	var all []event.ChangeUpdated
	a := New(nil, "run-1", broken{}, recorderFunc(func(p event.Payload) { all = append(all, p.(event.ChangeUpdated)) }))
	require.Error(t, a.Apply(t.Context(), []inject.Change{*corrupt("c", "mode", "fast", "x")}), "there is no cluster to send to")
	require.NotEmpty(t, all)
	require.Equal(t, event.ChangeIntended, all[0].State)
	require.NotNil(t, all[0].Config)
	assert.Equal(t, []string{"-fast", "+x"}, all[0].Config.Keys[0].Lines)
	a.record(corrupt("c", "mode", "fast", "x"), event.ChangeApplied, "")
	assert.Nil(t, all[len(all)-1].Config, "it was told before")
}

type recorderFunc func(event.Payload)

func (f recorderFunc) Record(p event.Payload) { f(p) }

func TestStages(t *testing.T) {
	d := &diary{}
	a := New(nil, "run-1", broken{&journal.LocalError{Err: errors.New("full")}}, d)
	early, late := *corrupt("early", "a", "", "x"), *corrupt("late", "b", "", "x")
	late.Stage = 3
	require.Error(t, a.Apply(t.Context(), []inject.Change{late, early}))
	assert.Equal(t, []string{"early failed"}, d.steps, "the lowest stage comes first, and what fails keeps back the later ones")
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, a.Apply(cancelled, []inject.Change{late}), context.Canceled)
	assert.Len(t, d.steps, 1, "nothing begins after the end")
}

func TestTakeIsNewestFirst(t *testing.T) {
	a := New(nil, "run-1", broken{}, &diary{})
	var all []*inject.Change
	for i := range 4 {
		all = append(all, corrupt(fmt.Sprint("c", i), "k", "", "x"))
		a.sent(all[i])
		a.sent(all[i]) // a request may be sent more than once
	}
	a.sent(&inject.Change{ID: "delete", Delete: &inject.Delete{}})
	a.forget(all[2])
	assert.Equal(t, []*inject.Change{all[1]}, a.take(func(c *inject.Change) bool { return c.ID == "c1" }))
	assert.Equal(t, []*inject.Change{all[3], all[0]}, a.take(func(*inject.Change) bool { return true }))
	assert.Empty(t, a.take(func(*inject.Change) bool { return true }), "each is undone once")
}

func TestUndoAfter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 8).Draw(t, "changes")
		var all []*inject.Change
		for i := range n {
			c := &inject.Change{ID: fmt.Sprint(i)}
			if rapid.Bool().Draw(t, "waits") {
				c.UndoAfter = fmt.Sprint(rapid.IntRange(0, n+1).Draw(t, "for"))
			}
			all = append(all, c)
		}
		ordered := respectUndoAfter(slices.Clone(all))
		require.ElementsMatch(t, all, ordered, "also where changes wait for each other, or for one that is not there")
		if slices.ContainsFunc(all, func(c *inject.Change) bool { return c.UndoAfter != "" && c.UndoAfter >= c.ID }) {
			return // a circle is possible
		}
		for i, c := range ordered {
			for _, later := range ordered[i+1:] {
				require.NotEqual(t, c.UndoAfter, later.ID, "it was to wait")
			}
		}
	})
	without := []*inject.Change{{ID: "b"}, {ID: "a"}}
	assert.Equal(t, without, respectUndoAfter(slices.Clone(without)), "the order stands where nothing is said")
}

// TestCommands runs what people are told to type through a shell, with kubectl in place of which stands one that prints.
func TestCommands(t *testing.T) {
	c := corrupt("f/1/a", "it's.json", `{"a": "it's $HOME \"quoted\" `+"`x`"+` \\ end"}`+"\n", "x")
	c.Edit.Fields = append(c.Edit.Fields, corrupt("", "added", "", "y").Edit.Fields...)
	all := (&Applier{run: "run-1"}).byHand(c, true)
	require.Len(t, all, 1)
	output, err := exec.Command("sh", "-c", `kubectl() { printf '%s\0' "$@"; }; `+all[0]).CombinedOutput()
	require.NoError(t, err, string(output))
	arguments := strings.Split(strings.TrimSuffix(string(output), "\x00"), "\x00")
	require.Equal(t, []string{"-n", "shop", "patch", "configmap", "settings", "--type=merge", "-p"}, arguments[:7])
	var patch map[string]any
	require.NoError(t, json.Unmarshal([]byte(arguments[7]), &patch))
	assert.Equal(t, map[string]any{"it's.json": `{"a": "it's $HOME \"quoted\" ` + "`x`" + ` \\ end"}` + "\n", "added": nil}, patch["data"])
	assert.Equal(t, map[string]any{"annotations": map[string]any{MarkName("run-1", c.ID): nil}, "labels": map[string]any{RunLabel: nil}}, patch["metadata"])

	node := &inject.Change{ID: "n", Object: inject.Object{Kind: "Node", Name: "node1"}, Edit: &inject.Edit{Fields: []inject.Field{{Path: []string{"spec", "unschedulable"}, Value: mustJSON(true)}}}}
	assert.Contains(t, (&Applier{run: "run-1"}).byHand(node, true)[0], `kubectl patch node node1 --type=merge -p '{"metadata":`)
	assert.Contains(t, (&Applier{run: "run-1"}).byHand(node, true)[0], `"spec":{"unschedulable":null}`)
	assert.Contains(t, (&Applier{run: "run-1"}).byHand(node, true)[0], `"labels":{"`+RunLabel+`":null}`)
	assert.NotContains(t, (&Applier{run: "run-1"}).byHand(node, false)[0], RunLabel+`"`, "another change is left, which is found by the label")
}

func TestPasses(t *testing.T) {
	gr := schema.GroupResource{Resource: "pods"}
	for name, c := range map[string]struct {
		err  error
		want bool
	}{
		"no connection":      {errors.New("connection refused"), true},
		"server error":       {apierrors.NewInternalError(errors.New("x")), true},
		"unavailable":        {apierrors.NewServiceUnavailable("x"), true},
		"timeout":            {apierrors.NewTimeoutError("x", 1), true},
		"bad gateway":        {apierrors.NewGenericServerResponse(http.StatusBadGateway, "patch", gr, "p", "", 0, true), true},
		"wrapped":            {fmt.Errorf("x: %w", apierrors.NewServiceUnavailable("x")), true},
		"forbidden":          {apierrors.NewForbidden(gr, "p", nil), false},
		"conflict":           {apierrors.NewConflict(gr, "p", nil), false},
		"not found":          {apierrors.NewNotFound(gr, "p"), false},
		"invalid":            {apierrors.NewBadRequest("x"), false},
		"too much":           {apierrors.NewTooManyRequests("x", 1), true},
		"our own decision":   {decided{errors.New("changed by somebody else")}, false},
		"a budget":           {overBudget("x"), false},
		"--request-timeout":  {context.DeadlineExceeded, true},
		"the end of the run": {context.Canceled, false},
	} {
		assert.Equal(t, c.want, passes(c.err), name)
	}
}

func silent(error) {}

// overBudget is how the API server forbids an eviction.
func overBudget(message string) error {
	err := apierrors.NewTooManyRequests("Cannot evict pod as it would violate the pod's disruption budget.", 0)
	err.ErrStatus.Details.Causes = []metav1.StatusCause{{Type: policyv1.DisruptionBudgetCause, Message: message}}
	return err
}

// TestRetryWaitsOutAnOutage: as long as ctx allows, and no longer than it.
func TestRetryWaitsOutAnOutage(t *testing.T) {
	refused := errors.New("connection refused")
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), DefaultUndoTimeout)
		defer cancel()
		start := time.Now()
		require.NoError(t, retry(ctx, silent, func() error {
			if time.Since(start) < 100*time.Second {
				return refused
			}
			return nil
		}))
		assert.Less(t, time.Since(start), 100*time.Second+2*longestDelay, "a server that is back is used soon")
	})
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), DefaultUndoTimeout)
		defer cancel()
		start := time.Now()
		require.ErrorIs(t, retry(ctx, silent, func() error { return refused }), refused)
		assert.Equal(t, DefaultUndoTimeout, time.Since(start))
	})
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		calls := 0
		err := retry(ctx, silent, func() error {
			if calls++; calls == 1 {
				return refused
			}
			<-ctx.Done() // a server that takes the request and never answers
			return ctx.Err()
		})
		require.ErrorIs(t, err, refused, "what was wrong is told, rather than that time is over")
	})
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		calls := 0
		require.NoError(t, retry(t.Context(), silent, func() error {
			if calls++; calls == 1 {
				return apierrors.NewTimeoutError("busy", 7)
			}
			return nil
		}))
		assert.Equal(t, 7*time.Second, time.Since(start), "a server that says when is heeded")
	})
	calls := 0
	require.Error(t, retry(t.Context(), silent, func() error { calls++; return apierrors.NewBadRequest("x") }))
	assert.Equal(t, 1, calls)
}

func TestBlockReason(t *testing.T) {
	budget := apierrors.NewTooManyRequests("Cannot evict pod as it would violate the pod's disruption budget.", 0)
	assert.Contains(t, blockReason(budget), "Cannot evict pod")
	budget.ErrStatus.Details.Causes = []metav1.StatusCause{{Message: "The disruption budget web needs 3 healthy pods and has 3 currently"}}
	assert.Equal(t, "The disruption budget web needs 3 healthy pods and has 3 currently", blockReason(budget))
}
