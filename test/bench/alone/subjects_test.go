package alone

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// outcome is what a process has told and taken.
type outcome struct {
	told
	// processor is its time on processors, MiB its peak of resident memory; wall is how long it took, where that is asked.
	processor, wall time.Duration
	MiB             float64
}

// subject sends requests.
type subject struct {
	name    string
	version string
	run     func(b *testing.B, t task) outcome
}

// subjects are chaosctl and its peers; one that is not installed is left out, and said so.
func subjects(b *testing.B) []subject {
	all := []subject{{"chaosctl", "this commit", played("chaosctl")}, {"vegeta", dependency(b, "github.com/tsenart/vegeta/v12"), played("vegeta")}}
	for _, s := range []struct {
		name, flag string
		run        func(path string) func(*testing.B, task) outcome
	}{{"fortio", "version", fortio}, {"wrk", "--version", wrk}, {"h2load", "--version", h2load}} {
		path, err := exec.LookPath(s.name)
		if built, _ := filepath.Abs(filepath.Join("..", "..", "..", "bin", s.name)); err != nil && exec.Command(built, s.flag).Run() == nil { //nolint:noctx,gosec // it ends at once
			path, err = built, nil
		}
		if err != nil {
			b.Logf("%s is not there, and left out: make bench installs it", s.name)
			continue
		}
		out, _ := exec.CommandContext(b.Context(), path, s.flag).Output() // wrk prints its version with an exit code of 1
		first, _, _ := strings.Cut(string(out), "\n")
		all = append(all, subject{s.name, first, s.run(path)})
	}
	return all
}

// dependency is the version of a module that this is built with.
func dependency(b *testing.B, path string) string {
	out, err := exec.CommandContext(b.Context(), "go", "list", "-m", "-f", "{{.Version}}", path).Output()
	require.NoError(b, err)
	return string(out)
}

// took runs a command to its end.
func took(b *testing.B, command *exec.Cmd) (string, outcome) {
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	require.NoError(b, command.Run(), "%s", &stderr)
	usage := command.ProcessState.SysUsage().(*syscall.Rusage)
	return stdout.String(), outcome{processor: command.ProcessState.UserTime() + command.ProcessState.SystemTime(), MiB: float64(usage.Maxrss) / 1024}
}

// gauge is the path of the small program that measures others: its own memory counts among that of what it starts.
func gauge(b *testing.B) string {
	b.Helper()
	path := filepath.Join(b.TempDir(), "measure")
	output, err := exec.CommandContext(b.Context(), "go", "build", "-o", path, "../measure").CombinedOutput()
	require.NoError(b, err, "%s", output)
	return path
}

// gauged runs a command by the small program that measures it.
func gauged(b *testing.B, gauge string, command ...string) outcome {
	text, _ := took(b, exec.CommandContext(b.Context(), gauge, command...))
	var said struct {
		Seconds, Processor float64
		KiB                float64
	}
	require.NoError(b, json.Unmarshal([]byte(text), &said))
	return outcome{processor: time.Duration(said.Processor * 1e9), wall: time.Duration(said.Seconds * 1e9), MiB: said.KiB / 1024}
}

func playing(b *testing.B, name string, t task) *exec.Cmd {
	text, err := json.Marshal(t)
	require.NoError(b, err)
	command := exec.CommandContext(b.Context(), os.Args[0], string(text)) //nolint:gosec // it is this program
	command.Env = append(os.Environ(), role+"="+name)
	return command
}

func played(name string) func(*testing.B, task) outcome {
	return func(b *testing.B, t task) outcome {
		text, o := took(b, playing(b, name, t))
		require.NoError(b, json.Unmarshal([]byte(text), &o.told))
		return o
	}
}

// The peers that are programs have so many connections. All of them wait for an answer before they send the next request.
const connections = 16

func fortio(path string) func(*testing.B, task) outcome {
	return func(b *testing.B, t task) outcome {
		text, o := took(b, exec.CommandContext(b.Context(), path, "load", "-quiet", "-allow-initial-errors", "-timeout", "30s", "-p", "99",
			"-c", fmt.Sprint(connections), "-qps", fmt.Sprint(t.Rate), "-t", t.For.String(), "-json", "-", t.URL))
		var said struct {
			DurationHistogram struct {
				Count       uint64
				Percentiles []struct{ Value float64 }
			}
		}
		require.NoError(b, json.Unmarshal([]byte(text[strings.Index(text, "{"):]), &said), text)
		o.told = told{said.DurationHistogram.Count, said.DurationHistogram.Percentiles[0].Value}
		return o
	}
}

var (
	wrkCount   = regexp.MustCompile(`(?m)^\s*(\d+) requests in `)
	wrkP99     = regexp.MustCompile(`(?m)^\s*99%\s+(\S+)\s*$`)
	loadFigure = regexp.MustCompile(`(\d+) done`)
)

// wrk has no rate: it sends as fast as it can.
func wrk(path string) func(*testing.B, task) outcome {
	return func(b *testing.B, t task) outcome {
		text, o := took(b, exec.CommandContext(b.Context(), path, "-t1", "-c", fmt.Sprint(connections), "-d", seconds(t.For), "--timeout", "30s", "--latency", t.URL))
		count, p99 := wrkCount.FindStringSubmatch(text), wrkP99.FindStringSubmatch(text)
		require.True(b, count != nil && p99 != nil, text)
		o.Requests, _ = strconv.ParseUint(count[1], 10, 64)
		d, err := time.ParseDuration(p99[1])
		require.NoError(b, err, text)
		o.P99 = d.Seconds()
		return o
	}
}

// h2load speaks HTTP/1.1 here, as fast as it can, and tells no percentiles.
func h2load(path string) func(*testing.B, task) outcome {
	return func(b *testing.B, t task) outcome {
		text, o := took(b, exec.CommandContext(b.Context(), path, "--h1", "-t1", "-c", fmt.Sprint(connections), "-D", strings.TrimSuffix(seconds(t.For), "s"), t.URL))
		count := loadFigure.FindStringSubmatch(text)
		require.NotNil(b, count, text)
		o.Requests, _ = strconv.ParseUint(count[1], 10, 64)
		o.P99 = math.NaN()
		return o
	}
}

// seconds is a whole number of them: neither wrk nor h2load knows parts.
func seconds(d time.Duration) string { return fmt.Sprintf("%.0fs", max(1, math.Round(d.Seconds()))) }

// server starts one of its own process, and gives its address.
func server(b *testing.B, t task) string {
	command := playing(b, "server", t)
	input, err := command.StdinPipe()
	require.NoError(b, err)
	output, err := command.StdoutPipe()
	require.NoError(b, err)
	require.NoError(b, command.Start())
	b.Cleanup(func() {
		_ = input.Close()
		_ = command.Wait()
	})
	address, err := bufio.NewReader(output).ReadString('\n')
	require.NoError(b, err)
	return strings.TrimSpace(address)
}
