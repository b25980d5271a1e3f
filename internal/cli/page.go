package cli

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/chaosctl/chaosctl/internal/version"
	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/history"
	"github.com/chaosctl/chaosctl/pkg/killswitch"
	"github.com/chaosctl/chaosctl/pkg/load"
	"github.com/chaosctl/chaosctl/pkg/report"
	"github.com/chaosctl/chaosctl/pkg/web"
)

// listenOptions are what the flags of serve say of its address.
type listenOptions struct {
	address, tlsCert, tlsKey, tokenFile string
	actions                             bool
}

func (o *listenOptions) flags(flags *pflag.FlagSet) {
	flags.StringVar(&o.address, "listen", "", "Serve a page of game days and runs, metrics for Prometheus (/metrics), /healthz and /readyz at this `ADDRESS`, such as 127.0.0.1:9180; nowhere unless told. Elsewhere than on loopback, the page wants --tls-cert, --tls-key and --token-file, and is left out otherwise")
	flags.StringVar(&o.tlsCert, "tls-cert", "", "With --listen: the `FILE` of the certificate that is shown to those who connect, and of what leads to its root (PEM)")
	flags.StringVar(&o.tlsKey, "tls-key", "", "With --listen: the `FILE` of its private key (PEM)")
	flags.StringVar(&o.tokenFile, "token-file", "", "With --listen: the `FILE` of the bearer token without which nobody sees the page")
	flags.BoolVar(&o.actions, "allow-actions", false, "With --listen: let those who see the page also stop all runs by it")
}

// check refuses flags that make no sense together.
func (o *listenOptions) check() error {
	switch {
	case o.address == "" && (o.tlsCert != "" || o.tlsKey != "" || o.tokenFile != "" || o.actions):
		return usage(errors.New("--tls-cert, --tls-key, --token-file and --allow-actions go with --listen"))
	case (o.tlsCert == "") != (o.tlsKey == ""):
		return usage(errors.New("--tls-cert and --tls-key go together"))
	case o.tokenFile != "" && o.tlsCert == "":
		return usage(errors.New("--token-file wants --tls-cert and --tls-key: a token that is sent in the clear is everybody's"))
	}
	return nil
}

// token reads the one of the file.
func (o *listenOptions) token() (string, error) {
	text, err := os.ReadFile(o.tokenFile)
	if err != nil {
		return "", usage(fmt.Errorf("--token-file: %w", err))
	}
	token := strings.TrimSpace(string(text))
	if len(token) < shortestToken {
		return "", usage(fmt.Errorf("--token-file: the token of %s has %d characters: expected %d or more, such as openssl rand -hex 32 gives", o.tokenFile, len(token), shortestToken))
	}
	return token, nil
}

// shortestToken is how many characters a token has at the least: who can reach the page may try many.
const shortestToken = 16

// serveAt serves the monitor and the page at an address beside the game days.
func (s *server) serveAt(ctx context.Context, o listenOptions) error {
	var secure *tls.Config
	if o.tlsCert != "" {
		pair, err := tls.LoadX509KeyPair(o.tlsCert, o.tlsKey)
		if err != nil {
			return usage(fmt.Errorf("--tls-cert and --tls-key: %w", err))
		}
		secure = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	}
	site, err := s.site(o)
	if err != nil {
		return err
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", o.address)
	if err != nil {
		return usage(fmt.Errorf("nothing can be served at %s: %w", o.address, err))
	}
	mux := http.NewServeMux()
	for _, path := range []string{"/metrics", "/healthz", "/readyz"} {
		mux.Handle(path, s.set.monitor.Handler())
	}
	scheme := "http"
	if secure != nil {
		listener, scheme = tls.NewListener(listener, secure), "https"
	}
	fmt.Fprintf(s.set.voices.err, "metrics at %s://%s/metrics\n", scheme, listener.Addr())
	local := isLoopback(listener.Addr())
	switch {
	case !local && (secure == nil || site.Guard.Identify == nil):
		fmt.Fprintf(s.set.voices.err, "the page is left out: elsewhere than on loopback it wants --tls-cert, --tls-key and --token-file\n")
	default:
		site.Guard.Local = local && secure == nil
		mux.Handle("/", site.Handler())
		fmt.Fprintf(s.set.voices.err, "page at %s://%s/\n", scheme, listener.Addr())
	}
	server := web.Server(mux)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			s.set.monitor.Ready(false)
		}
	}()
	defer func() { letGo(server); <-ended }()
	return s.serve(ctx)
}

