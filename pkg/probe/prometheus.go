package probe

import (
	"context"
	"fmt"
	"math"
	"net/url"
	"strings"
	"time"

	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"

	"github.com/chaosctl/chaosctl/pkg/access"
	"github.com/chaosctl/chaosctl/pkg/command"
	"github.com/chaosctl/chaosctl/pkg/condition"
	"github.com/chaosctl/chaosctl/pkg/experiment"
)

var _ = registry.Add(Definition{
	Name:    "prometheus",
	Summary: "A CEL condition holds for the value of a PromQL query.",
	Example: `
- name: errors
  prometheus:
    url: https://prometheus.shop.example/
    query: sum(rate(http_requests_total{code=~"5.."}[30s])) / sum(rate(http_requests_total[30s]))
    cel: value < 0.01
    bearerFrom: PROMETHEUS_TOKEN
  interval: 5s
`,
	New: func() Probe { return &Prometheus{} },
})

// Prometheus asks the HTTP API of Prometheus, or of what speaks it, for the value of an instant query. Only one number can
// be judged: no data, NaN, more than one series, a warning and an error are unknown, each with its reason.
//
// A value may be as old as the server's lookback, five minutes by default, where a target is not scraped any more. A query
// can say so itself: up{job="shop"} == 1 and time() - timestamp(up{job="shop"}) < 30.
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
	Basic *BasicAuth `json:"basic,omitempty"`
	// TLS says how the certificate of an https server is verified.
	TLS *Trust `json:"tls,omitempty"`
}

// BasicAuth is a user and where the password is.
type BasicAuth struct {
	// Username is the user's name.
	Username string `json:"username" form:"given"`
	// PasswordFrom names the variable of chaosctl's environment that holds the password.
	PasswordFrom string `json:"passwordFrom" form:"variable"`
}

// Check compiles the condition, and refuses what is no server, and secrets in its URL, which would be in all reports.
func (p *Prometheus) Check(c *experiment.Check) {
	u, err := url.Parse(p.URL)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		c.Fail("url", "this is not a URL: expected http://host:9090 or https://host/path")
	case u.User != nil:
		c.Fail("url", "a URL with a user or a password is part of all reports: expected basic, which names a variable of the environment")
	}
	if strings.TrimSpace(p.Query) == "" {
		c.Fail("query", "there is no query: expected PromQL, such as up{job=\"shop\"}")
	}
	if _, err := p.compile(); err != nil {
		c.Fail("cel", "%v", err)
	}
	if p.BearerFrom != "" {
		command.CheckVariable(c, "bearerFrom", p.BearerFrom)
	}
	if p.Basic != nil {
		command.CheckVariable(c, "basic.passwordFrom", p.Basic.PasswordFrom)
		if p.BearerFrom != "" {
			c.Fail("bearerFrom", "bearerFrom and basic exclude each other: expected one of them")
		}
		if p.Basic.Username == "" || strings.Contains(p.Basic.Username, ":") {
			c.Fail("basic.username", "%q is not the name of a user: expected one, without a colon", p.Basic.Username)
		}
	}
	if p.TLS != nil {
		checkTrust(c, "tls.", *p.TLS)
	}
}

// Needs is nothing: Prometheus is not the API server.
func (p *Prometheus) Needs(access.Scope) []access.Need { return nil }

func (p *Prometheus) compile() (*condition.Condition, error) {
	return condition.CompileOver(p.CEL, condition.Number("value"))
}

// Measure asks once.
func (p *Prometheus) Measure(ctx context.Context, _ World) error {
	value, err := p.Value(ctx)
	if err != nil {
		return err
	}
	holds, err := p.Holds(ctx, value)
	if err != nil {
		return unknown("%w", err)
	}
	if !holds {
		return fmt.Errorf("%s does not hold: the value is %v", p.CEL, value)
	}
	return nil
}

// Holds says whether the condition holds for a value.
func (p *Prometheus) Holds(ctx context.Context, value float64) (bool, error) {
	compiled, err := p.compile()
	if err != nil {
		return false, err
	}
	return compiled.Holds(ctx, map[string]any{"value": value})
}

// Value asks for the value that the query has now. Every error wraps [ErrUnknown].
func (p *Prometheus) Value(ctx context.Context) (float64, error) {
	client, err := p.client()
	if err != nil {
		return 0, err
	}
	answer, warnings, err := v1.NewAPI(client.api).Query(ctx, p.Query, time.Time{})
	if err := client.doubt(warnings, err); err != nil {
		return 0, err
	}
	return single(answer)
}

// Point is a value at an instant.
type Point struct {
	At    time.Time
	Value float64
}

// Values asks for those that the query had from one instant to another, by the clock of the server, so far apart. Where it had
// none, or NaN, there is no point. Every error wraps [ErrUnknown].
func (p *Prometheus) Values(ctx context.Context, from, to time.Time, step time.Duration) ([]Point, error) {
	client, err := p.client()
	if err != nil {
		return nil, err
	}
	answer, warnings, err := v1.NewAPI(client.api).QueryRange(ctx, p.Query, v1.Range{Start: from, End: to, Step: step})
	if err := client.doubt(warnings, err); err != nil {
		return nil, err
	}
	series, ok := answer.(model.Matrix)
	switch {
	case !ok:
		return nil, unknown("the query gave no number")
	case len(series) == 0:
		return nil, unknown("the query gave no data")
	case len(series) > 1:
		return nil, tooMany(len(series), series[0].Metric, series[1].Metric)
	case len(series[0].Histograms) > 0:
		return nil, unknown("the query gave histograms: make a number of them, as by histogram_quantile")
	}
	var points []Point
	for _, v := range series[0].Values {
		if value := float64(v.Value); !math.IsNaN(value) {
			points = append(points, Point{v.Timestamp.Time(), value})
		}
	}
	return points, nil
}

// tooMany is what is wrong with an answer of more than one series.
func tooMany(n int, first, second model.Metric) error {
	return unknown("the query gave %d series, such as %s and %s: narrow it, or sum them up", n, excerpt(first.String()), excerpt(second.String()))
}

// single is the number that an answer consists of.
func single(answer model.Value) (float64, error) {
	var value float64
	switch a := answer.(type) {
	case *model.Scalar:
		value = float64(a.Value)
	case model.Vector:
		switch {
		case len(a) == 0:
			return 0, unknown("the query gave no data")
		case len(a) > 1:
			return 0, tooMany(len(a), a[0].Metric, a[1].Metric)
		case a[0].Histogram != nil:
			return 0, unknown("the query gave a histogram: make a number of it, as by histogram_quantile")
		}
		value = float64(a[0].Value)
	case model.Matrix:
		return 0, unknown("the query gave a range of values: expected one value, as by rate or max_over_time")
	default:
		return 0, unknown("the query gave no number")
	}
	if math.IsNaN(value) {
		return 0, unknown("the value is NaN, as of a division of zero by zero")
	}
	return value, nil
}
