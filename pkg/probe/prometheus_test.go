package probe_test

import (
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/probe"
)

// answersOf are those of Prometheus 3, by query.
func answersOf(query string) (status int, body string) {
	success := func(kind, result string) (int, string) {
		return http.StatusOK, fmt.Sprintf(`{"status":"success","data":{"resultType":%q,"result":%s}}`, kind, result)
	}
	series := func(value string) (int, string) {
		return success("vector", fmt.Sprintf(`[{"metric":{"__name__":"up","job":"shop"},"value":[1764169578.512,%q]}]`, value))
	}
	switch query {
	case "scalar(up)":
		return success("scalar", `[1764169578.512,"3"]`)
	case "up":
		return series("1")
	case "0/0":
		return series("NaN")
	case "1/0":
		return series("+Inf")
	case "absent(up)":
		return success("vector", `[]`)
	case "two":
		return success("vector", `[{"metric":{"__name__":"up","job":"a"},"value":[1764169578.512,"1"]},{"metric":{"__name__":"up","job":"b"},"value":[1764169578.512,"1"]}]`)
	case "up[1m]":
		return success("matrix", `[{"metric":{"__name__":"up","job":"shop"},"values":[[1764169570.512,"1"],[1764169578.512,"1"]]}]`)
	case `"text"`:
		return success("string", `[1764169578.512,"text"]`)
	case "histogram":
		return success("vector", `[{"metric":{"job":"shop"},"histogram":[1764169578.512,{"count":"2","sum":"3","buckets":[[0,"0.5","1","2"]]}]}]`)
	case "partial":
		return http.StatusOK, `{"status":"success","warnings":["store eu-1 did not answer"],"data":{"resultType":"vector","result":[{"metric":{},"value":[1764169578.512,"1"]}]}}`
	case "remark":
		return http.StatusOK, `{"status":"success","infos":["metric might not be a counter"],"data":{"resultType":"vector","result":[{"metric":{},"value":[1764169578.512,"1"]}]}}`
	case "up{":
		return http.StatusBadRequest, `{"status":"error","errorType":"bad_data","error":"invalid parameter \"query\": 1:4: parse error: unexpected end of input inside braces"}`
	case "slow":
		return http.StatusServiceUnavailable, `{"status":"error","errorType":"timeout","error":"query timed out in expression evaluation"}`
	case "html":
		return http.StatusOK, `<html>Sign in</html>`
	case "down":
		return http.StatusBadGateway, `<html>bad gateway</html>`
	case "half":
		return http.StatusOK, `{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"val`
	}
	return http.StatusNotFound, "404 page not found"
}

// prometheus speaks the HTTP API of Prometheus: a form by POST, as its own client sends it.
func prometheus(t *testing.T, allowed func(*http.Request) bool) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /prefix/api/v1/query", func(w http.ResponseWriter, r *http.Request) {
		if !allowed(r) {
			http.Error(w, "Unauthorized", http.StatusUnauthorized)
			return
		}
		assert.NoError(t, r.ParseForm())
		assert.Empty(t, r.PostForm.Get("time"), "now is that of the server")
		switch query := r.PostForm.Get("query"); query {
		case "hang":
			<-r.Context().Done()
		case "gigabyte":
			_, _ = io.WriteString(w, `{"status":"success","data":{"resultType":"vector","result":[`)
			_, _ = io.CopyN(w, zeros{}, 1<<30)
		case "headers":
			w.Header().Set("X-Long", strings.Repeat("x", 1<<20))
		case "echo": // of a proxy that tells too much
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprintf(w, `{"status":"error","errorType":"bad_data","error":"not with %s"}`, r.Header.Get("Authorization"))
		case "loud echo":
			http.Error(w, strings.Repeat("x", 190)+r.Header.Get("Authorization"), http.StatusBadGateway)
		case "warned echo":
			fmt.Fprintf(w, `{"status":"success","warnings":["sent by %s"],"data":{"resultType":"scalar","result":[1,"1"]}}`, r.Header.Get("Authorization"))
		default:
			status, body := answersOf(query)
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	})
	return mux
}

func anybody(*http.Request) bool { return true }

