package load_test

import (
	"math"
	"net/http"
	"sort"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/load"
)

func perSecond(r float64) experiment.Rate { return experiment.Rate{PerSecond: r} }

func level(r float64) experiment.Level { return experiment.Level{Rate: perSecond(r)} }

// drawProfile draws a profile of any shape, whose pieces are as long as a run at the most and may be without requests.
func drawProfile(t *rapid.T) experiment.Profile {
	rate := rapid.OneOf(rapid.Float64Range(0.01, 2000), rapid.Just(50.0), rapid.Just(1.0/3))
	maybe := rapid.OneOf(rapid.Just(0.0), rate)
	length := func(label string) experiment.Duration {
		return experiment.Duration(rapid.Int64Range(int64(200*time.Millisecond), int64(20*time.Second)).Draw(t, label))
	}
	switch rapid.SampledFrom([]string{"constant", "ramp", "step", "burst", "sine", "trace"}).Draw(t, "shape") {
	case "constant":
		constant := perSecond(rate.Draw(t, "rate"))
		return experiment.Profile{Constant: &constant}
	case "ramp":
		return experiment.Profile{Ramp: &experiment.Ramp{From: level(maybe.Draw(t, "from")), To: level(rate.Draw(t, "to")), Over: length("over")}}
	case "step":
		step := &experiment.Step{Every: length("every")}
		for _, r := range rapid.SliceOfN(maybe, 1, 6).Draw(t, "rates") {
			step.Rates = append(step.Rates, level(r))
		}
		return experiment.Profile{Step: step}
	case "sine":
		base := maybe.Draw(t, "base")
		return experiment.Profile{Sine: &experiment.Sine{Base: level(base), Peak: perSecond(base + rate.Draw(t, "height")), Every: length("every")}}
	case "trace":
		trace, offset := &experiment.Trace{}, experiment.Duration(rapid.SampledFrom([]time.Duration{0, time.Second}).Draw(t, "offset"))
		for _, r := range rapid.SliceOfN(maybe, 1, 6).Draw(t, "rates") {
			trace.Points = append(trace.Points, experiment.TracePoint{Offset: offset, Rate: level(r)})
			offset += length("until")
		}
		return experiment.Profile{Trace: trace}
	}
	base, every := maybe.Draw(t, "base"), length("every")
	return experiment.Profile{Burst: &experiment.Burst{
		Base: level(base), Peak: perSecond(base + rate.Draw(t, "peak")), Every: every,
		For: experiment.Duration(rapid.Int64Range(int64(time.Millisecond), int64(every)-1).Draw(t, "for")),
	}}
}

// rateAt is the rate as the language defines it.
func rateAt(p experiment.Profile, t float64) float64 {
	switch {
	case p.Constant != nil:
		return p.Constant.PerSecond
	case p.Ramp != nil:
		part := min(1, t/p.Ramp.Over.Std().Seconds())
		return p.Ramp.From.PerSecond*(1-part) + p.Ramp.To.PerSecond*part
	case p.Step != nil:
		return p.Step.Rates[min(int(t/p.Step.Every.Std().Seconds()), len(p.Step.Rates)-1)].PerSecond
	case p.Sine != nil:
		base, height := p.Sine.Base.PerSecond, p.Sine.Peak.PerSecond-p.Sine.Base.PerSecond
		return base + height*(1-math.Cos(2*math.Pi*t/p.Sine.Every.Std().Seconds()))/2
	case p.Trace != nil:
		rate := 0.0
		for _, point := range p.Trace.Points {
			if point.Offset.Std().Seconds() <= t {
				rate = point.Rate.PerSecond
			}
		}
		return rate
	}
	every := p.Burst.Every.Std().Seconds()
	if t >= every && math.Mod(t, every) < p.Burst.For.Std().Seconds() {
		return p.Burst.Peak.PerSecond
	}
	return p.Burst.Base.PerSecond
}

