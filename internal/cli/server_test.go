package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/lock"
	"github.com/chaosctl/chaosctl/pkg/report"
)

// folder holds files by their names, in a directory of the test's.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	return dir
}

// dayText is a game day of one experiment with a schedule, and with what else its spec says.
func dayText(name, schedule, more string) string {
	return "apiVersion: chaosctl.dev/v1alpha1\nkind: GameDay\nmetadata: {name: " + name + "}\nspec:\n  schedule: \"" + schedule + "\"\n" + more + "  experiments: [{builtin: pod-kill}]\n"
}

const anExperiment = "apiVersion: chaosctl.dev/v1alpha1\nkind: Experiment\nmetadata: {name: one}\nspec:\n  promise: self-healing\n  target: {namespace: shop, workload: deployment/web}\n" +
	"  faults: [{name: kill, podKill: {}}]\n  expect: [{replicas: {atLeast: 1}}]\n"

// lockedBuffer may be written and read at once.
type lockedBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.String()
}

// serving is a server whose runs are played, and what it writes.
func serving(t *testing.T, run func(ctx context.Context, day *gameDay) (*report.Result, error), names ...string) (s *server, out, errs *lockedBuffer, err error) {
	t.Helper()
	out, errs = &lockedBuffer{}, &lockedBuffer{}
	a := &app{Streams: Streams{Out: out, Err: errs}, kube: newKubeFlags()}
	s, err = a.newServer(names, serveOptions{runOptions: runOptions{out: filepath.Join(t.TempDir(), "runs")}, state: t.TempDir()})
	if err == nil {
		s.every = time.Minute
		s.set.run = func(ctx context.Context, day *gameDay, _ chosen) (*report.Result, error) { return run(ctx, day) }
	}
	return s, out, errs, err
}

// passes plays a run that passes at once.
func passes(context.Context, *gameDay) (*report.Result, error) {
	return results()[report.ExitPass], nil
}

func TestGameDaysOfADirectory(t *testing.T) {
	dir := folder(t, map[string]string{
		"b.yaml": dayText("shop", "@daily", ""), "a.yaml": dayText("billing", "@daily", "") + "---\n" + dayText("audit", "@daily", ""),
		"more/c.yml": dayText("search", "@daily", ""), "experiment.yaml": anExperiment, "notes.txt": "no YAML",
	})
	s, _, _, err := serving(t, passes, filepath.Join(dir, "b.yaml"), dir, dir+"/a.yaml")
	require.NoError(t, err)
	var names []string
	for _, day := range s.set.days() {
		names = append(names, day.Metadata.Name)
		assert.Contains(t, day.index, day.Metadata.Name, "the reports of each have an index of their own")
	}
	assert.Equal(t, []string{"shop", "billing", "audit", "search"}, names, "each once, in the order in which they were named")
}

func TestGameDaysRefused(t *testing.T) {
	t.Parallel()
	day := dayText("shop", "@daily", "")
	for name, c := range map[string]struct {
		files map[string]string
		names []string
		want  string
	}{
		"two of one name": {
			map[string]string{"a.yaml": day, "b.yaml": "# another\n" + day}, []string{"."},
			`DIR/b.yaml:4:18: metadata.name: "shop" is the name of another game day too, in DIR/a.yaml:3:18 (give one of them another name, or leave one out)`,
		},
		"two of one name in one file": {
			map[string]string{"a.yaml": day + "---\n" + day}, []string{"a.yaml"},
			`DIR/a.yaml:10:18: metadata.name: "shop" is the name of another game day too, in DIR/a.yaml:3:18`,
		},
		"an experiment by name":   {map[string]string{"a.yaml": day, "one.yaml": anExperiment}, []string{"a.yaml", "one.yaml"}, "DIR/one.yaml holds no GameDay: experiments are run by chaosctl run -f"},
		"experiments alone":       {map[string]string{"one.yaml": anExperiment}, []string{"."}, "there is no GameDay in DIR: experiments are run by chaosctl run -f"},
		"both in one file":        {map[string]string{"a.yaml": day + "---\n" + anExperiment}, []string{"."}, "DIR/a.yaml holds a GameDay and the experiment one: move that to a file of its own"},
		"a directory of nothing":  {map[string]string{"a.txt": ""}, []string{"."}, "there is no GameDay in DIR: experiments are run by chaosctl run -f"},
		"what is not there":       {nil, []string{"none.yaml"}, "DIR/none.yaml: no such file or directory"},
		"an experiment's mistake": {map[string]string{"a.yaml": strings.Replace(day, "builtin: pod-kill", "file: one.yaml", 1), "one.yaml": strings.Replace(anExperiment, "podKill", "podKil", 1)}, []string{"a.yaml"}, `DIR/one.yaml:7:25: spec.faults[0].podKil: unknown field or fault "podKil" (did you mean "podKill"?)`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := folder(t, c.files)
			var names []string
			for _, n := range c.names {
				names = append(names, filepath.Join(dir, n))
			}
			_, _, errs, err := serving(t, passes, names...)
			assert.Equal(t, report.ExitInvalid, Explain(errs, err))
			assert.Contains(t, strings.ReplaceAll(errs.String(), dir, "DIR"), c.want)
		})
	}
}

