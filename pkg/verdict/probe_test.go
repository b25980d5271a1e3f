package verdict_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/inject"
	"github.com/chaosctl/chaosctl/pkg/probe"
	"github.com/chaosctl/chaosctl/pkg/verdict"
)

// watched are facts of a probe that was checked each second of the 25 s of a run, in 10 ms each: by the letters, + held, -
// failed, ? could not measure.
func watched(outcomes string) *verdict.Facts {
	return facts(func(f *verdict.Facts) {
		record := &verdict.ProbeRecord{}
		for i, letter := range outcomes {
			check := verdict.Check{Span: span(float64(i), float64(i)+0.01), Held: letter == '+', Unknown: letter == '?'}
			if letter != '+' {
				check.Message = map[rune]string{'-': "it is down", '?': "nobody knows"}[letter]
			}
			record.Checks = append(record.Checks, check)
		}
		f.Probes = map[string]*verdict.ProbeRecord{"home": record}
	})
}

func holds(change func(*verdict.ProbeHolds)) *verdict.ProbeHolds {
	p := &verdict.ProbeHolds{Name: "home", During: verdict.Run}
	if change != nil {
		change(p)
	}
	return p
}

func heldBy(bound experiment.Percent, during verdict.Window) *verdict.ProbeHolds {
	return holds(func(p *verdict.ProbeHolds) { p.AtLeast, p.During = &bound, during })
}

func outageOf(d time.Duration) *verdict.ProbeHolds {
	return holds(func(p *verdict.ProbeHolds) { p.MaxOutage = duration(d) })
}

func TestProbeShare(t *testing.T) {
	all := strings.Repeat("+", 25)
	down := "++++++++--+++++++++++++++"
	judge(t, map[string]judged{
		"each held":                {holds(nil), watched(all), verdict.Pass, "0 of 25 checks failed"},
		"one did not":              {holds(nil), watched("++++-++++++++++++++++++++"), verdict.Fail, "1 of 25 checks failed, where 0 may: it is down"},
		"one is not known":         {holds(nil), watched("++++?++++++++++++++++++++"), verdict.Unknown, "0 of 25 checks failed and 1 could not measure, where 0 may fail: nobody knows"},
		"unknown excuses nobody":   {holds(nil), watched("+++-?++++++++++++++++++++"), verdict.Fail, "it is down"},
		"in another window":        {holds(func(p *verdict.ProbeHolds) { p.During = verdict.Recovery }), watched(down), verdict.Pass, "0 of 10 checks failed"},
		"at the bound":             {heldBy(0.92, verdict.Run), watched(down), verdict.Pass, "2 of 25 checks failed"},
		"above it":                 {heldBy(0.93, verdict.Run), watched(down), verdict.Fail, "2 of 25 checks failed, where 1 may"},
		"at the resolution":        {heldBy(0.96, verdict.Run), watched(all), verdict.Pass, ""},
		"beyond it":                {heldBy(0.961, verdict.Run), watched(all), verdict.Unknown, "25 checks that held support no more than 96 %"},
		"may have failed":          {heldBy(0.92, verdict.Run), watched("-?+?+++++++++++++++++++++"), verdict.Unknown, "1 of 25 checks failed and 2 could not measure, where 2 may fail"},
		"may have failed, enough":  {heldBy(0.88, verdict.Run), watched("-?+?+++++++++++++++++++++"), verdict.Pass, ""},
		"never checked":            {&verdict.ProbeHolds{Name: "other", During: verdict.Run}, watched(all), verdict.Unknown, "never checked"},
		"not in this window":       {holds(func(p *verdict.ProbeHolds) { p.During = verdict.Recovery }), watched("+++++"), verdict.Unknown, "no check of the probe was made in this window"},
		"nothing could be told":    {holds(nil), watched("???"), verdict.Unknown, "none of 3 checks could measure: nobody knows"},
		"the window did not come":  {holds(func(p *verdict.ProbeHolds) { p.During = "other" }), watched(all), verdict.Unknown, "did not come to its window"},
		"a check at the very end":  {holds(func(p *verdict.ProbeHolds) { p.During = verdict.Steady }), watched("+++++-"), verdict.Pass, "0 of 5 checks failed"},
		"all that was ever failed": {heldBy(0.1, verdict.Run), watched("-"), verdict.Fail, "1 of 1 check failed, where 0 may"},
	})
	j := heldBy(0.92, verdict.Run).Judge(watched(down))
	assert.Equal(t, "92 % of 25 checks", j.Observed)
	assert.Equal(t, "at least 92% of the checks", j.Bound)
	assert.Equal(t, "4 %", j.Resolution)
	assert.Equal(t, "each check", holds(nil).Judge(watched(down)).Bound)
}

