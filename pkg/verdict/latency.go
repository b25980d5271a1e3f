package verdict

import (
	"fmt"
	"strings"
	"time"

	"github.com/chaosctl/chaosctl/pkg/experiment"
)

var _ = expectations.Add(experiment.Definition[Expectation]{
	Name: "latency", Summary: "Percentiles of the response time.",
	Example: `
- latency: {of: browse, p50: 20ms, p99: 250ms}
- latency: {of: browse, p99: 500ms, during: fault}
`,
	New: func() Expectation { return &Latency{During: Run} },
})

// Latency expects percentiles of the response time of a load's successful requests, counted from the instant at which
// each was due.
type Latency struct {
	// Of names the load.
	Of string `json:"of"`
	// P50 is the bound of the median.
	P50 *experiment.Duration `json:"p50,omitempty"`
	// P90 is the bound of what 90 % of the requests stay within.
	P90 *experiment.Duration `json:"p90,omitempty"`
	// P99 is the bound of what 99 % of the requests stay within.
	P99 *experiment.Duration `json:"p99,omitempty"`
	// P999 is the bound of what 99.9 % of the requests stay within.
	P999 *experiment.Duration `json:"p999,omitempty"`
	// During is the window; run unless told otherwise.
	During Window `json:"during"`
}

// Check refuses a load that does not exist, and an expectation without any bound.
func (l *Latency) Check(c *experiment.Check) {
	c.Stream("of", l.Of)
	if len(l.bounds()) == 0 {
		c.Fail("", "no percentile is bounded: expected one of p50, p90, p99, p999 or more")
	}
}

type latencyBound struct {
	name     string
	quantile float64
	limit    time.Duration
}

func (l *Latency) bounds() []latencyBound {
	var set []latencyBound
	for _, b := range []struct {
		name     string
		quantile float64
		limit    *experiment.Duration
	}{{"p50", 50, l.P50}, {"p90", 90, l.P90}, {"p99", 99, l.P99}, {"p99.9", 99.9, l.P999}} {
		if b.limit != nil {
			set = append(set, latencyBound{b.name, b.quantile, b.limit.Std()})
		}
	}
	return set
}

// minBeyond is how many samples must lie beyond a percentile for it to be known.
const minBeyond = 5

// Judge compares each percentile with its bound.
func (l *Latency) Judge(f *Facts) Judgement {
	j := Judgement{Name: "latency of " + l.Of, Window: l.During, Outcome: Pass}
	var observed, bounds, why []string
	for _, b := range l.bounds() {
		bounds = append(bounds, b.name+" at most "+b.limit.String())
	}
	j.Bound = strings.Join(bounds, ", ")
	r, _, problem := requests(f, l.Of, l.During)
	if problem == "" && r.Failures == r.Total {
		problem = "no request succeeded in this window"
	}
	if problem != "" {
		j.Outcome, j.Observed, j.Why = Unknown, "nothing", problem
		return j
	}
	for _, b := range l.bounds() {
		value := time.Duration(r.Latency.ValueAtQuantile(b.quantile))
		observed = append(observed, b.name+" "+round(value))
		beyond := float64(r.Latency.TotalCount()) * (1 - b.quantile/100)
		switch {
		case beyond < minBeyond-1e-6:
			j.Outcome = Worse(j.Outcome, Unknown)
			why = append(why, fmt.Sprintf("%d successful requests are too few to know %s", r.Latency.TotalCount(), b.name))
		case value > b.limit:
			j.Outcome = Fail
			why = append(why, fmt.Sprintf("%s is %s above its bound", b.name, round(value-b.limit)))
		}
	}
	j.Observed = strings.Join(observed, ", ")
	j.Why = strings.Join(why, "; ")
	if j.Outcome == Pass {
		j.Why = fmt.Sprintf("over %d successful requests", r.Latency.TotalCount())
	}
	return j
}

// round shortens a duration to what people read.
func round(d time.Duration) string {
	switch {
	case d >= 10*time.Second:
		return d.Round(100 * time.Millisecond).String()
	case d >= time.Second:
		return d.Round(10 * time.Millisecond).String()
	case d >= 10*time.Millisecond:
		return d.Round(time.Millisecond).String()
	}
	return d.Round(10 * time.Microsecond).String()
}
