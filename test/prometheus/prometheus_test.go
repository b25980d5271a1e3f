package prometheus

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/probe"
)

// TestProbe proves that what a probe makes of the answers of Prometheus is what it is to make of them.
func TestProbe(t *testing.T) {
	t.Parallel()
	s := &shop{}
	s.ready.Store(2)
	prometheus := start(t, s)
	for name, c := range map[string]struct {
		query, cel string
		// fails is what it says where the condition does not hold, and unknown where nothing is known.
		fails, unknown string
	}{
		"holds":              {query: `up{job="shop"}`, cel: "value == 1"},
		"a scalar":           {query: "scalar(shop_ready)", cel: "value == 2"},
		"how fresh it is":    {query: `time() - timestamp(shop_ready)`, cel: "value < 30"},
		"a quantile":         {query: "histogram_quantile(0.5, rate(shop_seconds_bucket[2s]))", cel: "value > 0 && value <= 0.1"},
		"does not hold":      {query: "shop_ready", cel: "value >= 3", fails: "value >= 3 does not hold: the value is 2"},
		"a share":            {query: "sum(rate(shop_requests_total[2s])) > 0", cel: "value < 0.01", fails: "does not hold: the value is "},
		"no data":            {query: "shop_errors_total", cel: "true", unknown: "the query gave no data"},
		"a comparison":       {query: "shop_ready > 2", cel: "true", unknown: "the query gave no data"},
		"two series":         {query: "rate(shop_requests_total[2s])", cel: "true", unknown: "the query gave 2 series, such as "},
		"a division by zero": {query: "0/0", cel: "true", unknown: "the value is NaN"},
		"a range":            {query: "shop_ready[2s]", cel: "true", unknown: "a range of values"},
		"text":               {query: `"text"`, cel: "true", unknown: `unexpected value type "string"`},
		"no PromQL":          {query: "shop_ready{", cel: "true", unknown: "parse error: unexpected end of input inside braces"},
		"no such function":   {query: "median(shop_ready)", cel: "true", unknown: "unknown function with name"},
		"two on one side":    {query: "shop_ready * on() shop_requests_total", cel: "true", unknown: "many-to-many matching not allowed"},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), enough)
			defer cancel()
			err := (&probe.Prometheus{URL: prometheus.url, Query: c.query, CEL: c.cel}).Measure(ctx, nil)
			switch {
			case c.unknown != "":
				require.ErrorIs(t, err, probe.ErrUnknown)
				require.ErrorContains(t, err, c.unknown)
			case c.fails != "":
				require.NotErrorIs(t, err, probe.ErrUnknown)
				require.ErrorContains(t, err, c.fails)
			default:
				require.NoError(t, err)
			}
		})
	}
}

// TestWindow proves that a dip which was over before anybody asked is found, and that one who asks for a time at which nothing
// was known is told so.
func TestWindow(t *testing.T) {
	t.Parallel()
	s := &shop{}
	s.ready.Store(2)
	prometheus := start(t, s)
	p := &probe.Prometheus{URL: prometheus.url, Query: "min_over_time(shop_ready[1s])"}
	await := func(want float64) {
		t.Helper()
		require.Eventually(t, func() bool {
			v, err := p.Value(t.Context())
			return err == nil && v == want
		}, enough, scraped)
	}
	began := time.Now()
	await(2)
	s.ready.Store(0)
	await(0)
	s.ready.Store(2)
	await(2)

	points, err := p.Values(t.Context(), began, time.Now().Add(scraped), scraped) // steps are counted from the beginning
	require.NoError(t, err)
	var values []float64
	for _, point := range points {
		if len(values) == 0 || values[len(values)-1] != point.Value {
			values = append(values, point.Value)
		}
		assert.WithinRange(t, point.At, began.Add(-time.Second), time.Now().Add(scraped))
	}
	assert.Equal(t, []float64{2, 0, 2}, values)

	_, err = p.Values(t.Context(), began.Add(-2*time.Hour), began.Add(-time.Hour), time.Minute)
	require.ErrorIs(t, err, probe.ErrUnknown)
	require.ErrorContains(t, err, "the query gave no data")

	prometheus.stop()
	_, err = p.Value(t.Context())
	require.ErrorIs(t, err, probe.ErrUnknown)
	require.ErrorContains(t, err, "connection refused")
}