// TestRequestsAreTheIntegralOfTheRate adds the rate up in small steps. Where it changes at once, or a step is over before
// a burst is, the sum is out by a step.
func TestRequestsAreTheIntegralOfTheRate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		asked := drawProfile(t)
		p := load.ProfileOf(asked)
		within := time.Duration(rapid.Int64Range(1, int64(time.Minute)).Draw(t, "within"))
		const steps = 5_000
		step, sum := within.Seconds()/steps, 0.0
		// A wave is made of straight pieces, which are a bit off it.
		off := 0.0
		if asked.Sine != nil {
			off = 6.1e-4 * (asked.Sine.Peak.PerSecond - asked.Sine.Base.PerSecond)
		}
		for i := range steps {
			at := (float64(i) + 0.5) * step
			sum += rateAt(asked, at) * step
			if i%1000 == 0 {
				require.InDelta(t, rateAt(asked, at), p.Rate(time.Duration(at*1e9)), p.Peak()*1e-6+off, "rate %v after %g s", asked, at)
			}
		}
		changes := 10.0
		if asked.Burst != nil {
			changes += 2 * within.Seconds() / asked.Burst.Every.Std().Seconds()
		}
		if asked.Sine != nil { // what is off in one half of a wave is made good in the other
			changes += off / p.Peak() * asked.Sine.Every.Std().Seconds() / step
		}
		require.InDelta(t, sum, p.Requests(within), changes*p.Peak()*step+1e-6*sum, "%v within %v", asked, within)
	})
}

// TestDueTimesAreTheInverseOfTheIntegral counts the requests that are due by an instant.
func TestDueTimesAreTheInverseOfTheIntegral(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		asked := drawProfile(t)
		p := load.ProfileOf(asked)
		by := time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, "by"))
		integral := p.Requests(by)
		due := sort.Search(int(integral)+10, func(n int) bool {
			at, ok := p.Due(uint64(n))
			return !ok || at > by
		})
		// The first is due when nothing is asked for yet, so that one more is due than were asked for, and never more than that.
		require.InDelta(t, integral+0.5, due, 0.5+1e-6+p.Peak()*2e-9, "%v by %v", asked, by)

		last := time.Duration(-1)
		for n := uint64(max(0, due-50)); n < uint64(due)+50; n++ {
			at, ok := p.Due(n)
			if !ok {
				break
			}
			require.Greater(t, at, last, "%v, request %d", asked, n)
			require.InDelta(t, float64(n), p.Requests(at), 1e-6+p.Peak()*2e-9, "%v, request %d at %v", asked, n, at)
			require.True(t, p.Rate(at-1) > 0 || p.Rate(at+1) > 0, "%v, request %d at %v, where there are to be none", asked, n, at)
			last = at
		}
	})
}

// TestSpacingIsTheLongestDistance looks at all requests of a run.
func TestSpacingIsTheLongestDistance(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		asked := drawProfile(t)
		p := load.ProfileOf(asked)
		within := time.Duration(rapid.Int64Range(int64(time.Second), int64(20*time.Second)).Draw(t, "within"))
		longest, last := time.Duration(0), time.Duration(0)
		for n := uint64(0); last < within; n++ {
			at, ok := p.Due(n)
			if !ok || n == 0 && at >= within {
				at = within
			}
			longest = max(longest, at-last)
			if last = at; !ok {
				break
			}
		}
		require.InDelta(t, longest.Seconds(), p.Spacing(within).Seconds(), 1e-6*longest.Seconds()+2e-9, "%v within %v", asked, within)
	})
}

