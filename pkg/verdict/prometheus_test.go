package verdict_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/verdict"
)

func TestPrometheus(t *testing.T) {
	once := &verdict.Prometheus{URL: "http://p", Query: "up", CEL: "value >= 1.0"}
	window := &verdict.Prometheus{URL: "http://p", Query: "up", CEL: "value >= 1.0", During: verdict.Fault}
	read := func(of *verdict.Prometheus, asked int, numbers ...string) *verdict.Facts {
		return facts(func(f *verdict.Facts) {
			v := event.ValuesRead{Of: of.URL + " up at the end", Asked: asked}
			if of.During != "" {
				v.Of = of.URL + " up during fault"
			}
			for i, n := range numbers {
				v.Values = append(v.Values, event.Value{At: at(5 + float64(i)), Number: n})
			}
			f.Values = map[string]event.ValuesRead{v.Of: v}
		})
	}
	unknown := read(once, 1)
	unknown.Values["http://p up at the end"] = event.ValuesRead{Unknown: "the query gave no data"}
	judge(t, map[string]judged{
		"holds":                  {once, read(once, 1, "3"), verdict.Pass, "asked once the recovery was over"},
		"does not":               {once, read(once, 1, "0.5"), verdict.Fail, "the value is 0.5"},
		"infinite":               {once, read(once, 1, "+Inf"), verdict.Pass, ""},
		"unknown":                {once, unknown, verdict.Unknown, "the query gave no data"},
		"not asked":              {once, facts(func(*verdict.Facts) {}), verdict.Unknown, "the run did not come to where Prometheus is asked"},
		"another one was asked":  {once, read(window, 1, "3"), verdict.Unknown, "did not come to"},
		"all through":            {window, read(window, 3, "3", "2", "1"), verdict.Pass, "it held for each of 3 values, 1s apart"},
		"not all through":        {window, read(window, 3, "3", "0", "1"), verdict.Fail, "it did not hold for 1 of 3 values, first for 0, 6s into the run"},
		"with gaps":              {window, read(window, 4, "3", "2", "1"), verdict.Unknown, "there was no value at 1 of 4 instants"},
		"with gaps, and failing": {window, read(window, 4, "3", "0", "1"), verdict.Fail, "did not hold for 1 of 3"},
		"empty":                  {window, read(window, 4), verdict.Unknown, "no data"},
	})
}

// TestPrometheusIsAsked: for the window by the wall clock, and nothing that is not a number of one series is taken for one.
func TestPrometheusIsAsked(t *testing.T) {
	base := time.Now().Add(-time.Minute).Truncate(time.Millisecond)
	var asked []string
	result := ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		assert.NoError(t, r.ParseForm())
		asked = append(asked, r.URL.Path, r.Form.Get("start"), r.Form.Get("end"), r.Form.Get("step"))
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"status":"success","data":`+result+`}`)
	}))
	t.Cleanup(server.Close)
	windows := map[verdict.Window]verdict.Span{verdict.Fault: span(5, 15)}
	ask := func(during verdict.Window, gives string) event.ValuesRead {
		asked, result = nil, gives
		p := &verdict.Prometheus{URL: server.URL, Query: "up", CEL: "value > 0.0", During: during}
		return p.Ask(context.Background(), event.NewClock(base), windows)
	}
	seconds := func(after float64) string {
		return strconv.FormatFloat(float64(base.Add(time.Duration(after*1e9)).UnixMilli())/1000, 'f', -1, 64)
	}
	series := func(values ...string) string {
		var all []string
		for i, v := range values {
			all = append(all, fmt.Sprintf(`[%s,%q]`, seconds(5+float64(i)), v))
		}
		return fmt.Sprintf(`{"metric":{"job":"a"},"values":[%s]}`, strings.Join(all, ","))
	}
	matrix := func(all ...string) string {
		return `{"resultType":"matrix","result":[` + strings.Join(all, ",") + `]}`
	}

	read := ask(verdict.Fault, matrix(series("1", "NaN", "+Inf")))
	assert.Empty(t, read.Unknown)
	assert.Equal(t, 11, read.Asked)
	assert.Equal(t, []string{"/api/v1/query_range", seconds(5), seconds(15), "1"}, asked)
	assert.Equal(t, []event.Value{{At: at(5), Number: "1"}, {At: at(7), Number: "+Inf"}}, read.Values)
	for gives, want := range map[string]string{
		matrix():                         "no data",
		matrix(series("1"), series("2")): "the query gave 2 series",
		`{"resultType":"matrix","result":[{"metric":{},"histograms":[[1,{"count":"2","sum":"3","buckets":[]}]]}]}`: "histograms",
	} {
		assert.Contains(t, ask(verdict.Fault, gives).Unknown, want)
	}
	read = ask("", `{"resultType":"scalar","result":[1,"4"]}`)
	require.Len(t, read.Values, 1)
	assert.Equal(t, "4", read.Values[0].Number)
	assert.Equal(t, "/api/v1/query", asked[0])
	assert.Contains(t, ask("", `{"resultType":"vector","result":[]}`).Unknown, "no data")
	assert.Contains(t, ask(verdict.Recovery, matrix(series("1"))).Unknown, "did not come to its window recovery")
	assert.Empty(t, asked, "nobody is asked about a window that was not there")
	server.Close()
	assert.Contains(t, ask("", "").Unknown, "connection refused")
}
