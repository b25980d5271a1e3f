package ci

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// Under these names this program stands in for others.
var standIns = []string{"chaosctl", "lab", "go", "make", "sudo", "docker", "kind", "kubectl", "chown"}

// What a stand-in is told by its environment.
const (
	recordVariable = "STAND_IN_RECORD" // the file that gets a line for each call
	storyVariable  = "STAND_IN_STORY"  // what becomes of chaosctl run
	readyVariable  = "STAND_IN_READY"  // the file that is made when a run is to be interrupted
)

// The stories of a run.
const (
	passes    = "passes"
	fails     = "fails"
	cancelled = "is cancelled"
	killed    = "is killed"
)

func TestMain(m *testing.M) {
	if name := filepath.Base(os.Args[0]); slices.Contains(standIns, name) {
		code, err := standIn(name, os.Args[1:])
		if err != nil {
			fmt.Fprintf(os.Stderr, "stand-in for %s: %v\n", name, err)
			code = 99
		}
		os.Exit(code)
	}
	code := m.Run()
	if err := os.RemoveAll(labFolder); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(code)
}

// call is one of a stand-in, or a signal that it got: then Signal is all there is.
type call struct {
	Name   string
	Args   []string
	Signal string
}

// record adds to what has been called. One write of a short line is not torn.
func record(c call) error {
	file, err := os.OpenFile(os.Getenv(recordVariable), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	line, err := json.Marshal(c)
	if err != nil {
		return err
	}
	_, err = file.Write(append(line, '\n'))
	return errors.Join(err, file.Close())
}

func standIn(name string, args []string) (code int, err error) {
	if err := record(call{Name: name, Args: args}); err != nil {
		return 0, err
	}
	switch {
	case name == "sudo":
		return 0, syscall.Exec("/usr/bin/env", append([]string{"env"}, args...), os.Environ())
	case name == "chaosctl" && args[0] == "run":
		return standInRun(args)
	case name == "go" && args[0] == "install":
		return 0, become(filepath.Join(os.Getenv("GOBIN"), "chaosctl"))
	case name == "go" && args[0] == "build":
		return 0, become(args[slices.Index(args, "-o")+1] + "chaosctl")
	case name == "make":
		dir := filepath.Join(args[slices.Index(args, "-C")+1], "bin")
		return 0, errors.Join(become(filepath.Join(dir, "chaosctl")), become(filepath.Join(dir, "lab")))
	}
	return 0, nil
}

// standInRun leaves what a run leaves, and ends as the story says.
func standInRun(args []string) (code int, err error) {
	out := "chaosctl-runs"
	if i := slices.Index(args, "--out"); i >= 0 {
		out = args[i+1]
	}
	dir := filepath.Join(out, "20260102-150405-pod-kill-x7k2")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return 0, err
	}
	if err := os.WriteFile(filepath.Join(dir, "junit.xml"), []byte("<testsuites/>"), 0o600); err != nil {
		return 0, err
	}
	switch os.Getenv(storyVariable) {
	case fails:
		return 1, nil
	case killed:
		return 0, syscall.Kill(os.Getpid(), syscall.SIGKILL)
	case cancelled:
		signals := make(chan os.Signal, 1)
		signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
		if err := os.WriteFile(os.Getenv(readyVariable), nil, 0o600); err != nil {
			return 0, err
		}
		return 130, record(call{Signal: (<-signals).String()})
	}
	return 0, nil
}

// become puts this program in another place.
func become(path string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return os.Symlink(self, path)
}

// machine is what a job runs on.
type machine struct {
	t *testing.T
	// workspace is where the sources are, and temp is for what is not to be kept.
	workspace, temp string
	path            []string
	env             map[string]string
	story           string
}

// newMachine has everything but chaosctl and the lab.
func newMachine(t *testing.T, story string) *machine {
	t.Helper()
	dir := t.TempDir()
	m := &machine{t: t, workspace: filepath.Join(dir, "workspace"), temp: filepath.Join(dir, "temp"), story: story}
	for _, sub := range []string{m.workspace, m.temp} {
		require.NoError(t, os.MkdirAll(sub, 0o755))
	}
	tools, programs := filepath.Join(dir, "tools"), filepath.Join(dir, "programs")
	for _, name := range standIns {
		if name != "chaosctl" && name != "lab" {
			require.NoError(t, become(filepath.Join(tools, name)))
		}
	}
	m.path = []string{tools, programs, "/usr/local/bin", "/usr/bin", "/bin"}
	m.env = map[string]string{"HOME": dir, "GOBIN": programs, recordVariable: m.recordFile(), storyVariable: story, readyVariable: m.readyFile()}
	return m
}

func (m *machine) recordFile() string { return filepath.Join(m.temp, "record") }

func (m *machine) readyFile() string { return filepath.Join(m.temp, "ready") }

// calls are those so far; those of chaosctl are checked against the real one.
func (m *machine) calls() (all []call) {
	m.t.Helper()
	text, err := os.ReadFile(m.recordFile())
	require.NoError(m.t, err)
	for line := range strings.Lines(string(text)) {
		var c call
		require.NoError(m.t, json.Unmarshal([]byte(line), &c))
		all = append(all, c)
	}
	return all
}
