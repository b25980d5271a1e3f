package web

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
)

// Guard decides who may see the page, and who may act by it.
type Guard struct {
	// Actions allows what changes something; without it the page is only to be looked at.
	Actions bool
	// Local says that the page is served on a loopback address, where whoever can reach it needs no credentials. Requests are then
	// taken only under a name of loopback: a page of somebody else's that has its own name lead here must not read this one
	// (DNS rebinding).
	Local bool
	// Identify says whose credentials a token is, and what they allow; nil where none are asked for.
	Identify Identify

	once  sync.Once
	cross *http.CrossOriginProtection
}

// Identify finds out whose a bearer token is. An empty name is nobody's. Acts says whether they may change something, too.
type Identify func(ctx context.Context, token string) (name string, acts bool, err error)

// StaticToken knows one token, whose owner may do all.
func StaticToken(token string) Identify {
	want := sha256.Sum256([]byte(token))
	return func(_ context.Context, given string) (string, bool, error) {
		got := sha256.Sum256([]byte(given))
		if subtle.ConstantTimeCompare(got[:], want[:]) != 1 {
			return "", false, nil
		}
		return "holder of the token", true, nil
	}
}

// visitor is who asks.
type visitor struct {
	name string
	acts bool
}

type visitorKey struct{}

// visitorOf is who asks, where the guard has let them in.
func visitorOf(r *http.Request) visitor {
	v, _ := r.Context().Value(visitorKey{}).(visitor)
	return v
}

// cookie carries the token of a browser that has logged in. The prefix has browsers take it over TLS only, from this host only.
const cookie = "__Host-chaosctl"

// around lets through who may see the page, and of what changes something, only what comes from the page itself.
func (g *Guard) around(next http.Handler) http.Handler {
	g.once.Do(func() { g.cross = http.NewCrossOriginProtection() })
	inner := g.cross.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v, ok := g.visitor(w, r)
		if !ok {
			return
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead && (!g.Actions || !v.acts) {
			http.Error(w, "this page is only to be looked at", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), visitorKey{}, v)))
	}))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if g.Local && !ofLoopback(r.Host) {
			http.Error(w, "this page is served to this machine only: use a name of loopback", http.StatusMisdirectedRequest)
			return
		}
		if r.URL.Path == "/login" && g.Identify != nil {
			g.cross.Handler(secured(http.HandlerFunc(g.login))).ServeHTTP(w, r)
			return
		}
		inner.ServeHTTP(w, r)
	})
}

// visitor says who asks; where nobody may be let in, the answer has been given.
func (g *Guard) visitor(w http.ResponseWriter, r *http.Request) (visitor, bool) {
	if g.Identify == nil {
		return visitor{name: "somebody on this machine", acts: true}, true
	}
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if c, err := r.Cookie(cookie); !ok && err == nil {
		token, _ = url.QueryUnescape(c.Value)
	}
	var v visitor
	if token != "" {
		var err error
		if v.name, v.acts, err = g.Identify(r.Context(), token); err != nil {
			http.Error(w, "who you are cannot be found out now", http.StatusServiceUnavailable)
			return v, false
		}
	}
	if v.name != "" {
		return v, true
	}
	w.Header().Set("WWW-Authenticate", `Bearer realm="chaosctl"`)
	if r.Method == http.MethodGet && strings.Contains(r.Header.Get("Accept"), "text/html") {
		http.Redirect(w, r, "/login", http.StatusSeeOther)
	} else {
		http.Error(w, "a bearer token is needed", http.StatusUnauthorized)
	}
	return v, false
}

// login asks for the token, and has the browser keep it.
func (g *Guard) login(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		write(w, http.StatusOK, "login.html", view{Title: "Log in"})
		return
	}
	token := r.PostFormValue("token")
	name, _, err := g.Identify(r.Context(), token)
	switch {
	case err != nil:
		write(w, http.StatusServiceUnavailable, "login.html", view{Title: "Log in", Data: "Who you are cannot be found out now."})
	case name == "":
		write(w, http.StatusUnauthorized, "login.html", view{Title: "Log in", Data: "This token is not known here."})
	default:
		http.SetCookie(w, &http.Cookie{
			Name: cookie, Value: url.QueryEscape(token), Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteStrictMode,
		})
		http.Redirect(w, r, "/", http.StatusSeeOther)
	}
}

// ofLoopback says whether a request was made under a name that leads to this machine wherever it is asked for.
func ofLoopback(host string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = host
	}
	if strings.EqualFold(name, "localhost") {
		return true
	}
	address, err := netip.ParseAddr(strings.Trim(name, "[]"))
	return err == nil && address.IsLoopback()
}
