package verdict_test

import (
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/timeline"
	"github.com/chaosctl/chaosctl/pkg/verdict"
)

// at is an instant in seconds.
func at(seconds float64) event.Instant { return event.Instant(seconds * 1e9) }

func span(from, to float64) verdict.Span { return verdict.Span{Start: at(from), End: at(to)} }

func duration(d time.Duration) *experiment.Duration { return (*experiment.Duration)(&d) }

// facts are those of a run with a steady window of 5 s, a fault of 10 s and a recovery of 10 s.
func facts(change func(f *verdict.Facts)) *verdict.Facts {
	f := &verdict.Facts{
		Windows: map[verdict.Window]verdict.Span{
			verdict.Steady: span(0, 5), verdict.Fault: span(5, 15), verdict.Recovery: span(15, 25), verdict.Run: span(0, 25),
		},
		Loads: map[string]*verdict.Load{},
	}
	change(f)
	return f
}

// served are facts of a load named browse.
func served(total, failures uint64, change func(l *verdict.Load)) *verdict.Facts {
	return facts(func(f *verdict.Facts) {
		l := &verdict.Load{Requests: map[verdict.Window]verdict.Requests{verdict.Run: {Total: total, Failures: failures}}, Spacing: 10 * time.Millisecond}
		if change != nil {
			change(l)
		}
		f.Loads["browse"] = l
	})
}

// judged is a case of the tables below.
type judged struct {
	expectation verdict.Expectation
	facts       *verdict.Facts
	want        verdict.Outcome
	why         string
}

func judge(t *testing.T, cases map[string]judged) {
	t.Helper()
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			j := c.expectation.Judge(c.facts)
			assert.Equal(t, c.want, j.Outcome, "%+v", j)
			assert.Contains(t, j.Why, c.why)
			assert.NotEmpty(t, j.Name)
			assert.NotEmpty(t, j.Observed)
			assert.NotEmpty(t, j.Bound)
			assert.NotEmpty(t, j.Window)
			assert.NotEmpty(t, j.Why)
			assert.Equal(t, j, c.expectation.Judge(c.facts), "judging changes nothing")
		})
	}
}

func starved(l *verdict.Load) { l.Starved = true }

func TestAvailability(t *testing.T) {
	bound := func(p experiment.Percent) *verdict.Availability {
		return &verdict.Availability{Of: "browse", AtLeast: p, During: verdict.Run}
	}
	judge(t, map[string]judged{
		"all succeed":               {bound(0.999), served(5000, 0, nil), verdict.Pass, "0 of 5000 requests failed"},
		"exactly at the bound":      {bound(0.999), served(1000, 1, nil), verdict.Pass, "1 of 1000"},
		"one more":                  {bound(0.999), served(1000, 2, nil), verdict.Fail, "the bound allows 1"},
		"one more than nothing":     {bound(1), served(1000, 1, nil), verdict.Fail, "the bound allows 0"},
		"too few to support it":     {bound(0.999), served(2999, 0, nil), verdict.Unknown, "2999 requests without a failure support no more than 99.9 %"},
		"just enough to support it": {bound(0.999), served(3000, 0, nil), verdict.Pass, ""},
		"nothing supports 100 %":    {bound(1), served(1_000_000, 0, nil), verdict.Unknown, "no more than 99.9997 %"},
		"a failure is known at any": {bound(0.9999), served(10, 9, nil), verdict.Fail, ""},
		"no requests":               {bound(0.9), served(0, 0, nil), verdict.Unknown, "no request was made"},
		"starved":                   {bound(0.9), served(1000, 0, starved), verdict.Unknown, "could not keep its rate"},
		"never began":               {bound(0.9), facts(func(*verdict.Facts) {}), verdict.Unknown, "never began"},
		"another window":            {&verdict.Availability{Of: "browse", AtLeast: 0.9, During: verdict.Fault}, served(1000, 0, nil), verdict.Unknown, "no request was made in this window"},
	})
	j := bound(0.999).Judge(served(1000, 94, nil))
	assert.Equal(t, "90.6 %", j.Observed)
	assert.Equal(t, "at least 99.9%", j.Bound)
	assert.Equal(t, "0.3 %", j.Resolution)
	assert.Equal(t, "94 of 1000 requests failed (95 % interval 88.6 % to 92.34 %); the bound allows 1", j.Why)
}

