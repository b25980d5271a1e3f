package verdict

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/probe"
)

var _ = expectations.Add(experiment.Definition[Expectation]{
	Name: "prometheus", Summary: "A CEL condition over the value of a PromQL query, at the end of the run or all through a window.",
	Example: `
- prometheus: {url: "https://prometheus.shop.example/", query: "sum(kube_pod_status_ready{namespace=\"shop\"})", cel: value >= 3}
- prometheus:
    url: https://prometheus.shop.example/
    query: sum(rate(http_requests_total{code=~"5.."}[30s])) / sum(rate(http_requests_total[30s]))
    cel: value < 0.01
    bearerFrom: PROMETHEUS_TOKEN
    during: fault
`,
	New: func() Expectation { return &Prometheus{} },
})

// Prometheus expects a condition to hold for what Prometheus knows, or what else speaks its HTTP API. It is asked once the
// recovery is over: for the value of now, or for those of a window, by the clock of this machine, a second apart or more. No data,
// NaN, more than one series, a warning and an error are unknown, each with its reason; so is a window in which there was no
// value at some of the instants, unless the condition did not hold for another.
type Prometheus struct {
	// URL is that of the server, without /api/v1, as it can be reached from where chaosctl runs.
	URL string `json:"url" form:"url"`
	// Query is PromQL that gives a scalar, or a vector with one series.
	Query string `json:"query" form:"given"`
	// CEL is a condition over `value`, such as "value < 0.01".
	CEL string `json:"cel"`
	// BearerFrom names the variable of chaosctl's environment that holds a token.
	BearerFrom string `json:"bearerFrom,omitempty" form:"variable" excludes:"basic"`
	// Basic is who asks, where a password is needed in place of a token.
	Basic *probe.BasicAuth `json:"basic,omitempty"`
	// TLS says how the certificate of an https server is verified.
	TLS *probe.Trust `json:"tls,omitempty"`
	// During is the window at each instant of which the condition must hold: steady, fault, recovery or run. Without it, the
	// condition must hold once, at the end.
	During Window `json:"during,omitempty"`
}

// Querier is an expectation that asks another system.
type Querier interface {
	// Ask asks once the run is over, whose windows are by that clock.
	Ask(ctx context.Context, clock event.Clock, windows map[Window]Span) event.ValuesRead
}

// server is who is asked, as the probe of that name does.
func (p *Prometheus) server() *probe.Prometheus {
	return &probe.Prometheus{URL: p.URL, Query: p.Query, CEL: p.CEL, BearerFrom: p.BearerFrom, Basic: p.Basic, TLS: p.TLS}
}

// Check is that of the probe.
func (p *Prometheus) Check(c *experiment.Check) { p.server().Check(c) }

// finest is the least time between two values of a window, and mostValues how many there are at the most.
const finest, mostValues = time.Second, 300

// stepOf is the time between two values of a window.
func stepOf(window Span) time.Duration {
	return max(finest, (window.Length()/mostValues + finest - 1).Truncate(finest))
}

// Ask asks for a value, or for those of a window.
func (p *Prometheus) Ask(ctx context.Context, clock event.Clock, windows map[Window]Span) event.ValuesRead {
	read := event.ValuesRead{Of: p.id(), Values: []event.Value{}, Asked: 1}
	add := func(at event.Instant, value float64) {
		read.Values = append(read.Values, event.Value{At: at, Number: strconv.FormatFloat(value, 'g', -1, 64)})
	}
	if p.During == "" {
		value, err := p.server().Value(ctx)
		if err != nil {
			read.Unknown = unknownOf(err)
			return read
		}
		add(clock.Now(), value)
		return read
	}
	window, came := windows[p.During]
	if !came {
		read.Unknown = fmt.Sprintf("the run did not come to its window %s", p.During)
		return read
	}
	step := stepOf(window)
	read.Asked = int(window.Length()/step) + 1
	from, to := clock.Base().Add(window.Start.Sub(0)), clock.Base().Add(window.End.Sub(0))
	points, err := p.server().Values(ctx, from, to, step)
	if err != nil {
		read.Unknown = unknownOf(err)
		return read
	}
	for _, point := range points {
		add(event.Instant(point.At.Round(0).Sub(clock.Base().Round(0))), point.Value)
	}
	return read
}

// unknownOf is why nothing is known, without saying that again.
func unknownOf(err error) string {
	return strings.TrimPrefix(err.Error(), probe.ErrUnknown.Error()+": ")
}

// id tells this query from those of other expectations.
func (p *Prometheus) id() string { return p.URL + " " + p.Query + " " + p.when() }

func (p *Prometheus) when() string {
	if p.During == "" {
		return "at the end"
	}
	return "during " + string(p.During)
}

// Judge holds the condition against each value.
func (p *Prometheus) Judge(f *Facts) Judgement {
	j := Judgement{Name: "prometheus " + p.Query, Window: p.During, Bound: p.CEL + " " + p.when(), Outcome: Unknown, Observed: "nothing"}
	if p.During == "" {
		j.Window = Run
	} else {
		j.Resolution = stepOf(f.Windows[p.During]).String()
	}
	read, asked := f.Values[p.id()]
	switch {
	case !asked:
		j.Why = "the run did not come to where Prometheus is asked"
		return j
	case read.Unknown != "":
		j.Why = read.Unknown
		return j
	case len(read.Values) == 0:
		j.Why = "the query gave no data"
		return j
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	failed := 0
	var worst event.Value
	for _, v := range read.Values {
		number, err := strconv.ParseFloat(v.Number, 64)
		holds := false
		if err == nil {
			holds, err = p.server().Holds(ctx, number)
		}
		if err != nil {
			j.Why = fmt.Sprintf("it cannot be told of %s: %v", v.Number, err)
			return j
		}
		if !holds {
			if failed++; failed == 1 {
				worst = v
			}
		}
	}
	all := plural(len(read.Values), "value")
	j.Observed = fmt.Sprintf("%d of %s held", len(read.Values)-failed, all)
	if p.During == "" {
		j.Observed = read.Values[0].Number
	}
	switch {
	case failed > 0 && p.During == "":
		j.Outcome, j.Why = Fail, "the value is "+worst.Number
	case failed > 0:
		j.Outcome, j.Why = Fail, fmt.Sprintf("it did not hold for %d of %s, first for %s, %s into the run", failed, all, worst.Number, round(worst.At.Sub(0)))
	case len(read.Values) < read.Asked:
		j.Why = fmt.Sprintf("there was no value at %d of %d instants", read.Asked-len(read.Values), read.Asked)
	case p.During == "":
		j.Outcome, j.Why = Pass, "asked once the recovery was over"
	default:
		j.Outcome, j.Why = Pass, fmt.Sprintf("it held for each of %s, %s apart", all, stepOf(f.Windows[p.During]))
	}
	return j
}
