package load_test

import (
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/load"
	"github.com/chaosctl/chaosctl/pkg/trust"
)

const password = "hunter2:and more"

func bearer(t *testing.T, token string) load.Authorization {
	t.Helper()
	a, err := load.Bearer(token)
	require.NoError(t, err)
	return a
}

func basic(t *testing.T) load.Authorization {
	t.Helper()
	a, err := load.Basic("ann", password)
	require.NoError(t, err)
	return a
}

func TestAuthorization(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		name, word, isBasic := r.BasicAuth()
		letIn := r.Header.Get("Authorization") == "Bearer "+password || isBasic && name == "ann" && word == password
		if !letIn {
			w.WriteHeader(http.StatusUnauthorized)
		}
	})
	for name, c := range map[string]struct {
		authorization load.Authorization
		want          load.Cause
	}{
		"none":          {load.Authorization{}, load.ClientError},
		"basic":         {basic(t), load.None},
		"bearer":        {bearer(t, password+"\n"), load.None},
		"another token": {bearer(t, "guess"), load.ClientError},
	} {
		t.Run(name, func(t *testing.T) {
			for _, fresh := range []bool{true, false} {
				samples, _ := collect(t, load.Stream{URL: server.URL, Fresh: fresh, Profile: load.Constant(100), Authorization: c.authorization}, atLeast(3))
				for _, s := range samples {
					assert.Equal(t, c.want, s.Cause)
				}
			}
			answer, err := load.Stream{URL: server.URL, Authorization: c.authorization}.Ask(t.Context())
			require.NoError(t, err)
			assert.Equal(t, c.want, answer.Cause)
		})
	}
}

func TestAuthorizationThatCannotBeSent(t *testing.T) {
	for token, want := range map[string]string{" \n": "the token is blank", "one\ntwo": "the token holds an end of line", "one\x7f": "another character that no header may have"} {
		_, err := load.Bearer(token)
		require.ErrorContains(t, err, want)
	}
	_, err := load.Basic("ann", "")
	require.ErrorContains(t, err, "the password is empty")
}

// TestAuthorizationIsNotSentElsewhere: a redirect is an answer, and leads nobody anywhere.
func TestAuthorizationIsNotSentElsewhere(t *testing.T) {
	var asked atomic.Bool
	elsewhere := serve(t, func(http.ResponseWriter, *http.Request) { asked.Store(true) })
	server := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, elsewhere.URL, http.StatusFound) })
	stream := load.Stream{URL: server.URL, Profile: load.Constant(100), Authorization: basic(t)}
	samples, _ := collect(t, stream, atLeast(3))
	assert.True(t, samples[0].OK())
	_, err := stream.Ask(t.Context())
	require.NoError(t, err)
	assert.False(t, asked.Load())
}

// TestAuthorizationIsNotPrinted in any way, be it part of something else that is, exported or not.
func TestAuthorizationIsNotPrinted(t *testing.T) {
	type holder struct {
		Shown  load.Authorization
		hidden load.Authorization
	}
	for _, a := range []load.Authorization{basic(t), bearer(t, password)} {
		s := load.Stream{URL: "http://shop/", Authorization: a}
		h := holder{a, a}
		assert.Equal(t, "[secret]", fmt.Sprint(a))
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			for _, v := range []any{a, &a, s, &s, h, &h, h.hidden, []load.Authorization{a}, map[string]load.Authorization{"a": a}} {
				assertHidden(t, fmt.Sprintf(verb, v))
			}
		}
		text, err := json.Marshal(map[string]any{"a": a, "holder": h})
		require.NoError(t, err)
		assertHidden(t, string(text))
		assert.Contains(t, string(text), "[secret]")
	}
}

// assertHidden looks for the password as it is, in base64 with and without the user, and in hexadecimal.
func assertHidden(t *testing.T, text string) {
	t.Helper()
	for _, form := range []string{"hunter2", "YW5uOmh1bnRlcjI", "aHVudGVyMg", "68756e7465723", "68 75 6e 74", "104 117 110 116"} {
		assert.NotContains(t, text, form)
	}
}