func TestLatency(t *testing.T) {
	// Response times are 1 ms, 2 ms and so on: their percentiles are known.
	timed := func(n int, failures uint64) *verdict.Facts {
		return served(uint64(n)+failures, failures, func(l *verdict.Load) {
			h := hdrhistogram.New(int64(time.Microsecond), int64(time.Minute), 3)
			for i := range n {
				require.NoError(t, h.RecordValue(int64(time.Duration(i+1)*time.Millisecond)))
			}
			r := l.Requests[verdict.Run]
			r.Latency = h
			l.Requests[verdict.Run] = r
		})
	}
	p50 := func(d time.Duration) *verdict.Latency {
		return &verdict.Latency{Of: "browse", P50: duration(d), During: verdict.Run}
	}
	judge(t, map[string]judged{
		"within":                  {p50(51 * time.Millisecond), timed(100, 0), verdict.Pass, "over 100 successful requests"},
		"above":                   {p50(40 * time.Millisecond), timed(100, 0), verdict.Fail, "p50 is 10ms above its bound"},
		"failures are not timed":  {p50(51 * time.Millisecond), timed(100, 900), verdict.Pass, "over 100 successful requests"},
		"no success":              {p50(time.Hour), timed(0, 10), verdict.Unknown, "no request succeeded"},
		"no request":              {p50(time.Hour), timed(0, 0), verdict.Unknown, "no request was made"},
		"starved":                 {p50(time.Hour), served(10, 0, starved), verdict.Unknown, "could not keep"},
		"too few for p50":         {p50(time.Hour), timed(9, 0), verdict.Unknown, "9 successful requests are too few to know p50"},
		"just enough for p50":     {p50(time.Hour), timed(10, 0), verdict.Pass, ""},
		"too few for p99":         {&verdict.Latency{Of: "browse", P99: duration(time.Hour), During: verdict.Run}, timed(499, 0), verdict.Unknown, "499"},
		"just enough for p99":     {&verdict.Latency{Of: "browse", P99: duration(time.Hour), During: verdict.Run}, timed(500, 0), verdict.Pass, ""},
		"just enough for p99.9":   {&verdict.Latency{Of: "browse", P999: duration(time.Hour), During: verdict.Run}, timed(5000, 0), verdict.Pass, ""},
		"a failure beats unknown": {&verdict.Latency{Of: "browse", P50: duration(1), P99: duration(1), During: verdict.Run}, timed(100, 0), verdict.Fail, "too few to know p99"},
		"all of several":          {&verdict.Latency{Of: "browse", P50: duration(time.Hour), P90: duration(time.Hour), During: verdict.Run}, timed(100, 0), verdict.Pass, ""},
	})
	j := (&verdict.Latency{Of: "browse", P50: duration(time.Second), P90: duration(80 * time.Millisecond), During: verdict.Run}).Judge(timed(100, 0))
	assert.Equal(t, "p50 at most 1s, p90 at most 80ms", j.Bound)
	assert.Equal(t, "p50 50ms, p90 90ms", j.Observed)
}

