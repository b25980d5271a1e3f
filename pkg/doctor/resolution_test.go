package doctor

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/verdict"
)

func duration(d time.Duration) *experiment.Duration {
	e := experiment.Duration(d)
	return &e
}

// under is an experiment with a load, windows of 5, 20 and 3 s, and one expectation.
func under(rate float64, connections experiment.Connections, expectation any) *experiment.Experiment {
	return &experiment.Experiment{Spec: experiment.Spec{
		Load:     []experiment.Load{{Name: "browse", Rate: experiment.Rate{PerSecond: rate}, Connections: connections}},
		Steady:   experiment.Steady{For: *duration(5 * time.Second)},
		Duration: duration(20 * time.Second),
		Recovery: experiment.Recovery{StableFor: *duration(3 * time.Second)},
		Expect:   []experiment.Expectation{{Member: experiment.Member{Params: expectation}}},
	}}
}

func TestResolution(t *testing.T) {
	available := func(atLeast float64, during verdict.Window) *verdict.Availability {
		return &verdict.Availability{Of: "browse", AtLeast: experiment.Percent(atLeast), During: during}
	}
	for name, c := range map[string]struct {
		rate        float64
		expectation any
		level       Level
		want        []string
	}{
		"enough":                  {150, available(0.999, verdict.Fault), OK, nil},
		"one short of the rule":   {149, available(0.999, verdict.Fault), Problem, []string{"takes 3000 requests; 149/s for 20s are 2980", "raise the rate to 150/s, or make the window 21s long"}},
		"a window that may last":  {100, available(0.999, verdict.Run), Warning, []string{"takes 3000 requests; 100/s for at least 28s are 2800"}},
		"steady":                  {10, available(0.9, verdict.Steady), OK, nil},
		"recovery":                {9, available(0.9, verdict.Recovery), Warning, []string{"at least 3s are 27"}},
		"never":                   {1e6, available(1, verdict.Run), Problem, []string{"no number of requests", "below 100%"}},
		"percentile":              {25, &verdict.Latency{Of: "browse", P99: duration(time.Second), During: verdict.Fault}, OK, nil},
		"percentile, too fine":    {25, &verdict.Latency{Of: "browse", P50: duration(time.Second), P999: duration(time.Second), During: verdict.Fault}, Problem, []string{"the p99.9 of browse in the window fault takes 5000 requests"}},
		"outage":                  {4, &verdict.LongestOutage{Of: "browse", Longest: *duration(500 * time.Millisecond)}, OK, nil},
		"outage between requests": {3, &verdict.LongestOutage{Of: "browse", Longest: *duration(500 * time.Millisecond)}, Problem, []string{"come up to 666.666667ms apart", "raise the rate to 4/s"}},
		"something else":          {1, &verdict.Replicas{AtLeast: experiment.CountOf(3)}, OK, nil},
	} {
		t.Run(name, func(t *testing.T) {
			findings := resolution(under(c.rate, experiment.Both, c.expectation))
			if c.level == OK {
				assert.Empty(t, findings)
				return
			}
			require.Len(t, findings, 1)
			assert.Equal(t, c.level, findings[0].Level)
			for _, want := range c.want {
				assert.Contains(t, findings[0].Message+"; "+findings[0].Mend, want)
			}
		})
	}
	assert.Empty(t, resolution(under(3, experiment.Fresh, &verdict.LongestOutage{Of: "browse", Longest: *duration(500 * time.Millisecond)})), "one stream has the whole rate")
}

func TestResolutionOfAProfile(t *testing.T) {
	burst := func(base float64, expectation any) *experiment.Experiment {
		e := under(0, experiment.Fresh, expectation)
		e.Spec.Load[0].Profile = &experiment.Profile{Burst: &experiment.Burst{
			Base: experiment.Level{Rate: experiment.Rate{PerSecond: base}}, Peak: experiment.Rate{PerSecond: 100},
			Every: *duration(10 * time.Second), For: *duration(2 * time.Second),
		}}
		return e
	}
	// The fault window lasts from 5 s to 25 s, and so has the bursts at 10 s and at 20 s.
	findings := resolution(burst(0, &verdict.Availability{Of: "browse", AtLeast: 0.99, During: verdict.Fault}))
	assert.Empty(t, findings, "400 requests are enough")
	findings = resolution(burst(0, &verdict.Availability{Of: "browse", AtLeast: 0.9925, During: verdict.Fault}))
	assert.Empty(t, findings, "just enough")
	findings = resolution(burst(0, &verdict.Availability{Of: "browse", AtLeast: 0.995, During: verdict.Fault}))
	require.Len(t, findings, 1)
	assert.Contains(t, findings[0].Message, "takes 600 requests; bursts of 100/s for 2s every 10s, 0/s in between for 20s are 400")
	assert.Contains(t, findings[0].Mend, "200 more")

	findings = resolution(burst(0, &verdict.LongestOutage{Of: "browse", Longest: *duration(5 * time.Second)}))
	require.Len(t, findings, 1)
	assert.Contains(t, findings[0].Message, "come up to 10s apart")
	assert.Empty(t, resolution(burst(10, &verdict.LongestOutage{Of: "browse", Longest: *duration(100 * time.Millisecond)})))
}

func TestResolutionOfAProbe(t *testing.T) {
	bound := experiment.Percent(0.95)
	share := func(during verdict.Window) *verdict.ProbeHolds {
		return &verdict.ProbeHolds{Name: "home", AtLeast: &bound, During: during}
	}
	outage := func(d time.Duration) *verdict.ProbeHolds {
		return &verdict.ProbeHolds{Name: "home", MaxOutage: duration(d), During: verdict.Run}
	}
	for name, c := range map[string]struct {
		interval    time.Duration
		mode        experiment.ProbeMode
		expectation any
		level       Level
		want        string
	}{
		"enough":             {time.Second, experiment.ProbeWatch, share(verdict.Fault), OK, ""},
		"too few":            {1100 * time.Millisecond, experiment.ProbeWatch, share(verdict.Fault), Problem, "takes 20 checks; one each 1.1s for 20s are 19; set its interval to 1s or less"},
		"few at the least":   {2 * time.Second, experiment.ProbeWatch, share(verdict.Run), Warning, "for at least 28s are 14"},
		"each":               {time.Hour, experiment.ProbeWatch, &verdict.ProbeHolds{Name: "home", During: verdict.Run}, OK, ""},
		"outage":             {time.Second, experiment.ProbeWatch, outage(2 * time.Second), OK, ""},
		"outage in between":  {time.Second, experiment.ProbeWatch, outage(time.Second), Problem, "an outage of 1s can go unseen; set its interval to 500ms or less"},
		"nobody expects it":  {time.Second, experiment.ProbeWatch, &verdict.Replicas{}, Warning, "no expectation is about it"},
		"holds by itself":    {time.Second, experiment.ProbeEnd, &verdict.Replicas{}, OK, ""},
		"expected of others": {time.Second, experiment.ProbeWatch, &verdict.ProbeHolds{Name: "other"}, Warning, "no expectation is about it"},
	} {
		t.Run(name, func(t *testing.T) {
			e := under(10, experiment.Both, c.expectation)
			e.Spec.Probes = []experiment.Probe{{Name: "home", Interval: *duration(c.interval), Mode: c.mode}}
			findings := resolution(e)
			if c.level == OK {
				assert.Empty(t, findings)
				return
			}
			require.Len(t, findings, 1)
			assert.Equal(t, c.level, findings[0].Level)
			assert.Contains(t, findings[0].Message+"; "+findings[0].Mend, c.want)
		})
	}
}
