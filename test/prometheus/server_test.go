package prometheus

import (
	"bufio"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/probe"
	"github.com/chaosctl/chaosctl/test/internal/binary"
)

// scraped is how often Prometheus asks for the metrics.
const scraped = 200 * time.Millisecond

// enough is the time that anything here takes at the most.
const enough = 30 * time.Second

// shop is what Prometheus watches: its metrics are those of a server with two pods, one of which may be away.
type shop struct {
	ready    atomic.Int64
	requests atomic.Int64
}

func (s *shop) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	n := s.requests.Add(10)
	fmt.Fprintf(w, "shop_ready %d\n", s.ready.Load())
	fmt.Fprintf(w, "# TYPE shop_requests_total counter\nshop_requests_total{pod=\"a\"} %d\nshop_requests_total{pod=\"b\"} %d\n", n, n)
	fmt.Fprintf(w, "# TYPE shop_seconds histogram\nshop_seconds_bucket{le=\"0.1\"} %d\nshop_seconds_bucket{le=\"+Inf\"} %d\nshop_seconds_count %d\nshop_seconds_sum 1\n", n, n, n)
}

var listening = regexp.MustCompile(`msg="Listening on" address=(\S+)`)

// server is a Prometheus, and how it is stopped.
type server struct {
	url  string
	stop func()
}

// start runs a Prometheus that watches the shop, and waits until it knows of it.
func start(t *testing.T, of http.Handler) server {
	t.Helper()
	target := httptest.NewServer(of)
	t.Cleanup(target.Close)
	directory := t.TempDir()
	config := fmt.Sprintf("global: {scrape_interval: %s}\nscrape_configs:\n- {job_name: shop, static_configs: [{targets: [%q]}]}\n",
		scraped, strings.TrimPrefix(target.URL, "http://"))
	require.NoError(t, os.WriteFile(filepath.Join(directory, "prometheus.yml"), []byte(config), 0o600))

	command := exec.CommandContext(t.Context(), binary.Tool(t, "prometheus"), "--config.file", filepath.Join(directory, "prometheus.yml"),
		"--storage.tsdb.path", filepath.Join(directory, "data"), "--web.listen-address", "127.0.0.1:0")
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	said, err := command.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, command.Start())
	address, ended := make(chan string, 1), make(chan struct{})
	go func() {
		defer close(ended)
		for lines := bufio.NewScanner(said); lines.Scan(); {
			if found := listening.FindStringSubmatch(lines.Text()); found != nil {
				address <- found[1]
			}
		}
		_ = command.Wait() // it is killed, and says so
	}()
	s := server{stop: func() {
		_ = command.Process.Kill()
		<-ended
	}}
	t.Cleanup(s.stop)
	select {
	case s.url = <-address:
		s.url = "http://" + s.url
	case <-ended:
		require.FailNow(t, "Prometheus ended")
	case <-time.After(enough):
		require.FailNow(t, "Prometheus does not listen")
	}
	require.Eventually(t, func() bool {
		// Of the rates, two scrapes are needed.
		v, err := (&probe.Prometheus{URL: s.url, Query: "min(rate(shop_requests_total[2s]))"}).Value(t.Context())
		return err == nil && v > 0
	}, enough, scraped)
	return s
}