func TestLongestOutage(t *testing.T) {
	bound := &verdict.LongestOutage{Of: "browse", Longest: experiment.Duration(500 * time.Millisecond)}
	out := func(outages ...verdict.Outage) func(*verdict.Load) {
		return func(l *verdict.Load) { l.Outages = outages }
	}
	short := verdict.Outage{Span: span(6, 6.2), Connections: "reuse", Failures: 20}
	long := verdict.Outage{Span: span(7, 8), Connections: "fresh", Failures: 100}
	open := func(o verdict.Outage) verdict.Outage {
		o.Open = true
		return o
	}
	judge(t, map[string]judged{
		"none":                       {bound, served(1000, 0, nil), verdict.Pass, "an outage shorter than 10ms would not have been seen"},
		"none, at too low a rate":    {bound, served(10, 0, func(l *verdict.Load) { l.Spacing = time.Second }), verdict.Unknown, "requests come 1s apart"},
		"short":                      {bound, served(1000, 20, out(short)), verdict.Pass, "the longest of 1, on reuse connections"},
		"long":                       {bound, served(1000, 120, out(short, long)), verdict.Fail, "100 requests in a row failed on fresh connections, for 1s"},
		"long and open":              {bound, served(1000, 100, out(open(long))), verdict.Fail, "none succeeded again"},
		"short, cut off by the end":  {bound, served(1000, 20, out(open(short))), verdict.Unknown, "ended in the middle of an outage"},
		"long, and another cut off":  {bound, served(1000, 120, out(long, open(short))), verdict.Fail, ""},
		"of no length, if there are": {bound, served(1000, 1, out(verdict.Outage{Span: span(6, 6), Failures: 1})), verdict.Pass, "the longest of 1"},
		"no requests":                {bound, served(0, 0, nil), verdict.Unknown, "no request was made"},
		"starved":                    {bound, served(1000, 100, starved), verdict.Unknown, "could not keep"},
	})
	assert.Equal(t, "none", bound.Judge(served(1000, 0, nil)).Observed)
	assert.Equal(t, "1s", bound.Judge(served(1000, 120, out(long, short))).Observed)
}

func share(percent float64) experiment.Count {
	p := experiment.Percent(percent / 100)
	return experiment.Count{Percent: &p}
}