func TestProbeOutage(t *testing.T) {
	all := strings.Repeat("+", 25)
	down := "++++++++----+++++++++++++" // failed from 8 s to 11 s, held at 7 s and at 12 s
	judge(t, map[string]judged{
		"never down":              {outageOf(1100 * time.Millisecond), watched(all), verdict.Pass, "no two checks that held are further apart than 1.01s"},
		"could have been":         {outageOf(time.Second), watched(all), verdict.Unknown, "checks are up to 1.01s apart, so that an outage of 1s can go unseen"},
		"too long for sure":       {outageOf(2980 * time.Millisecond), watched(down), verdict.Fail, "checks failed for 2.99s at the least: it is down"},
		"too long perhaps":        {outageOf(2990 * time.Millisecond), watched(down), verdict.Unknown, "up to 5.01s between two checks that held, and no more than 2.99s of them are known to have failed"},
		"short enough for sure":   {outageOf(5010 * time.Millisecond), watched(down), verdict.Pass, "5.01s"},
		"at the end of the run":   {outageOf(time.Minute), watched("+++++++++++++++++++++++--"), verdict.Unknown, "ended in the middle of an outage"},
		"too long, to the end":    {outageOf(time.Second), watched("+++++++++++++++++++++----"), verdict.Fail, ""},
		"what is not known":       {outageOf(2 * time.Second), watched("+++++??++++++++++++++++++"), verdict.Unknown, "up to 3.01s between two checks that held, and 2 of 25 checks could not measure: nobody knows"},
		"known to be short":       {outageOf(4 * time.Second), watched("+++++??++++++++++++++++++"), verdict.Pass, ""},
		"unknown joins nothing":   {outageOf(time.Second), watched("++++-?-++++++++++++++++++"), verdict.Unknown, ""},
		"the checks ended early":  {outageOf(2 * time.Second), watched("+++++"), verdict.Unknown, "no check failed, but checks are up to 21s apart"},
		"the end of another part": {holds(func(p *verdict.ProbeHolds) { p.MaxOutage, p.During = duration(3*time.Second), verdict.Fault }), watched("+++++++++++++--++++++++++"), verdict.Pass, ""},
	})
	both := heldBy(0.5, verdict.Run)
	both.MaxOutage = duration(time.Second)
	j := both.Judge(watched(down))
	assert.Equal(t, verdict.Fail, j.Outcome, "the worse of both counts")
	assert.Equal(t, "84 % of 25 checks, outage of 2.99s to 5.01s", j.Observed)
	assert.Equal(t, "at least 50% of the checks, no outage above 1s", j.Bound)
	assert.Equal(t, "4 %, 1s", j.Resolution)
}

// TestProbeIsMonotonic: what is looser is never judged worse, and a check that failed in place of one that held never makes
// it better.
func TestProbeIsMonotonic(t *testing.T) {
	rank := map[verdict.Outcome]int{verdict.Pass: 0, verdict.Unknown: 1, verdict.Fail: 2}
	rapid.Check(t, func(t *rapid.T) {
		outcomes := rapid.StringMatching(`[+?-]{25}`).Draw(t, "outcomes")
		bounds := []float64{rapid.Float64Range(0, 0.99).Draw(t, "a"), rapid.Float64Range(0, 0.99).Draw(t, "b")}
		loose, strict := experiment.Percent(min(bounds[0], bounds[1])), experiment.Percent(max(bounds[0], bounds[1]))
		f := watched(outcomes)
		require.LessOrEqual(t, rank[heldBy(loose, verdict.Run).Judge(f).Outcome], rank[heldBy(strict, verdict.Run).Judge(f).Outcome])
		lengths := []int64{rapid.Int64Range(1, 30_000).Draw(t, "c"), rapid.Int64Range(1, 30_000).Draw(t, "d")}
		long, short := time.Duration(max(lengths[0], lengths[1]))*time.Millisecond, time.Duration(min(lengths[0], lengths[1]))*time.Millisecond
		require.LessOrEqual(t, rank[outageOf(long).Judge(f).Outcome], rank[outageOf(short).Judge(f).Outcome])
		if at := strings.IndexByte(outcomes, '+'); at >= 0 && strings.ContainsRune(outcomes[at+1:], '+') {
			worse := watched(outcomes[:at] + "-" + outcomes[at+1:])
			require.LessOrEqual(t, rank[heldBy(loose, verdict.Run).Judge(f).Outcome], rank[heldBy(loose, verdict.Run).Judge(worse).Outcome])
			require.LessOrEqual(t, rank[outageOf(long).Judge(f).Outcome], rank[outageOf(long).Judge(worse).Outcome])
		}
	})
}