func TestServeRefuses(t *testing.T) {
	t.Parallel()
	dir := folder(t, map[string]string{"a.yaml": dayText("a", "@daily", "")})
	for want, args := range map[string][]string{
		"--leader-elect is for a program that stays":              {"--leader-elect", "chaos/serve", "--once"},
		"and remembers what was run last in its Lease":            {"--leader-elect", "chaos/serve", "--state", dir},
		`--leader-elect "Chaos/serve" is not namespace/name of a`: {"--leader-elect", "Chaos/serve"},
		"--listen is for a program that stays":                    {"--listen", "127.0.0.1:0", "--once"},
	} {
		var out, errs bytes.Buffer
		err := Run(t.Context(), append([]string{"serve", "-f", dir}, args...), Streams{Out: &out, Err: &errs})
		assert.Equal(t, report.ExitInvalid, Explain(&errs, err))
		assert.Contains(t, errs.String(), want)
	}
}

// TestOnceOfSeveral: they run in order, the worst one is the exit code, and what is left behind ends it.
func TestOnceOfSeveral(t *testing.T) {
	closed := "  windows: {exclude: [{from: 2020-01-01T00:00}]}\n"
	for name, c := range map[string]struct {
		second string
		codes  map[string]int
		ifOpen bool
		rows   []string
		code   int
	}{
		"all pass":        {"", nil, false, []string{"pass a", "pass b", "pass c"}, report.ExitPass},
		"one fails":       {"", map[string]int{"a": report.ExitFail}, false, []string{"fail a", "pass b", "pass c"}, report.ExitFail},
		"one is closed":   {closed, nil, false, []string{"pass a", "not run b", "pass c"}, report.ExitRefused},
		"one may be":      {closed, nil, true, []string{"pass a", "not run b", "pass c"}, report.ExitPass},
		"something stays": {"", map[string]int{"b": report.ExitUndoIncomplete}, false, []string{"pass a", "fail b", "not run c"}, report.ExitUndoIncomplete},
	} {
		t.Run(name, func(t *testing.T) {
			dir := folder(t, map[string]string{"1.yaml": dayText("a", "@daily", ""), "2.yaml": dayText("b", "@daily", c.second), "3.yaml": dayText("c", "@daily", "")})
			s, out, errs, err := serving(t, func(_ context.Context, day *gameDay) (*report.Result, error) {
				r := *results()[c.codes[day.Metadata.Name]]
				r.ExitCode = c.codes[day.Metadata.Name]
				return &r, nil
			}, dir)
			require.NoError(t, err)
			assert.Equal(t, c.code, Explain(errs, s.once(t.Context(), false, c.ifOpen)), errs.String())
			_, table, _ := strings.Cut(out.String(), "\ngame days\n")
			var rows []string
			for line := range strings.Lines(table) {
				if fields := strings.Fields(line); strings.HasPrefix(line, "  ") {
					rows = append(rows, strings.Join(fields[:len(strings.Fields(c.rows[len(rows)]))], " "))
				}
			}
			assert.Equal(t, c.rows, rows, out.String())
		})
	}
}