// goodbye is how long those who are being answered may take when everything else is over.
const goodbye = 2 * time.Second

// letGo ends a server whose runs have ended. Pages that follow one are told so; none is waited for that takes too long.
func letGo(server *http.Server) {
	ctx, cancel := context.WithTimeout(context.Background(), goodbye)
	defer cancel()
	if server.Shutdown(ctx) != nil {
		_ = server.Close()
	}
}

// isLoopback says whether nobody but this machine can reach an address.
func isLoopback(at net.Addr) bool {
	address, err := netip.ParseAddrPort(at.String())
	return err == nil && address.Addr().IsLoopback()
}

// site is the page of this server.
func (s *server) site(o listenOptions) (*web.Site, error) {
	site := &web.Site{
		Board: s.set.board, Version: version.Version(), Out: s.set.options.out, Switch: clusterSwitch{s.app},
		Runs: func(ctx context.Context, q history.Query) (runs []history.Run, err error) {
			quiet := *s.app // what it has to say of the index is for those who ask by the terminal
			quiet.Err = noWords{}
			err = quiet.withHistory(ctx, s.set.options.out, func(index *history.Index) error {
				runs, err = index.Runs(ctx, q)
				return err
			})
			return runs, err
		},
	}
	site.Guard.Actions = o.actions
	if o.tokenFile != "" {
		token, err := o.token()
		if err != nil {
			return nil, err
		}
		site.Guard.Identify = web.StaticToken(token)
	}
	return site, nil
}

// noWords is a writer to nobody.
type noWords struct{}

func (noWords) Write(p []byte) (int, error) { return len(p), nil }

// clusterSwitch is the kill switch of the cluster that this program reaches.
type clusterSwitch struct{ app *app }

// Order gives the stop in force.
func (k clusterSwitch) Order(ctx context.Context) (*killswitch.Order, error) {
	c, err := k.app.connect()
	if err != nil {
		return nil, err
	}
	return killswitch.Get(ctx, c.Client)
}

// Stop orders one.
func (k clusterSwitch) Stop(ctx context.Context, by, reason string) error {
	c, err := k.app.connect()
	if err != nil {
		return err
	}
	_, err = killswitch.Set(ctx, c.Client, by+", by the page of "+me(), reason)
	return err
}

// tellBoard tells the page which game days are in force.
func (s *daySet) tellBoard() {
	var days []web.Day
	var broken []web.Broken
	for _, f := range s.files {
		for _, d := range f.days {
			days = append(days, d.shown())
		}
		if f.why != nil {
			broken = append(broken, web.Broken{File: f.path, Why: f.why.Error()})
		}
	}
	s.board.Serves(days, broken)
}

// shown is the game day as the page shows it.
func (d *gameDay) shown() web.Day {
	day := web.Day{Name: d.Metadata.Name, File: d.file, When: d.Spec.Schedule, Zone: d.table.Schedule.Zone().String()}
	if day.When == "" {
		day.When = "once"
	}
	if d.Spec.Suspend {
		day.When += ", suspended"
	}
	for _, e := range d.experiments {
		day.Experiments = append(day.Experiments, e.Metadata.Name)
	}
	day.Next = func(now time.Time) web.Next {
		coming := comingRuns(d.GameDay, d.table, now, 1)
		var next web.Next
		if len(coming.Items) > 0 {
			next.At, next.Local = coming.Items[0].At, coming.Items[0].Local
		}
		if len(coming.Skipped) > 0 {
			first := coming.Skipped[0]
			next.Skipped = fmt.Sprintf("that of %s is left out: %s", coming.show(first.At), first.Why)
		}
		return report.Tamed(next)
	}
	return day
}

// followed is a run that the page follows.
func (s *daySet) followed(gameDay string) follow {
	return func(id string, clock event.Clock, requests *load.Live) (event.Sink, func()) {
		return s.board.Follow(id, gameDay, clock, requests)
	}
}