func TestProbeSteadyChecks(t *testing.T) {
	for name, c := range map[string]struct {
		expectation *verdict.ProbeHolds
		probe       string
		atLeast     experiment.Percent
	}{
		"each":       {holds(nil), "home", 1},
		"a share":    {heldBy(0.9, verdict.Steady), "home", 0.9},
		"an outage":  {outageOf(time.Second), "home", 0.5},
		"later only": {heldBy(0.9, verdict.Fault), "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			probe, atLeast := c.expectation.SteadyChecks()
			assert.Equal(t, c.probe, probe)
			assert.InDelta(t, float64(c.atLeast), float64(atLeast), 0)
		})
	}
}

func TestAsserted(t *testing.T) {
	probes := []experiment.Probe{{Name: "watch", Mode: experiment.ProbeWatch}, {Name: "start", Mode: experiment.ProbeStart}, {Name: "end", Mode: experiment.ProbeEnd}, {Name: "both", Mode: experiment.ProbeBoth}}
	record := func(checks ...verdict.Check) *verdict.ProbeRecord { return &verdict.ProbeRecord{Checks: checks} }
	held := verdict.Check{Held: true, Moment: event.Before}
	after := func(c verdict.Check) verdict.Check {
		c.Moment = event.After
		return c
	}
	failed, unknown := verdict.Check{Message: "it is down", Moment: event.Before}, verdict.Check{Unknown: true, Message: "nobody knows", Moment: event.Before}
	f := facts(func(f *verdict.Facts) {
		f.Probes = map[string]*verdict.ProbeRecord{"watch": record(failed), "start": record(held, held), "end": record(after(failed)), "both": record(held, failed, after(held))}
	})
	assert.Equal(t, []verdict.Judgement{
		{Name: "probe start", Window: verdict.Steady, Outcome: verdict.Pass, Observed: "2 of 2 checks held", Bound: "each check before the first fault", Resolution: "50 %", Why: "it held each time"},
		{Name: "probe end at the end", Window: verdict.Run, Outcome: verdict.Fail, Observed: "failing", Bound: "holding", Why: "it is down"},
		{Name: "probe both", Window: verdict.Steady, Outcome: verdict.Unknown, Observed: "1 of 2 checks held", Bound: "each check before the first fault", Resolution: "50 %", Why: "it did not hold: it is down"},
		{Name: "probe both at the end", Window: verdict.Run, Outcome: verdict.Pass, Observed: "holding", Bound: "holding", Why: "in one check, after the recovery"},
	}, verdict.Asserted(probes, f))
	f.Probes = map[string]*verdict.ProbeRecord{"start": record(held, unknown), "end": record(after(unknown)), "both": record(after(held))}
	var why []string
	for _, j := range verdict.Asserted(probes, f) {
		why = append(why, string(j.Outcome)+": "+j.Why)
	}
	assert.Equal(t, []string{
		"unknown: it could not measure: nobody knows", "unknown: it could not measure: nobody knows",
		"unknown: no check was made before the first fault", "pass: in one check, after the recovery",
	}, why)
	for _, j := range verdict.Asserted(probes, facts(func(*verdict.Facts) {})) {
		assert.Equal(t, verdict.Unknown, j.Outcome, "what was never checked is not known: %+v", j)
	}
}

func TestProbeLoads(t *testing.T) {
	loader := experiment.Loader{Catalogue: experiment.Catalogue{Faults: inject.Kinds(), Probes: probe.Kinds(), Expectations: verdict.Expectations()}}
	document := strings.NewReplacer("TARGET", "{namespace: shop, workload: deployment/web}", "HTTP", "{service: web}",
		"  faults:", "  probes: [{name: home, tcp: {address: 'a:80'}}, {name: later, mode: end, tcp: {address: 'a:80'}}]\n  faults:").Replace(celExperiment)
	for expectation, want := range map[string]string{
		"{name: home}": "",
		"{name: home, atLeast: 99%, during: recovery}": "",
		"{name: home, atLeast: 99%, maxOutage: 5s}":    "",
		"{name: hone}":                `there is no probe "hone": expected home or later (did you mean "home"?)`,
		"{name: later}":               "the probe later is not checked during the whole run, and must hold by itself (mode: end)",
		"{name: home, atLeast: 100%}": "no number of checks supports 100%: leave the field out",
		"{name: home, maxOutage: 0s}": "0s is too short",
		"{}":                          "the field is missing",
	} {
		t.Run(expectation, func(t *testing.T) {
			_, err := loader.Load("x.yaml", strings.NewReader(strings.Replace(document, "cel: CEL", "probe: "+expectation, 1)))
			if want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, want)
			assert.Contains(t, err.Error(), "x.yaml:14:")
		})
	}
}