func TestReplicas(t *testing.T) {
	within := &verdict.Replicas{AtLeast: experiment.CountOf(3), Within: duration(5 * time.Second), During: verdict.Run}
	always := &verdict.Replicas{AtLeast: experiment.CountOf(3), During: verdict.Run}
	most := &verdict.Replicas{AtLeast: share(67), During: verdict.Run}
	whole := &verdict.Replicas{AtLeast: experiment.Count{All: true}, Within: duration(5 * time.Second), During: verdict.Run}
	more := &verdict.Replicas{AtLeast: experiment.CountOf(5), Within: duration(5 * time.Second), During: verdict.Fault}
	beyond := &verdict.Replicas{AtLeast: experiment.Count{All: true}, More: 2, Within: duration(5 * time.Second), During: verdict.Fault}
	// Pairs of a second and the number of ready pods from then on; the injection is at second 6.
	counted := func(counts ...float64) *verdict.Facts {
		return facts(func(f *verdict.Facts) {
			f.Injected = []event.Instant{at(5.5), at(6)}
			for i := 0; i < len(counts); i += 2 {
				f.Ready = append(f.Ready, verdict.ReadyCount{At: at(counts[i]), Ready: int(counts[i+1])})
			}
		})
	}
	early := func(f *verdict.Facts) *verdict.Facts {
		f.Windows[verdict.Run] = span(0, 8)
		return f
	}
	cut := func(f *verdict.Facts) *verdict.Facts {
		f.Cut = true
		return f
	}
	missed := func(f *verdict.Facts) *verdict.Facts {
		f.PodsMissed = true
		return f
	}
	none := counted(0, 3)
	none.Injected = nil
	judge(t, map[string]judged{
		"back in time":                {within, counted(0, 3, 6, 2, 9, 3), verdict.Pass, "kept to the end"},
		"back too late":               {within, counted(0, 3, 6, 2, 12, 3), verdict.Fail, "3 ready pods came too late"},
		"not back":                    {within, counted(0, 3, 6, 2), verdict.Fail, "2 were ready 19s after the last injection"},
		"back, and lost again":        {within, counted(0, 3, 6, 2, 8, 3, 20, 2), verdict.Fail, ""},
		"never less":                  {within, counted(0, 3), verdict.Pass, ""},
		"the run ended before":        {within, early(counted(0, 3, 6, 2)), verdict.Unknown, "the run ended 2s after"},
		"over before":                 {within, early(counted(0, 3, 6, 2, 7, 3)), verdict.Pass, "kept to the end"},
		"cut short before":            {within, cut(early(counted(0, 3))), verdict.Unknown, "the run was cut short 2s after the last injection"},
		"cut short after":             {within, cut(counted(0, 3, 6, 2, 9, 3)), verdict.Pass, "kept to the end"},
		"nothing injected":            {within, none, verdict.Unknown, "nothing was injected"},
		"no pod seen":                 {within, counted(), verdict.Unknown, "no pod of the target was seen"},
		"always":                      {always, counted(0, 3, 6, 4, 9, 3), verdict.Pass, "all the time"},
		"not always":                  {always, counted(0, 3, 6, 2, 9, 3), verdict.Fail, "1 fewer than expected"},
		"always, and some was missed": {always, missed(counted(0, 3)), verdict.Unknown, "may have been fewer"},
		"not always, as was seen":     {always, missed(counted(0, 3, 6, 2)), verdict.Fail, "1 fewer"},
		"always, where none is seen":  {always, counted(), verdict.Unknown, ""},
		"two of three":                {most, counted(0, 3, 6, 2, 9, 3), verdict.Pass, "all the time"},
		"one of three":                {most, counted(0, 3, 6, 1, 9, 3), verdict.Fail, "1 fewer than expected"},
		"all of four":                 {whole, counted(0, 4, 6, 3, 9, 4), verdict.Pass, "kept to the end"},
		"not all of four":             {whole, counted(0, 4, 6, 3), verdict.Fail, "3 were ready 19s"},
		"more for the fault":          {more, counted(0, 3, 9, 5, 24, 3), verdict.Pass, "kept to the end"},
		"more, too late":              {more, counted(0, 3, 13, 5, 24, 3), verdict.Fail, "too late"},
		"more, after the fault":       {more, counted(0, 3, 24, 5), verdict.Fail, "3 were ready"},
		"more, and not kept":          {more, counted(0, 3, 9, 5, 12, 4, 24, 5), verdict.Fail, "4 were ready"},
		"all and two more":            {beyond, counted(0, 4, 9, 6, 24, 4), verdict.Pass, "kept to the end"},
		"all and one more":            {beyond, counted(0, 4, 9, 5, 24, 4), verdict.Fail, "5 were ready 9s after the last injection"},
		"two more than none":          {beyond, counted(0, 0, 9, 2), verdict.Unknown, "when the run began"},
		"all of none":                 {whole, counted(0, 0, 6, 3), verdict.Unknown, "when the run began"},
	})
	assert.Equal(t, "at least 2 ready (67%)", most.Judge(counted(0, 3)).Bound)
	assert.Equal(t, "at least 6 ready (all and 2 more) within 5s", beyond.Judge(counted(0, 4)).Bound)
	assert.Equal(t, "after 3s", within.Judge(counted(0, 3, 6, 2, 9, 3)).Observed)
	assert.Equal(t, "after 0s", within.Judge(counted(0, 3)).Observed)
}

// recovery of a pod killed at second 6: each stage comes step after the one before, up to last.
func recovery(step float64, last timeline.Stage) timeline.Recovery {
	var r timeline.Recovery
	r.Victim.Name = "web-1"
	for s := timeline.Injected; s <= last; s++ {
		r.Reach(s, at(6+step*float64(s)))
	}
	return r
}

