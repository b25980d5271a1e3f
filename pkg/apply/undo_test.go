package apply

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/chaosctl/chaosctl/pkg/inject"
)

func TestLanes(t *testing.T) {
	of := func(id string, uid types.UID, after string) *inject.Change {
		c := corrupt(id, "k", "", "x")
		c.Object.UID, c.UndoAfter = uid, after
		return c
	}
	ids := func(lanes [][]*inject.Change) (all [][]string) {
		for _, lane := range lanes {
			var names []string
			for _, c := range lane {
				names = append(names, c.ID)
			}
			all = append(all, names)
		}
		return all
	}
	assert.Empty(t, lanes(nil))
	assert.Equal(t, [][]string{{"a"}, {"b"}}, ids(lanes([]*inject.Change{of("a", "1", ""), of("b", "2", "")})), "nothing in common")
	assert.ElementsMatch(t, [][]string{{"c", "a"}, {"b"}}, ids(lanes([]*inject.Change{of("c", "1", ""), of("b", "2", ""), of("a", "1", "")})),
		"the newest of one object comes first")
	assert.Equal(t, [][]string{{"config", "other", "restart", "again"}}, ids(lanes([]*inject.Change{
		of("config", "1", ""), of("other", "2", ""), of("restart", "3", "config"), of("again", "3", "other"),
	})), "what is linked by a third is in one lane")
}

// TestWhatIsLeftIsTriedAgain: an undo that failed at the end of its fault has another chance at the end of the run.
func TestWhatIsLeftIsTriedAgain(t *testing.T) {
	d := &diary{}
	a := New(nil, "run-1", journal{}, d) // without a cluster each request is a panic, which is told as an error
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
		a := New(nil, "run-1", journal{}, &diary{})
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
		a := New(nil, "run-1", journal{}, &diary{})
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