func TestPrometheus(t *testing.T) {
	server := httptest.NewServer(prometheus(t, anybody))
	t.Cleanup(server.Close)
	root := authority(t, "shop's authority", nil, 1000*day)
	secured := func(certificate tls.Certificate) string {
		s := httptest.NewUnstartedServer(prometheus(t, anybody))
		s.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
		s.Config.ErrorLog = log.New(io.Discard, "", 0) // clients that do not trust it
		s.StartTLS()
		t.Cleanup(s.Close)
		return s.URL + "/prefix"
	}
	known := secured(root.issue(t, -day, 30*day))
	trust := &probe.Trust{CA: root.pem()}
	const late, enough = 300 * time.Millisecond, 20 * time.Second
	for name, c := range map[string]struct {
		probe   probe.Prometheus
		timeout time.Duration
		want    outcome
	}{
		"a series":               {probe.Prometheus{Query: "up", CEL: "value == 1"}, enough, holds()},
		"a scalar":               {probe.Prometheus{Query: "scalar(up)", CEL: "value > 2.5 && value <= 3"}, enough, holds()},
		"with a / at the end":    {probe.Prometheus{URL: server.URL + "/prefix/", Query: "up", CEL: "value == 1"}, enough, holds()},
		"does not hold":          {probe.Prometheus{Query: "up", CEL: "value < 0.01"}, enough, fails("value < 0.01 does not hold: the value is 1")},
		"infinite":               {probe.Prometheus{Query: "1/0", CEL: "value < 0.01"}, enough, fails("the value is +Inf")},
		"no data":                {probe.Prometheus{Query: "absent(up)", CEL: "true"}, enough, isUnknown("the query gave no data")},
		"NaN":                    {probe.Prometheus{Query: "0/0", CEL: "value != 1"}, enough, isUnknown("the value is NaN")},
		"two series":             {probe.Prometheus{Query: "two", CEL: "true"}, enough, isUnknown(`the query gave 2 series, such as "up{job=\"a\"}" and "up{job=\"b\"}": narrow it`)},
		"a range":                {probe.Prometheus{Query: "up[1m]", CEL: "true"}, enough, isUnknown("a range of values")},
		"text":                   {probe.Prometheus{Query: `"text"`, CEL: "true"}, enough, isUnknown(`unexpected value type "string"`)},
		"a histogram":            {probe.Prometheus{Query: "histogram", CEL: "true"}, enough, isUnknown("a histogram")},
		"a warning":              {probe.Prometheus{Query: "partial", CEL: "true"}, enough, isUnknown("the server warns, so the value may not be whole: store eu-1 did not answer")},
		"a remark":               {probe.Prometheus{Query: "remark", CEL: "value == 1"}, enough, holds()},
		"no PromQL":              {probe.Prometheus{Query: "up{", CEL: "true"}, enough, isUnknown("parse error: unexpected end of input inside braces")},
		"too slow a query":       {probe.Prometheus{Query: "slow", CEL: "true"}, enough, isUnknown("query timed out")},
		"not Prometheus":         {probe.Prometheus{Query: "html", CEL: "true"}, enough, isUnknown("bad_response")},
		"a proxy":                {probe.Prometheus{Query: "down", CEL: "true"}, enough, isUnknown("server error: 502")},
		"half an answer":         {probe.Prometheus{Query: "half", CEL: "true"}, enough, isUnknown("bad_response")},
		"another path":           {probe.Prometheus{URL: server.URL, Query: "up", CEL: "true"}, enough, isUnknown("client error: 404")},
		"hangs":                  {probe.Prometheus{Query: "hang", CEL: "true"}, late, isUnknown("no answer in time")},
		"a gigabyte":             {probe.Prometheus{Query: "gigabyte", CEL: "true"}, enough, isUnknown("the answer has more than 1 MiB")},
		"a megabyte of headers":  {probe.Prometheus{Query: "headers", CEL: "true"}, enough, isUnknown("server response headers exceeded")},
		"floods":                 {probe.Prometheus{URL: "http://" + serve(t, flood), Query: "up", CEL: "true"}, enough, isUnknown("server response headers exceeded")},
		"refuses":                {probe.Prometheus{URL: "http://" + nobody(t), Query: "up", CEL: "true"}, enough, isUnknown("connection refused")},
		"cannot be resolved":     {probe.Prometheus{URL: "http://nobody.invalid", Query: "up", CEL: "true"}, 3 * time.Second, isUnknown("nobody.invalid")},
		"does not accept":        {probe.Prometheus{URL: "http://" + deaf(t), Query: "up", CEL: "true"}, late, isUnknown("no answer in time")},
		"by TLS":                 {probe.Prometheus{URL: known, Query: "up", CEL: "value == 1", TLS: trust}, enough, holds()},
		"an unknown certificate": {probe.Prometheus{URL: known, Query: "up", CEL: "true"}, enough, isUnknown("comes from an authority that is not known")},
		"an expired certificate": {probe.Prometheus{URL: secured(root.issue(t, -9*day, -day)), Query: "up", CEL: "true", TLS: trust}, enough, isUnknown(`the certificate of "CN=server" expired on`)},
		"a wrong name":           {probe.Prometheus{URL: known, Query: "up", CEL: "true", TLS: &probe.Trust{CA: root.pem(), ServerName: "blog.example"}}, enough, isUnknown("the certificate is for")},
		"not true or false":      {probe.Prometheus{Query: "up", CEL: "value"}, enough, isUnknown("the condition gave 1, not true or false")},
	} {
		t.Run(name, func(t *testing.T) {
			if c.probe.URL == "" {
				c.probe.URL = server.URL + "/prefix"
			}
			measured(t, &c.probe, c.timeout, c.want)
		})
	}
}