// TestAuthorizationComesBack: a server that repeats what it was sent does not bring it into a record.
func TestAuthorizationComesBack(t *testing.T) {
	echo := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Pod", "web of "+r.Header.Get("Authorization"))
	})
	garbled := raw(t, func(c *net.TCPConn) { say(c, "HTTP/1.1 "+password+" OK\r\n\r\n") })
	for _, a := range []load.Authorization{basic(t), bearer(t, password)} {
		samples, _ := collect(t, load.Stream{URL: echo.URL, PodHeader: "X-Pod", Profile: load.Constant(100), Authorization: a}, atLeast(1))
		assert.Contains(t, samples[0].Pod, "web of ")
		assertHidden(t, samples[0].Pod)
		_, summary := collect(t, load.Stream{URL: garbled, Profile: load.Constant(100), Authorization: a}, atLeast(1))
		require.Contains(t, summary.Examples[load.Other], "the answer is not understood")
		assertHidden(t, summary.Examples[load.Other])
		_, err := load.Stream{URL: garbled, Authorization: a}.Ask(t.Context())
		require.ErrorContains(t, err, "the answer is not understood")
		assertHidden(t, err.Error())
	}
}

// TestAuthorizationComesBackTrimmed: a header has no ends of lines, so that one of a password's is lost on the way back.
func TestAuthorizationComesBackTrimmed(t *testing.T) {
	echo := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, word, _ := r.BasicAuth()
		w.Header().Set("X-Pod", word)
	})
	for word, want := range map[string]string{password + "\n": "[secret]", " ": ""} {
		a, err := load.Basic("ann", word)
		require.NoError(t, err)
		samples, _ := collect(t, load.Stream{URL: echo.URL, PodHeader: "X-Pod", Profile: load.Constant(100), Authorization: a}, atLeast(1))
		assert.Equal(t, want, samples[0].Pod)
	}
}

// TestAnAnswerThatIsNotUnderstoodIsRepeated where the server was sent nothing that is secret.
func TestAnAnswerThatIsNotUnderstoodIsRepeated(t *testing.T) {
	garbled := raw(t, func(c *net.TCPConn) { say(c, "HTTP/1.1 gibberish OK\r\n\r\n") })
	_, err := load.Stream{URL: garbled}.Ask(t.Context())
	require.ErrorContains(t, err, "gibberish")
}

func TestTLS(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	server.Config.ErrorLog = discard
	t.Cleanup(server.Close)
	ca := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
	for name, c := range map[string]struct {
		tls  *trust.Trust
		host string
		want load.Cause
	}{
		"the system's":        {nil, "", load.TLS},
		"empty":               {&trust.Trust{}, "", load.TLS},
		"trusted":             {&trust.Trust{CA: ca}, "", load.None},
		"by its name":         {&trust.Trust{CA: ca, ServerName: "example.com"}, "", load.None},
		"another's one":       {&trust.Trust{CA: ca, ServerName: "shop.example"}, "", load.TLS},
		"by that of the host": {&trust.Trust{CA: ca}, "example.com", load.None},
		"of another host":     {&trust.Trust{CA: ca}, "shop.example", load.TLS},
		"by both":             {&trust.Trust{CA: ca, ServerName: "example.com"}, "shop.example", load.None},
		"the system's host":   {nil, "example.com", load.TLS},
	} {
		t.Run(name, func(t *testing.T) {
			for _, fresh := range []bool{true, false} {
				samples, _ := collect(t, load.Stream{URL: server.URL, Fresh: fresh, Profile: load.Constant(50), TLS: c.tls, Host: c.host, Timeout: 10 * time.Second}, atLeast(2))
				assert.Equal(t, c.want, samples[0].Cause)
			}
		})
	}
}

func TestAsk(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Pod", "web-1")
		if r.Method != http.MethodPost || r.Header.Get("User-Agent") != "chaosctl" || len(r.Header["X-Vegeta-Seq"]) > 0 {
			w.WriteHeader(http.StatusBadRequest)
		}
	})
	answer, err := load.Stream{URL: server.URL, Method: http.MethodPost, PodHeader: "X-Pod"}.Ask(t.Context())
	require.NoError(t, err)
	assert.Equal(t, load.Answer{Status: 200, Pod: "web-1"}, answer)
	answer, err = load.Stream{URL: server.URL, Method: http.MethodPost, Expected: load.ExpectedOf(&experiment.Response{Contains: "x"})}.Ask(t.Context())
	require.NoError(t, err)
	assert.Equal(t, load.Answer{Status: 200, Cause: load.Unexpected, Why: `the body does not contain "x"`}, answer)
	_, err = load.Stream{URL: "http://127.0.0.1:1/"}.Ask(t.Context())
	require.ErrorContains(t, err, "refused")
}
