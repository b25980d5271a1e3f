package apply

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"pgregory.net/rapid"

	"github.com/chaosctl/chaosctl/pkg/inject"
)

// TestInOrder: changes of one object are undone in the order given, and none before the one that it waits for, whatever
// takes long.
func TestInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 40).Draw(t, "changes")
		var all []*inject.Change
		for i := range n {
			c := &inject.Change{ID: fmt.Sprint(i), Object: inject.Object{UID: types.UID(rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "object"))}}
			if i > 0 && rapid.Bool().Draw(t, "waits") {
				c.UndoAfter = fmt.Sprint(rapid.IntRange(0, i-1).Draw(t, "for"))
			}
			all = append(all, c)
		}
		var mu sync.Mutex
		done := map[string]bool{}
		inOrder(all, func(i int) {
			runtime.Gosched()
			mu.Lock()
			defer mu.Unlock()
			for _, earlier := range all[:i] {
				if earlier.Object.UID == all[i].Object.UID || earlier.ID == all[i].UndoAfter {
					assert.True(t, done[earlier.ID], "%d before %s", i, earlier.ID)
				}
			}
			done[all[i].ID] = true
		})
		require.Len(t, done, n)
	})
}

// TestWhatIsLeftIsTriedAgain: an undo that failed at the end of its fault has another chance at the end of the run.
func TestWhatIsLeftIsTriedAgain(t *testing.T) {
	d := &diary{}
	a := New(nil, "run-1", broken{}, d) // without a cluster each request is a panic, which is told as an error
	first, second := corrupt("first", "k", "", "x"), corrupt("second", "k", "", "x")
	a.sent(first)
	a.sent(second)
	for range 2 {
		left := a.UndoAll(t.Context())
		require.Len(t, left, 2)
		assert.Equal(t, second, left[0].Change, "newest first")
		assert.NotEmpty(t, left[0].Commands)
	}
}

func TestUndoingEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := New(nil, "run-1", broken{}, &diary{})
		interrupted, cancel := context.WithCancel(t.Context())
		cancel()
		ctx, end := a.undoing(interrupted)
		defer end()
		require.NoError(t, ctx.Err(), "the undo has inherited the interruption")
		start := time.Now()
		<-ctx.Done()
		assert.Equal(t, DefaultUndoTimeout, time.Since(start))
		assert.ErrorContains(t, withCause(ctx, errors.New("connection refused")), "the API server did not answer within 2m0s: connection refused")
		assert.EqualError(t, withCause(ctx, ctx.Err()), "the API server did not answer within 2m0s")

		ctx, end = a.undoing(interrupted)
		defer end()
		a.Abandon()
		<-ctx.Done()
		assert.EqualError(t, withCause(ctx, ctx.Err()), "told to leave")
		require.NoError(t, withCause(ctx, nil))
	})
}

// TestUntilAllowed: an API server that has just started forbids for a moment, one that means it is believed.
func TestUntilAllowed(t *testing.T) {
	forbidden := apierrors.NewForbidden(schema.GroupResource{}, "p", nil)
	synctest.Test(t, func(t *testing.T) {
		a := New(nil, "run-1", broken{}, &diary{})
		start := time.Now()
		require.NoError(t, a.untilAllowed(t.Context(), func() error {
			if time.Since(start) < 5*time.Second {
				return forbidden
			}
			return nil
		}))
		start = time.Now()
		require.ErrorIs(t, a.untilAllowed(t.Context(), func() error { return forbidden }), forbidden)
		assert.InDelta(t, startPatience.Seconds(), time.Since(start).Seconds(), 1)
		other := errors.New("other")
		start = time.Now()
		require.ErrorIs(t, a.untilAllowed(t.Context(), func() error { return other }), other)
		assert.Zero(t, time.Since(start))
	})
}