func TestDueTimesDoNotDrift(t *testing.T) {
	at := func(p experiment.Profile, n uint64) time.Duration {
		due, ok := load.ProfileOf(p).Due(n)
		require.True(t, ok)
		return due
	}
	rate := perSecond(300)
	constant := experiment.Profile{Constant: &rate}
	assert.Equal(t, 1_000_000*time.Second, at(constant, 300_000_000), "after eleven days")
	assert.Equal(t, 1_000_000*time.Second+3_333_333*time.Nanosecond, at(constant, 300_000_001))

	burst := experiment.Profile{Burst: &experiment.Burst{
		Base: level(0), Peak: perSecond(100), Every: experiment.Duration(30 * time.Second), For: experiment.Duration(5 * time.Second),
	}}
	assert.Equal(t, 30*time.Second, at(burst, 0), "the first burst follows a first pause")
	assert.Equal(t, 34*time.Second+990*time.Millisecond, at(burst, 499))
	assert.Equal(t, 60*time.Second, at(burst, 500), "and nothing is sent between two")
	assert.Equal(t, 30_000_000*time.Second, at(burst, 500*999_999))
	assert.InDelta(t, 499_999_500, load.ProfileOf(burst).Requests(30_000_000*time.Second), 0)

	ramp := experiment.Profile{Ramp: &experiment.Ramp{From: level(0), To: level(100), Over: experiment.Duration(10 * time.Second)}}
	assert.Zero(t, at(ramp, 0))
	assert.Equal(t, 10*time.Second, at(ramp, 500))
	assert.Equal(t, 20*time.Second, at(ramp, 1500))
	assert.Equal(t, 5*time.Second, at(ramp, 125), "half of the time for a quarter of the requests")

	step := experiment.Profile{Step: &experiment.Step{Rates: []experiment.Level{level(10), level(0), level(20), level(0)}, Every: experiment.Duration(10 * time.Second)}}
	assert.Equal(t, 9900*time.Millisecond, at(step, 99))
	assert.Equal(t, 20*time.Second, at(step, 100), "a pause is passed over")
	_, ok := load.ProfileOf(step).Due(300)
	assert.False(t, ok, "and what ends in one has a last request")

	sine := experiment.Profile{Sine: &experiment.Sine{Base: level(20), Peak: perSecond(80), Every: experiment.Duration(10 * time.Second)}}
	assert.Equal(t, 10*time.Second, at(sine, 500), "a wave has as many requests as its mean rate has")
	assert.InDelta(t, 5, at(sine, 250).Seconds(), 1e-6)
	assert.InDelta(t, 1_000_000, at(sine, 50_000_000).Seconds(), 1e-3)

	second := experiment.Duration(time.Second)
	trace := experiment.Profile{Trace: &experiment.Trace{Points: []experiment.TracePoint{{Offset: 2 * second, Rate: level(10)}, {Offset: 4 * second, Rate: level(0)}, {Offset: 7 * second, Rate: level(100)}}}}
	assert.Equal(t, 2*time.Second, at(trace, 0), "nothing is due before the first offset")
	assert.Equal(t, 7*time.Second, at(trace, 20))
	assert.Equal(t, 17*time.Second, at(trace, 1020), "the last rate stays")
}

// TestAProfileIsOffered runs a stream through a pause, and to its last request.
func TestAProfileIsOffered(t *testing.T) {
	server := serve(t, func(http.ResponseWriter, *http.Request) {})
	p := experiment.Profile{Step: &experiment.Step{
		Rates: []experiment.Level{level(0), level(200), level(0), level(100), level(0)}, Every: experiment.Duration(200 * time.Millisecond),
	}}
	samples, summary := collect(t, load.Stream{URL: server.URL, Profile: load.ProfileOf(p)}, atLeast(60))
	sort.Slice(samples, func(i, j int) bool { return samples[i].Due < samples[j].Due })

	require.Len(t, samples, 60)
	assert.Equal(t, 5*time.Millisecond, samples[1].Due.Sub(samples[0].Due))
	assert.Equal(t, 205*time.Millisecond, samples[40].Due.Sub(samples[39].Due), "the pause")
	assert.Equal(t, 10*time.Millisecond, samples[59].Due.Sub(samples[58].Due))
	for _, s := range samples {
		require.GreaterOrEqual(t, s.Start, s.Due)
	}
	t.Logf("%d requests, %v late at most", summary.Samples, summary.MaxLate)
}

// TestStopDoesNotWaitForARequestThatNeverComes stops a stream after its last request.
func TestStopDoesNotWaitForARequestThatNeverComes(t *testing.T) {
	server := serve(t, func(http.ResponseWriter, *http.Request) {})
	over := experiment.Profile{Ramp: &experiment.Ramp{From: level(100), To: level(0), Over: experiment.Duration(100 * time.Millisecond)}}
	_, summary := collect(t, load.Stream{URL: server.URL, Profile: load.ProfileOf(over)}, atLeast(5))
	assert.Equal(t, uint64(5), summary.Offered)
	assert.False(t, summary.Starved)
}

// TestALongTraceIsMade, and its requests are counted.
func TestALongTraceIsMade(t *testing.T) {
	trace := &experiment.Trace{}
	for i := range 10_000 {
		trace.Points = append(trace.Points, experiment.TracePoint{Offset: experiment.Duration(time.Duration(i) * time.Second), Rate: level(float64(i % 7))})
	}
	p := load.ProfileOf(experiment.Profile{Trace: trace})
	assert.InDelta(t, 29_998, p.Requests(10_000*time.Second), 10)
	assert.InDelta(t, 7.0/6, p.Spacing(time.Hour).Seconds(), 1e-6, "from the last of six in a second, through a pause")
}
