package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/probe"
	"github.com/chaosctl/chaosctl/pkg/verdict"
)

// measured is a probe made of a function of the number of its check.
type measured struct {
	check func(n int) error
	n     *int
}

func (m measured) Measure(context.Context, probe.World) error {
	*m.n++
	return m.check(*m.n)
}

func probeOf(mode experiment.ProbeMode, check func(n int) error) experiment.Probe {
	return experiment.Probe{
		Name: "home", Mode: mode, Interval: experiment.Duration(time.Second), Timeout: experiment.Duration(time.Second),
		Member: experiment.Member{Kind: "measured", Params: measured{check, new(int)}},
	}
}

var errDown = errors.New("it is down")

func up(int) error { return nil }

func down(int) error { return errDown }

// steadied gives, of a baseline of 3.5 s in a world whose clock jumps: the checks of a probe that were recorded in it and in some seconds after,
// and what became of the steady state.
func steadied(t *testing.T, p experiment.Probe, expect ...verdict.Expectation) (recorded []event.ProbeChecked, err error) {
	t.Helper()
	r, payloads := logged(t, &Plan{Experiment: &experiment.Experiment{Spec: experiment.Spec{Probes: []experiment.Probe{p}}}})
	for _, e := range expect {
		r.Plan.Experiment.Spec.Expect = append(r.Plan.Experiment.Spec.Expect, experiment.Expectation{Member: experiment.Member{Kind: "probe", Params: e}})
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		r.probing = newProbing(ctx, nil)
		var wait sync.WaitGroup
		wait.Go(func() { r.watchProbe(ctx, p, newAborts(nil, nil)) })
		time.Sleep(time.Hour)
		close(r.probing.begun)
		time.Sleep(3500 * time.Millisecond)
		err = r.steadyProbes(ctx)
		time.Sleep(3 * time.Second)
		cancel()
		wait.Wait()
	})
	for _, payload := range *payloads {
		recorded = append(recorded, payload.(event.ProbeChecked))
	}
	return recorded, err
}

func TestProbesBegin(t *testing.T) {
	for mode, want := range map[experiment.ProbeMode]struct {
		checks int
		moment event.Moment
	}{experiment.ProbeWatch: {7, ""}, experiment.ProbeStart: {4, event.Before}, experiment.ProbeBoth: {4, event.Before}, experiment.ProbeEnd: {0, ""}} {
		t.Run(string(mode), func(t *testing.T) {
			recorded, err := steadied(t, probeOf(mode, up))
			require.NoError(t, err)
			assert.Len(t, recorded, want.checks, "none before the steady window; those for the start end with it")
			for _, c := range recorded {
				assert.Equal(t, want.moment, c.Moment)
			}
		})
	}
}

func TestSteadyProbes(t *testing.T) {
	lately := func(n int) error {
		if n < 2 {
			return errDown
		}
		return nil
	}
	blind := func(int) error { return fmt.Errorf("%w: no connection", probe.ErrUnknown) }
	half := experiment.Percent(0.5)
	for name, c := range map[string]struct {
		probe  experiment.Probe
		expect *verdict.ProbeHolds
		want   string
	}{
		"watched":                       {probeOf(experiment.ProbeWatch, down), nil, ""},
		"watched, and expected":         {probeOf(experiment.ProbeWatch, lately), &verdict.ProbeHolds{Name: "home", During: verdict.Run}, "the probe home did not hold 1 of 4 times before any fault, where 100% must: it is down"},
		"expected of later":             {probeOf(experiment.ProbeWatch, down), &verdict.ProbeHolds{Name: "home", During: verdict.Recovery}, ""},
		"expected of another":           {probeOf(experiment.ProbeWatch, down), &verdict.ProbeHolds{Name: "other", During: verdict.Run}, ""},
		"a share that is expected":      {probeOf(experiment.ProbeWatch, lately), &verdict.ProbeHolds{Name: "home", AtLeast: &half, During: verdict.Run}, ""},
		"a share that is not there":     {probeOf(experiment.ProbeWatch, down), &verdict.ProbeHolds{Name: "home", AtLeast: &half, During: verdict.Run}, "did not hold 4 of 4 times before any fault, where 50% must"},
		"expected, and cannot be known": {probeOf(experiment.ProbeWatch, blind), &verdict.ProbeHolds{Name: "home", During: verdict.Run}, "the probe home could not measure 4 of 4 times before any fault: unknown: no connection"},
		"must hold, and does":           {probeOf(experiment.ProbeStart, up), nil, ""},
		"must hold, and did not once":   {probeOf(experiment.ProbeStart, lately), nil, "the probe home did not hold 1 of 4 times before any fault, where 100% must: it is down"},
		"must hold, and is not known":   {probeOf(experiment.ProbeBoth, blind), nil, "could not measure"},
		"must hold at the end":          {probeOf(experiment.ProbeEnd, down), nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var expect []verdict.Expectation
			if c.expect != nil {
				expect = append(expect, c.expect)
			}
			_, err := steadied(t, c.probe, expect...)
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			var stop *Stop
			require.ErrorAs(t, err, &stop)
			assert.Equal(t, event.NotSteady, stop.Outcome)
			assert.Contains(t, stop.Reason, "steady state not reached: ")
			assert.Contains(t, stop.Reason, c.want)
		})
	}
}

// TestSteadyWaitsForTheFirstCheck: a window that is shorter than a check says nothing without it.
func TestSteadyWaitsForTheFirstCheck(t *testing.T) {
	slow := func(took time.Duration) experiment.Probe {
		p := probeOf(experiment.ProbeStart, func(int) error { time.Sleep(took); return errDown })
		p.Timeout = experiment.Duration(time.Minute)
		return p
	}
	_, err := steadied(t, slow(30*time.Second))
	require.ErrorContains(t, err, "did not hold 1 of 1 times")
	_, err = steadied(t, slow(2*time.Minute))
	require.ErrorContains(t, err, "no check of the probe home ended in the baseline window")
}

func TestEndProbes(t *testing.T) {
	for mode, want := range map[experiment.ProbeMode]int{experiment.ProbeWatch: 0, experiment.ProbeStart: 0, experiment.ProbeEnd: 1, experiment.ProbeBoth: 1} {
		t.Run(string(mode), func(t *testing.T) {
			r, recorded := logged(t, &Plan{Experiment: &experiment.Experiment{Spec: experiment.Spec{Probes: []experiment.Probe{probeOf(mode, down)}}}})
			r.probing = newProbing(t.Context(), nil)
			r.endProbes(t.Context())
			require.Len(t, *recorded, want)
			for _, payload := range *recorded {
				c := payload.(event.ProbeChecked)
				assert.Equal(t, event.After, c.Moment)
				assert.Equal(t, "it is down", c.Message)
			}
		})
	}
	r, recorded := logged(t, &Plan{Experiment: &experiment.Experiment{Spec: experiment.Spec{Probes: []experiment.Probe{probeOf(experiment.ProbeEnd, down)}}}})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r.probing = newProbing(ctx, nil)
	r.endProbes(ctx)
	assert.Empty(t, *recorded, "a check that was interrupted says nothing")
}
