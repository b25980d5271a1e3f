package shop_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/examples/shop/internal/catalogue"
	"github.com/chaosctl/chaosctl/examples/shop/internal/frontend"
	"github.com/chaosctl/chaosctl/examples/shop/internal/process"
)

// patience is how long a test waits for what should happen much sooner.
const patience = 10 * time.Second

// TestMain lets the test binary be the services themselves, so that they run
// as processes of their own without being built first.
func TestMain(m *testing.M) {
	switch os.Getenv("SHOP_TEST_SERVICE") {
	case "frontend":
		os.Exit(process.Main(process.FromOS(), frontend.Run))
	case "catalogue":
		os.Exit(process.Main(process.FromOS(), catalogue.Run))
	}
	os.Exit(m.Run())
}

// event is a line of the truth log.
type event struct {
	Time    time.Time
	Event   string
	Service string
	Pod     string
	Address string
	Config  string
	Error   string
}

// service is a running process.
type service struct {
	t   *testing.T
	cmd *exec.Cmd
	url string

	exited chan struct{} // closed once the process is gone and its log complete
	mu     sync.Mutex
	log    []event
	stderr string
}

// start runs a service on ephemeral ports and returns at once.
func start(t *testing.T, name string, env map[string]string) *service {
	s := &service{t: t, cmd: exec.Command(os.Args[0]), exited: make(chan struct{})}
	s.cmd.Env = append(os.Environ(), "SHOP_TEST_SERVICE="+name, "POD_NAME="+name+"-0", "PORT=0", "CONTROL_PORT=0", "SHOP_DRAIN=1s")
	for key, value := range env {
		s.cmd.Env = append(s.cmd.Env, key+"="+value)
	}
	stdout, err := s.cmd.StdoutPipe()
	require.NoError(t, err)
	stderr, err := s.cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, s.cmd.Start())
	go s.follow(stdout, stderr)
	t.Cleanup(func() {
		_ = s.cmd.Process.Kill()
		<-s.exited
	})
	return s
}

// running starts a service and waits until its port is open.
func running(t *testing.T, name string, env map[string]string) *service {
	s := start(t, name, env)
	s.url = s.await("listening", 1).url(t)
	return s
}

func (e event) url(t *testing.T) string {
	_, port, err := net.SplitHostPort(e.Address)
	require.NoError(t, err)
	return "http://" + net.JoinHostPort("127.0.0.1", port)
}

func (s *service) follow(stdout, stderr io.Reader) {
	defer close(s.exited)
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		e := event{Event: "unreadable: " + lines.Text()}
		_ = json.Unmarshal(lines.Bytes(), &e)
		s.mu.Lock()
		s.log = append(s.log, e)
		s.mu.Unlock()
	}
	text, _ := io.ReadAll(stderr)
	s.mu.Lock()
	s.stderr = string(text)
	s.mu.Unlock()
	_ = s.cmd.Wait() // the exit code is in ProcessState
}

// find returns the nth event of a name, counted from 1.
func (s *service) find(name string, nth int) (event, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.log {
		if e.Event == name {
			if nth--; nth == 0 {
				return e, true
			}
		}
	}
	return event{}, false
}

// await waits for the nth event of a name.
func (s *service) await(name string, nth int) event {
	s.t.Helper()
	var found event
	s.eventually(func() (ok bool) {
		found, ok = s.find(name, nth)
		return ok
	}, fmt.Sprintf("event %s, number %d", name, nth))
	return found
}

func (s *service) eventually(condition func() bool, what string) {
	s.t.Helper()
	require.Eventually(s.t, condition, patience, 2*time.Millisecond, what)
}

func (s *service) signal(sig os.Signal) {
	s.t.Helper()
	require.NoError(s.t, s.cmd.Process.Signal(sig))
}

// exitCode waits for the end of the process.
func (s *service) exitCode() (code int, stderr string) {
	s.t.Helper()
	select {
	case <-s.exited:
	case <-time.After(patience):
		require.FailNow(s.t, "the process does not end")
	}
	return s.cmd.ProcessState.ExitCode(), s.stderr
}

// answer is what a test needs to know of an HTTP response.
type answer struct {
	status int
	header http.Header
	body   string
	close  bool // the server asked the client to connect anew
}

func get(client *http.Client, url string) (answer, error) {
	request, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return answer{}, err
	}
	request.Header.Set("Authorization", "Bearer "+word)
	response, err := client.Do(request)
	if err != nil {
		return answer{}, err
	}
	body, err := io.ReadAll(response.Body)
	err = errors.Join(err, response.Body.Close())
	return answer{response.StatusCode, response.Header, string(body), response.Close}, err
}

// get asks once on a connection of its own.
func (s *service) get(path string) answer {
	s.t.Helper()
	got, err := get(newClient(), s.url+path)
	require.NoError(s.t, err)
	return got
}

func newClient() *http.Client {
	return &http.Client{Transport: &http.Transport{}, Timeout: patience}
}
