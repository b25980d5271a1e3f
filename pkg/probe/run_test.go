package probe_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/probe"
)

// measure is a probe made of a function.
type measure func(ctx context.Context) error

func (m measure) Measure(ctx context.Context, _ probe.World) error { return m(ctx) }

// checks runs a probe every second for a time, in a world whose clock jumps.
func checks(t *testing.T, length time.Duration, m measure) (all []event.ProbeChecked, when []time.Duration) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), length)
		defer cancel()
		start := time.Now()
		p := experiment.Probe{Name: "p", Interval: experiment.Duration(time.Second), Timeout: experiment.Duration(800 * time.Millisecond), Member: experiment.Member{Kind: "p", Params: m}}
		probe.Run(ctx, p, nil, func(c event.ProbeChecked) {
			all, when = append(all, c), append(when, time.Since(start))
		})
		assert.Equal(t, length, time.Since(start), "it ends with its context, and not before")
	})
	return all, when
}

func TestRun(t *testing.T) {
	answers := []error{nil, errors.New("down"), fmt.Errorf("%w: no connection", probe.ErrUnknown)}
	n := -1
	all, when := checks(t, 2500*time.Millisecond, func(context.Context) error { n++; return answers[n] })
	assert.Equal(t, []event.ProbeChecked{
		{Name: "p", OK: true}, {Name: "p", Message: "down"}, {Name: "p", Unknown: true, Message: "unknown: no connection"},
	}, all)
	assert.Equal(t, []time.Duration{0, time.Second, 2 * time.Second}, when)
}

// TestRunDoesNotDrift: one check that takes long makes the next one late, not all that follow.
func TestRunDoesNotDrift(t *testing.T) {
	n := 0
	all, when := checks(t, 4500*time.Millisecond, func(context.Context) error {
		if n++; n == 2 {
			time.Sleep(1300 * time.Millisecond) // longer than the interval, deaf to its timeout
		}
		return nil
	})
	assert.Equal(t, []time.Duration{0, 2300 * time.Millisecond, 2300 * time.Millisecond, 3 * time.Second, 4 * time.Second}, when)
	assert.InDelta(t, 1.3, all[1].Seconds, 1e-9)
}

func TestRunEndsACheckByItsTimeout(t *testing.T) {
	all, _ := checks(t, 900*time.Millisecond, func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err()
	})
	require.Len(t, all, 1)
	assert.False(t, all[0].OK)
	assert.InDelta(t, 0.8, all[0].Seconds, 1e-9)
}

// TestRunTellsNothingOfACheckThatItsEndCutOff: what the end of the run did to the probe is no fact about the system.
func TestRunTellsNothingOfACheckThatItsEndCutOff(t *testing.T) {
	all, _ := checks(t, 500*time.Millisecond, func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err()
	})
	assert.Empty(t, all)
}

// TestRunBoundsWhatItRecords: an answer of a server may be in a message, and there are many checks.
func TestRunBoundsWhatItRecords(t *testing.T) {
	all, _ := checks(t, 500*time.Millisecond, func(context.Context) error { return errors.New(strings.Repeat("é", 1<<20)) })
	require.Len(t, all, 1)
	assert.Less(t, len(all[0].Message), 1100)
	assert.True(t, utf8.ValidString(all[0].Message))
	assert.True(t, strings.HasSuffix(all[0].Message, "…"))
}

func TestOnce(t *testing.T) {
	of := func(m measure) experiment.Probe {
		return experiment.Probe{Name: "p", Timeout: experiment.Duration(time.Second), Member: experiment.Member{Kind: "p", Params: m}}
	}
	result, ended := probe.Once(t.Context(), of(func(context.Context) error { return errors.New("down") }), nil)
	assert.True(t, ended)
	assert.Equal(t, "down", result.Message)
	ctx, cancel := context.WithCancel(t.Context())
	_, ended = probe.Once(ctx, of(func(context.Context) error { cancel(); return nil }), nil)
	assert.False(t, ended, "it was interrupted")
	_, ended = probe.Once(t.Context(), experiment.Probe{Name: "p"}, nil)
	assert.False(t, ended, "nothing can be checked")
}
