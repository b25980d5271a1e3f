package compare

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Metric is a figure of a run that is compared.
type Metric string

// The metrics. All but availability get worse by growing.
const (
	// Recovery is the time of the slowest recovery of a run, in seconds.
	Recovery Metric = "recovery"
	// Availability is the share of requests of a stream that succeeded.
	Availability Metric = "availability"
	// Outage is the longest span of a stream in which no request succeeded, in seconds; 0 for none.
	Outage Metric = "outage"
	// P50 and the like are percentiles of the response times of a stream's successful requests, in seconds.
	P50  Metric = "p50"
	P90  Metric = "p90"
	P99  Metric = "p99"
	P999 Metric = "p999"
)

// Metrics lists all metrics in the order in which they are shown.
func Metrics() []Metric { return []Metric{Recovery, Availability, Outage, P50, P90, P99, P999} }

// Gate is how much worse a metric may get.
type Gate struct {
	Metric Metric
	// Limit is the change for the worse that is allowed, 0 or more: a share of the base's figure where Relative, else seconds,
	// or, of an availability, a share.
	Limit    float64
	Relative bool
	// Text is the gate as it was written, such as recovery=+20%.
	Text string
}

// DefaultGates are those of a comparison for which none are given.
const DefaultGates = "recovery=+20%,availability=-0.1pp,p99=+25%"

// ParseGates reads gates such as recovery=+20%,availability=-0.1pp,outage=+500ms; "none" is no gate. An error names the gate,
// and how to write it.
func ParseGates(text string) ([]Gate, error) {
	if text == "none" {
		return nil, nil
	}
	var gates []Gate
	for _, part := range strings.Split(text, ",") {
		g, err := parseGate(strings.TrimSpace(part))
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(gates, func(other Gate) bool { return other.Metric == g.Metric }) {
			return nil, fmt.Errorf("gate %q: %s has a gate already: leave one out", g.Text, g.Metric)
		}
		gates = append(gates, g)
	}
	return gates, nil
}

func parseGate(text string) (Gate, error) {
	g := Gate{Text: text}
	name, value, found := strings.Cut(text, "=")
	fail := func(format string, args ...any) (Gate, error) {
		return Gate{}, fmt.Errorf("gate %q: %s", text, fmt.Sprintf(format, args...))
	}
	if !found {
		return fail("expected METRIC=CHANGE, such as recovery=+20%%")
	}
	g.Metric = Metric(name)
	if !slices.Contains(Metrics(), g.Metric) {
		return fail("there is no metric %q: the metrics are %s", name, strings.Join(metricNames(), ", "))
	}
	sign, example := "+", string(g.Metric)+"=+20% or "+string(g.Metric)+"=+500ms"
	if g.Metric == Availability {
		sign, example = "-", "availability=-0.1pp"
	}
	rest, signed := strings.CutPrefix(value, sign)
	switch {
	case strings.HasPrefix(value, "+") || strings.HasPrefix(value, "-"):
		if !signed {
			return fail("%s gets worse by the other sign: write how much worse it may get, such as %s", name, example)
		}
	default:
		return fail("the change needs its sign: write %s", example)
	}
	switch {
	case g.Metric == Availability:
		points, ok := strings.CutSuffix(rest, "pp")
		if !ok {
			return fail("expected percentage points, such as %s", example)
		}
		number, ok := amount(points)
		if !ok || number > 100 {
			return fail("%q is not a number of percentage points from 0 to 100: write %s", points, example)
		}
		g.Limit = number / 100
	case strings.HasSuffix(rest, "%"):
		number, ok := amount(strings.TrimSuffix(rest, "%"))
		if !ok {
			return fail("%q is not a percentage: write %s", rest, example)
		}
		g.Limit, g.Relative = number/100, true
	default:
		d, err := time.ParseDuration(rest)
		if err != nil || d < 0 {
			return fail("%q is neither a percentage nor a duration: write %s", rest, example)
		}
		g.Limit = d.Seconds()
	}
	return g, nil
}

// amount reads a number that is finite and not negative.
func amount(text string) (float64, bool) {
	v, err := strconv.ParseFloat(text, 64)
	return v, err == nil && v >= 0 && !math.IsInf(v, 0)
}

func metricNames() []string {
	var names []string
	for _, m := range Metrics() {
		names = append(names, string(m))
	}
	return names
}

// allowed is the figure that the gate allows where the base's is v.
func (g Gate) allowed(v float64) float64 {
	if g.Relative {
		return v * (1 + g.Limit)
	}
	return v + g.Limit
}