// TestServeSeveral: each runs on its own schedule, whatever the others do, and its lines say whose they are.
func TestServeSeveral(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := folder(t, map[string]string{"1.yaml": dayText("a", "0 * * * *", ""), "2.yaml": dayText("b", "30 * * * *", ""), "3.yaml": dayText("c", "0 * * * *", "")})
		var mu sync.Mutex
		var began []string
		s, out, errs, err := serving(t, func(ctx context.Context, day *gameDay) (*report.Result, error) {
			mu.Lock()
			began = append(began, day.Metadata.Name+time.Now().UTC().Format(" 15:04"))
			mu.Unlock()
			if day.Metadata.Name == "a" {
				return passes(ctx, day) // at once
			}
			fmt.Fprintln(day.app.Err, "it breaks")
			time.Sleep(45 * time.Minute)
			return passes(ctx, day)
		}, dir)
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Hour+10*time.Minute)
		defer cancel()
		require.NoError(t, s.serve(ctx))
		slices.Sort(began)
		assert.Equal(t, []string{"a 01:00", "a 02:00", "a 03:00", "b 00:30", "b 01:30", "b 02:30", "c 01:00", "c 02:00", "c 03:00"}, began)
		assert.Equal(t, 3, strings.Count(errs.String(), "\nb | it breaks\n"), errs.String())
		assert.Contains(t, errs.String(), "game day b: next run at 2000-01-01T00:30:00Z\n")
		assert.Equal(t, 3, strings.Count(out.String(), "c | verdict   pass: 1 pass, of 1 experiment\n"), out.String())
	})
}

// TestTargetTaken: a run whose target another one has is refused, or waits for it where its game day queues.
func TestTargetTaken(t *testing.T) {
	const minute = time.Minute
	for name, c := range map[string]struct {
		more  string
		taken time.Duration
		began string
	}{
		"refused":                 {"", 4 * minute, ""},
		"queued":                  {"  concurrency: queue\n", 4 * minute, "00:04"},
		"queued, with a deadline": {"  concurrency: queue\n  startingDeadline: 5m\n", 4 * minute, "00:04"},
		"queued for too long":     {"  concurrency: queue\n  startingDeadline: 2m\n", 4 * minute, ""},
		"its window ends":         {"  concurrency: queue\n  windows: {allow: [{hours: \"00:00-00:03\"}]}\n", 4 * minute, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dir := folder(t, map[string]string{"1.yaml": dayText("a", "0 0 * * *", c.more)})
				time.Sleep(24*time.Hour - minute)
				free, began := time.Now().Add(minute+c.taken), ""
				s, _, errs, err := serving(t, func(ctx context.Context, day *gameDay) (*report.Result, error) {
					if time.Now().Before(free) {
						return nil, &ExitError{Code: report.ExitRefused, Err: fmt.Errorf("it is taken: %w", &lock.Taken{State: lock.State{Renewed: time.Now()}})}
					}
					began = time.Now().UTC().Format("15:04")
					return passes(ctx, day)
				}, dir)
				require.NoError(t, err)
				ctx, cancel := context.WithTimeout(t.Context(), 20*minute)
				defer cancel()
				require.NoError(t, s.serve(ctx))
				assert.Equal(t, c.began, began, errs.String())
				assert.Equal(t, strings.Contains(c.more, "queue"), strings.Contains(errs.String(), "pod-kill waits for its target: "))
			})
		})
	}
}

// TestLines: what two write at once stays apart, and a line that has not ended is kept until it does.
func TestLines(t *testing.T) {
	var out bytes.Buffer
	to := &oneAtATime{out: &out}
	a, b := &lines{to: to, prefix: "a | "}, &lines{to: to, prefix: "b | "}
	fmt.Fprint(a, "one ")
	fmt.Fprint(b, "\nother\n::error::x\n")
	fmt.Fprint(a, "line\nand")
	assert.Equal(t, "b | other\n::error::x\na | one line\n", out.String())
	_, err := (&lines{to: &oneAtATime{out: failing{}}}).Write([]byte("x\n"))
	assert.Error(t, err)
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("no") }