func TestRecovery(t *testing.T) {
	within := &verdict.WithinTime{Within: experiment.Duration(5 * time.Second)}
	phase := &verdict.WithinTime{Within: experiment.Duration(500 * time.Millisecond), Phase: "ready"}
	lost := func(recoveries ...timeline.Recovery) *verdict.Facts {
		return facts(func(f *verdict.Facts) { f.Recoveries = recoveries })
	}
	early := lost(recovery(0.1, timeline.Started))
	early.Windows[verdict.Run] = span(0, 8)
	censored := func(r timeline.Recovery) timeline.Recovery {
		r.Censored = true
		return r
	}
	unasked := func(r timeline.Recovery) timeline.Recovery {
		r.Unasked = true
		return r
	}
	none := func(did bool, converged float64, length float64) *verdict.Facts {
		return facts(func(f *verdict.Facts) {
			f.DidConverge, f.Converged = did, at(converged)
			f.Windows[verdict.Recovery] = span(15, 15+length)
		})
	}
	unbegun := none(false, 0, 0)
	delete(unbegun.Windows, verdict.Recovery)
	undone := none(true, 21, 10)
	undone.Restored = at(17)
	judge(t, map[string]judged{
		"in time":                     {within, lost(recovery(0.1, timeline.Stable)), verdict.Pass, "the slowest of 1 lost pods"},
		"too late":                    {within, lost(recovery(1, timeline.Stable)), verdict.Fail, "web-1 was not replaced in time: 9s, longest in the phase"},
		"the slowest counts":          {within, lost(recovery(0.1, timeline.Stable), recovery(1, timeline.Stable)), verdict.Fail, ""},
		"no replacement":              {within, lost(recovery(0.1, timeline.Detected)), verdict.Fail, "19s"},
		"the run ended before":        {within, early, verdict.Unknown, "it took at least 2s"},
		"events were missed":          {within, lost(censored(recovery(0.1, timeline.Stable))), verdict.Unknown, "events may have been missed"},
		"what was missed is no fail":  {within, lost(censored(recovery(0.1, timeline.Detected))), verdict.Unknown, "events may have been missed"},
		"a known failure is no less":  {within, lost(censored(recovery(0.1, timeline.Stable)), recovery(1, timeline.Stable)), verdict.Fail, ""},
		"it was not lost":             {within, lost(recovery(0.1, timeline.Injected)), verdict.Unknown, "web-1 was not seen to be lost"},
		"nobody asked it":             {within, lost(unasked(recovery(0.1, timeline.Published))), verdict.Unknown, "ready in its Service after 700ms, and no request"},
		"nobody asked, and too late":  {within, lost(unasked(recovery(1, timeline.Published))), verdict.Fail, "was not replaced in time"},
		"asked, and did not serve":    {within, lost(recovery(0.1, timeline.Published)), verdict.Fail, "was not replaced in time"},
		"phase in time":               {phase, lost(recovery(0.1, timeline.Stable)), verdict.Pass, ""},
		"phase too long":              {phase, lost(recovery(1, timeline.Stable)), verdict.Fail, "the phase ready of web-1 took 1s"},
		"phase not reached":           {phase, lost(recovery(0.1, timeline.Started)), verdict.Unknown, "was not seen whole"},
		"phase, events missed":        {phase, lost(censored(recovery(0.1, timeline.Stable))), verdict.Unknown, "was not seen whole"},
		"no pod lost, converged":      {within, none(true, 17, 10), verdict.Pass, "no pod was lost"},
		"no pod lost, late":           {within, none(true, 21, 10), verdict.Fail, "no pod was lost"},
		"no pod lost, undone late":    {within, undone, verdict.Pass, "no pod was lost"},
		"no pod lost, not converged":  {within, none(false, 0, 10), verdict.Fail, "had not converged"},
		"no pod lost, ended early":    {within, none(false, 0, 2), verdict.Unknown, "was not seen to converge"},
		"no pod lost, no recovery":    {within, unbegun, verdict.Unknown, "did not come to its recovery"},
		"no pod lost, so no phase":    {phase, none(true, 15, 10), verdict.Unknown, "there are no phases"},
		"converged as it began":       {within, none(true, 15, 10), verdict.Pass, ""},
		"two unknown: the first says": {within, lost(censored(recovery(0.1, timeline.Stable)), censored(recovery(0.2, timeline.Stable))), verdict.Unknown, ""},
	})
	measured := lost(recovery(0.1, timeline.Stable))
	assert.Empty(t, within.Judge(measured).Resolution, "how late watches are was not measured")
	measured.WatchDelay = 12 * time.Millisecond
	assert.Equal(t, "12ms", within.Judge(measured).Resolution)
	assert.Equal(t, []string{"detect", "create", "schedule", "prepare", "start", "ready", "publish", "serve", "stabilise"}, verdict.Phase("").Values())
}