// TestPrometheusAuthorization: a secret is sent to the server that is named, and nowhere else, and is in no message.
func TestPrometheusAuthorization(t *testing.T) {
	const token, password = "t0p-s3cr3t", "pa55word"
	t.Setenv("PROBE_TEST_TOKEN", token+"\n") // as files end
	t.Setenv("PROBE_TEST_PASSWORD", password)
	t.Setenv("PROBE_TEST_BLANK", " \n")
	t.Setenv("PROBE_TEST_WRONG", "wr0ng")
	server := httptest.NewServer(prometheus(t, func(r *http.Request) bool {
		user, given, isBasic := r.BasicAuth()
		return r.Header.Get("Authorization") == "Bearer "+token || isBasic && user == "ann" && given == password
	}))
	t.Cleanup(server.Close)
	var reached atomic.Int32
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	t.Cleanup(elsewhere.Close)
	redirecting := httptest.NewServer(http.RedirectHandler(elsewhere.URL+"/login", http.StatusTemporaryRedirect))
	t.Cleanup(redirecting.Close)
	basic := &probe.BasicAuth{Username: "ann", PasswordFrom: "PROBE_TEST_PASSWORD"}
	for name, c := range map[string]struct {
		probe probe.Prometheus
		want  outcome
	}{
		"a token":              {probe.Prometheus{Query: "up", BearerFrom: "PROBE_TEST_TOKEN"}, holds()},
		"a password":           {probe.Prometheus{Query: "up", Basic: basic}, holds()},
		"none":                 {probe.Prometheus{Query: "up"}, isUnknown("client error: 401")},
		"a wrong token":        {probe.Prometheus{Query: "up", BearerFrom: "PROBE_TEST_WRONG"}, isUnknown("client error: 401")},
		"no such variable":     {probe.Prometheus{Query: "up", BearerFrom: "PROBE_TEST_NONE"}, isUnknown("the environment of chaosctl has no variable PROBE_TEST_NONE")},
		"no such password":     {probe.Prometheus{Query: "up", Basic: &probe.BasicAuth{Username: "ann", PasswordFrom: "PROBE_TEST_NONE"}}, isUnknown("has no variable PROBE_TEST_NONE")},
		"blank":                {probe.Prometheus{Query: "up", BearerFrom: "PROBE_TEST_BLANK"}, isUnknown("the variable PROBE_TEST_BLANK is blank")},
		"sent back":            {probe.Prometheus{Query: "echo", BearerFrom: "PROBE_TEST_TOKEN"}, isUnknown("not with Bearer [secret]")},
		"sent back, cut off":   {probe.Prometheus{Query: "loud echo", BearerFrom: "PROBE_TEST_TOKEN"}, isUnknown(`server error: 502, "xxx`)},
		"a password sent back": {probe.Prometheus{Query: "echo", Basic: basic}, isUnknown("not with Basic [secret]")},
		"sent back, a warning": {probe.Prometheus{Query: "warned echo", Basic: basic}, isUnknown("sent by Basic [secret]")},
		"redirected":           {probe.Prometheus{URL: redirecting.URL, Query: "up", BearerFrom: "PROBE_TEST_TOKEN"}, isUnknown("the server redirects to " + elsewhere.URL + "/login")},
		"refused":              {probe.Prometheus{URL: "http://" + nobody(t), Query: "up", Basic: basic}, isUnknown("connection refused")},
	} {
		t.Run(name, func(t *testing.T) {
			if c.probe.URL == "" {
				c.probe.URL = server.URL + "/prefix"
			}
			c.probe.CEL = "value == 1"
			measured(t, &c.probe, 20*time.Second, c.want)
			if err := c.probe.Measure(within(t, 20*time.Second), nil); err != nil {
				assert.NotContains(t, err.Error(), token[:2])
				for _, secret := range []string{token, password, "wr0ng", base64.StdEncoding.EncodeToString([]byte("ann:" + password))} {
					assert.NotContains(t, err.Error(), secret)
				}
			}
		})
	}
	require.Zero(t, reached.Load(), "no redirect is followed")
}
