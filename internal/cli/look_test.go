package cli

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/report"
)

// watch is a server in a bubble of time, from the first instant of the year 2000 on, with what it ran.
type watch struct {
	t    *testing.T
	dir  string
	s    *server
	errs *lockedBuffer
	mu   sync.Mutex
	// took is how long each run takes.
	took time.Duration
	runs []string
}

// watching serves the directory while a test goes through its steps, each of which comes so long after the start.
func watching(t *testing.T, files map[string]string, test func(w *watch)) {
	t.Helper()
	dir := folder(t, files)
	synctest.Test(t, func(t *testing.T) {
		w := &watch{t: t, dir: dir}
		var err error
		w.s, _, w.errs, err = serving(t, w.run, dir)
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- w.s.serve(ctx) }()
		test(w)
		cancel()
		require.NoError(t, <-done)
	})
}

// run writes down a run: the game day, its experiment where that is no built-in one, and when.
func (w *watch) run(ctx context.Context, day *gameDay) (*report.Result, error) {
	line := day.Metadata.Name
	if name := day.experiments[0].Metadata.Name; name != "pod-kill" {
		line += " " + name
	}
	line += time.Now().UTC().Format(" 15:04")
	defer func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.runs = append(w.runs, line)
	}()
	w.mu.Lock()
	took := w.took
	w.mu.Unlock()
	select {
	case <-time.After(took):
	case <-ctx.Done():
		line += " interrupted"
	}
	return results()[report.ExitPass], nil
}

// write puts a text in the place of a file's; "" removes it.
func (w *watch) write(name, text string) {
	path := filepath.Join(w.dir, name)
	if text == "" {
		require.NoError(w.t, os.Remove(path))
		return
	}
	require.NoError(w.t, os.WriteFile(path, []byte(text), 0o600))
}

// until goes on to a time of the day.
func (w *watch) until(clock string) {
	at, err := time.Parse("2006-01-02 15:04", "2000-01-01 "+clock)
	require.NoError(w.t, err)
	time.Sleep(time.Until(at))
	synctest.Wait()
}

// ran are the runs since it was asked last.
func (w *watch) ran() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := w.runs
	w.runs = nil
	return all
}

// said is what was written since it was asked last, without the directory.
func (w *watch) said() string {
	w.errs.mu.Lock()
	defer w.errs.mu.Unlock()
	text := strings.ReplaceAll(w.errs.Buffer.String(), w.dir, "DIR")
	w.errs.Reset()
	return text
}

// metric is the value of a metric; "" where there is none.
func (w *watch) metric(name string) string {
	recorder := httptest.NewRecorder()
	w.s.set.monitor.Handler().ServeHTTP(recorder, httptest.NewRequestWithContext(w.t.Context(), http.MethodGet, "/metrics", nil))
	for line := range strings.Lines(recorder.Body.String()) {
		if value, ok := strings.CutPrefix(strings.ReplaceAll(line, w.dir, "DIR"), name+" "); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// anExperimentOf is an experiment of a name, by which its versions are told apart.
func anExperimentOf(name string) string {
	return strings.Replace(anExperiment, "name: one", "name: "+name, 1)
}

// dayOf is a game day of an experiment's file.
func dayOf(name, schedule, file string) string {
	return strings.Replace(dayText(name, schedule, ""), "builtin: pod-kill", "file: "+file, 1)
}

const (
	hourly   = "0 * * * *"
	halfPast = "30 * * * *"
)

func TestServeFollowsItsFiles(t *testing.T) {
	watching(t, map[string]string{"a.yaml": dayOf("a", hourly, "one.yaml"), "one.yaml": anExperimentOf("first")}, func(w *watch) {
		w.until("01:10")
		assert.Equal(t, []string{"a first 01:00"}, w.ran())

		w.write("b.yml", dayText("b", halfPast, ""))  // a new one begins
		w.write("one.yaml", anExperimentOf("second")) // an experiment is a part of its game day
		w.until("01:13")
		assert.Contains(t, w.said(), "game day b: it is there now, in DIR/b.yml\n")
		assert.Equal(t, "1", w.metric(`chaosctl_gameday_config_valid{file="DIR/b.yml"}`))
		assert.Empty(t, w.metric(`chaosctl_gameday_config_valid{file="DIR/one.yaml"}`), "it holds no game day")
		assert.NotEmpty(t, w.metric(`chaosctl_next_run_timestamp_seconds{gameday="b"}`))
		w.until("02:10")
		assert.Equal(t, []string{"b 01:30", "a second 02:00"}, w.ran())
		w.said()

		w.write("a.yaml", dayOf("a", "20 * * * *", "one.yaml")) // another schedule
		w.write("b.yml", "")
		w.until("02:14")
		said := w.said()
		assert.Contains(t, said, "game day b: it is not there any more: no other run of it begins\n")
		assert.Contains(t, said, "game day a: it has changed, or a file that it names: that is in force from the next run on\n")
		assert.Equal(t, 1, strings.Count(said, "it has changed"), said)
		assert.Empty(t, w.metric(`chaosctl_gameday_config_valid{file="DIR/b.yml"}`))
		assert.Empty(t, w.metric(`chaosctl_next_run_timestamp_seconds{gameday="b"}`))
		w.until("03:10")
		assert.Equal(t, []string{"a second 02:20"}, w.ran())
	})
}

// TestServeFinishesRuns: neither a change nor the end of a game day cuts a run short, and the day may come back meanwhile.
func TestServeFinishesRuns(t *testing.T) {
	text := dayText("a", hourly, "")
	watching(t, map[string]string{"a.yaml": text, "b.yaml": dayText("b", "@yearly", "")}, func(w *watch) {
		w.mu.Lock()
		w.took = 40 * time.Minute
		w.mu.Unlock()
		w.until("01:10")
		w.write("a.yaml", strings.Replace(text, hourly, "50 * * * *", 1))
		w.until("01:45")
		assert.Equal(t, []string{"a 01:00"}, w.ran())
		w.until("02:00")
		w.write("a.yaml", "")
		w.until("03:10")
		assert.Equal(t, []string{"a 01:50"}, w.ran(), "it goes on to its end, and is the last one")

		w.write("a.yaml", text)
		w.until("04:10")
		w.write("a.yaml", "")
		w.until("04:20")
		w.write("a.yaml", text) // before its end was seen
		w.until("05:50")
		assert.Equal(t, []string{"a 04:00", "a 05:00"}, w.ran())
		w.until("06:10")
	})
}

func TestServeKeepsTheLastGoodVersion(t *testing.T) {
	good := dayOf("a", hourly, "one.yaml")
	for name, c := range map[string]struct{ file, broken, want string }{
		"a broken game day":   {"a.yaml", strings.Replace(good, "schedule:", "scedule:", 1), `error: DIR/a.yaml:5:3: spec.scedule: unknown field "scedule" (did you mean "schedule"?)`},
		"a broken experiment": {"one.yaml", strings.Replace(anExperimentOf("broken"), "podKill", "podKil", 1), `error: DIR/one.yaml:7:25: spec.faults[0].podKil: `},
		"a missing one":       {"one.yaml", "", "error: DIR/a.yaml: stat DIR/one.yaml: no such file or directory"},
		"no game day":         {"a.yaml", "kind: Deployment\napiVersion: apps/v1\n", `error: DIR/a.yaml:2:13: apiVersion: unknown apiVersion "apps/v1"`},
	} {
		t.Run(name, func(t *testing.T) {
			watching(t, map[string]string{"a.yaml": good, "one.yaml": anExperimentOf("first")}, func(w *watch) {
				w.until("00:10")
				assert.Equal(t, "1", w.metric(`chaosctl_gameday_config_valid{file="DIR/a.yaml"}`))
				w.said()
				w.write(c.file, c.broken)
				w.until("01:10")
				said := w.said()
				assert.Equal(t, 1, strings.Count(said, c.want), "told once, with its place: %s", said)
				assert.Contains(t, said, "hint: until DIR/a.yaml is mended, what was in force of it stays so\n")
				assert.Equal(t, []string{"a first 01:00"}, w.ran())
				assert.Equal(t, "0", w.metric(`chaosctl_gameday_config_valid{file="DIR/a.yaml"}`))

				w.write("a.yaml", good)
				w.write("one.yaml", anExperimentOf("mended"))
				w.until("02:10")
				assert.Equal(t, []string{"a mended 02:00"}, w.ran())
				assert.Contains(t, w.said(), "DIR/a.yaml is in force as it stands\n")
				assert.Equal(t, "1", w.metric(`chaosctl_gameday_config_valid{file="DIR/a.yaml"}`))

				w.write(c.file, c.broken)
				w.until("02:20")
				w.write("a.yaml", good)
				w.write("one.yaml", anExperimentOf("mended")) // as it was
				w.until("03:10")
				assert.Equal(t, []string{"a mended 03:00"}, w.ran())
				said = w.said()
				assert.Contains(t, said, "DIR/a.yaml is in force as it stands\n")
				assert.NotContains(t, said, "it has changed", "what is in force is the same")
				assert.Equal(t, "1", w.metric(`chaosctl_gameday_config_valid{file="DIR/a.yaml"}`))
			})
		})
	}
}

// TestServeOfAMountedConfigMap: kubelet puts another directory in the place of the first by renaming the link to it.
func TestServeOfAMountedConfigMap(t *testing.T) {
	dir := t.TempDir()
	publish := func(version string, files map[string]string) {
		require.NoError(t, os.Mkdir(filepath.Join(dir, version), 0o755))
		for name, text := range files {
			require.NoError(t, os.WriteFile(filepath.Join(dir, version, name), []byte(text), 0o600))
			if _, err := os.Lstat(filepath.Join(dir, name)); err != nil {
				require.NoError(t, os.Symlink(filepath.Join("..data", name), filepath.Join(dir, name)))
			}
		}
		old, _ := os.Readlink(filepath.Join(dir, "..data"))
		require.NoError(t, os.Symlink(version, filepath.Join(dir, "..data_tmp")))
		require.NoError(t, os.Rename(filepath.Join(dir, "..data_tmp"), filepath.Join(dir, "..data")))
		if old == "" {
			return
		}
		leftovers, err := os.ReadDir(filepath.Join(dir, old))
		require.NoError(t, err)
		for _, file := range leftovers {
			if _, ok := files[file.Name()]; !ok {
				require.NoError(t, os.Remove(filepath.Join(dir, file.Name())))
			}
		}
		require.NoError(t, os.RemoveAll(filepath.Join(dir, old)))
	}
	publish("..1", map[string]string{"a.yaml": dayOf("a", hourly, "one.yaml"), "one.yaml": anExperimentOf("first"), "b.yaml": dayText("b", halfPast, "")})
	synctest.Test(t, func(t *testing.T) {
		w := &watch{t: t, dir: dir}
		var err error
		w.s, _, w.errs, err = serving(t, w.run, dir)
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- w.s.serve(ctx) }()
		w.until("01:10")
		assert.Equal(t, []string{"b 00:30", "a first 01:00"}, w.ran())
		publish("..2", map[string]string{"a.yaml": dayOf("a", hourly, "one.yaml"), "one.yaml": anExperimentOf("second")})
		w.until("02:10")
		assert.Equal(t, []string{"a second 02:00"}, w.ran())
		assert.NotContains(t, w.said(), "error:")
		cancel()
		require.NoError(t, <-done)
	})
}

// TestServeOfExperimentsInADirectory: where a game day names a directory, all files in it are a part of it.
func TestServeOfExperimentsInADirectory(t *testing.T) {
	watching(t, map[string]string{"a.yaml": dayOf("a", hourly, ".more"), ".more/one.yaml": anExperimentOf("first")}, func(w *watch) {
		w.until("00:10")
		w.write(".more/one.yaml", anExperimentOf("second"))
		w.until("01:10")
		w.write(".more/a.yaml", anExperimentOf("third")) // in order before the other
		w.until("02:10")
		assert.Equal(t, []string{"a second 01:00", "a third 02:00", "a third 02:00"}, w.ran())
	})
}

// TestServeOfWhatCannotBeListed: a directory that cannot be read is no empty one.
func TestServeOfWhatCannotBeListed(t *testing.T) {
	watching(t, map[string]string{"a.yaml": dayOf("a", hourly, "one.yaml"), "one.yaml": anExperimentOf("first")}, func(w *watch) {
		w.until("00:10")
		require.NoError(t, os.Rename(w.dir, w.dir+".away"))
		require.NoError(t, os.Symlink(w.dir, w.dir)) // leads to itself for ever
		w.said()
		w.until("01:10")
		assert.Equal(t, []string{"a first 01:00"}, w.ran())
		said := w.said()
		assert.Equal(t, 1, strings.Count(said, "error: stat DIR: too many levels of symbolic links\nhint: until DIR can be read, what was in force of it stays so\n"), said)

		require.NoError(t, os.Remove(w.dir))
		w.until("02:10")
		assert.Empty(t, w.ran(), "and one that is not there has no files")
		assert.Contains(t, w.said(), "game day a: it is not there any more")
		require.NoError(t, os.Rename(w.dir+".away", w.dir))
		w.until("03:10")
		assert.Equal(t, []string{"a first 03:00"}, w.ran())
	})
}

// TestChangeOfAnUntakenChange: what is put in the place of another schedule that was not taken yet is another schedule too.
func TestChangeOfAnUntakenChange(t *testing.T) {
	version := func(schedule, more string) *gameDay {
		day, _, _, _ := aDay(t, "  schedule: \""+schedule+"\"\n"+more, 1)
		return day
	}
	first := version(hourly, "")
	loop := newDayLoop(first, func() {})
	loop.change(version(hourly, "  jitter: 1m\n"))
	assert.False(t, (<-loop.changes).Afresh)
	loop.change(version(halfPast, ""))
	loop.change(version(halfPast, "  jitter: 1m\n"))
	assert.True(t, (<-loop.changes).Afresh)
	loop.change(nil)
	loop.change(version(halfPast, ""))
	last := <-loop.changes
	assert.False(t, last.Afresh)
	assert.False(t, last.End, "it came back before its end was taken")
}

// TestServeWaitsForWholeFiles: what a look sees of a file that is being written is not taken for its content.
func TestServeWaitsForWholeFiles(t *testing.T) {
	text := dayText("a", hourly, "")
	watching(t, map[string]string{"a.yaml": text}, func(w *watch) {
		w.until("00:01")
		time.Sleep(w.s.every / 2) // between two looks
		for i := range 8 {
			w.write("a.yaml", text[:len(text)*(i+1)/10])
			time.Sleep(w.s.every)
		}
		w.write("a.yaml", "")
		time.Sleep(w.s.every)
		w.write("a.yaml", strings.Replace(text, hourly, halfPast, 1))
		w.until("00:40")
		assert.Equal(t, []string{"a 00:30"}, w.ran())
		said := w.said()
		assert.NotContains(t, said, "error:")
		assert.NotContains(t, said, "it is not there any more")
	})
}

// TestServeOfOneName: a name belongs to the file that has it, as long as that does.
func TestServeOfOneName(t *testing.T) {
	first := dayOf("a", hourly, "one.yaml")
	watching(t, map[string]string{"m.yaml": first, "one.yaml": anExperimentOf("first"), "two.yaml": anExperimentOf("second")}, func(w *watch) {
		second := dayOf("a", hourly, "two.yaml")
		w.until("00:10")
		w.write("b.yaml", second)
		w.until("01:10")
		assert.Equal(t, []string{"a first 01:00"}, w.ran())
		said := w.said()
		assert.Equal(t, 1, strings.Count(said, `error: DIR/b.yaml:3:18: metadata.name: "a" is the name of another game day too, in DIR/m.yaml:3:18 (`), said)
		assert.Equal(t, "0", w.metric(`chaosctl_gameday_config_valid{file="DIR/b.yaml"}`))

		w.write("m.yaml", "")
		w.until("02:10")
		assert.Equal(t, []string{"a second 02:00"}, w.ran())
		assert.NotContains(t, w.said(), "it is not there any more")
		assert.Equal(t, "1", w.metric(`chaosctl_gameday_config_valid{file="DIR/b.yaml"}`))

		require.NoError(t, os.Rename(filepath.Join(w.dir, "b.yaml"), filepath.Join(w.dir, "z.yaml")))
		w.until("03:10")
		assert.Equal(t, []string{"a second 03:00"}, w.ran(), "a file that is renamed goes on")
		assert.NotContains(t, w.said(), "error:")

		// Two that exchange their names at once, and one that takes the name of another which it does not give up.
		w.write("y.yaml", dayText("b", halfPast, ""))
		w.until("03:20")
		w.write("y.yaml", first)
		w.write("z.yaml", dayText("b", halfPast, ""))
		w.until("04:10")
		assert.Equal(t, []string{"b 03:30", "a first 04:00"}, w.ran())
		w.write("y.yaml", dayText("b", "0 0 * * *", ""))
		w.write("z.yaml", dayText("b", halfPast, "")+"---\n"+dayText("c", halfPast, ""))
		w.until("05:10")
		assert.Equal(t, []string{"b 04:30", "a first 05:00"}, w.ran(), "neither may have both, so all stays as it was")
	})
}

func TestServeOfWhatIsBrokenAtFirst(t *testing.T) {
	broken := strings.Replace(dayText("b", hourly, ""), "schedule", "scedule", 1)
	dir := folder(t, map[string]string{"a.yaml": dayText("a", hourly, ""), "b.yaml": broken})
	_, _, errs, err := serving(t, passes, dir+"/a.yaml", dir+"/b.yaml")
	assert.Equal(t, report.ExitInvalid, Explain(errs, err), "one that was named")
	assert.Contains(t, errs.String(), "b.yaml:5:3: spec.scedule: ")
	a := newTestApp("")
	_, err = a.newServer([]string{dir}, serveOptions{state: t.TempDir(), strict: true})
	assert.Equal(t, report.ExitInvalid, Explain(errs, err), "nobody waits until it is mended")
	_, _, errs, err = serving(t, passes, folder(t, map[string]string{"b.yaml": broken}))
	assert.Equal(t, report.ExitInvalid, Explain(errs, err), "nothing is left")
	assert.Contains(t, errs.String(), "b.yaml:5:3: spec.scedule: ")

	watching(t, map[string]string{"a.yaml": dayText("a", hourly, ""), "b.yaml": broken}, func(w *watch) {
		w.until("00:10")
		said := w.said()
		assert.Equal(t, 1, strings.Count(said, "error: DIR/b.yaml:5:3: spec.scedule: "), said)
		assert.Contains(t, said, "hint: until DIR/b.yaml is mended, nothing of it runs\n")
		assert.Equal(t, "0", w.metric(`chaosctl_gameday_config_valid{file="DIR/b.yaml"}`))
		w.write("b.yaml", dayText("b", halfPast, ""))
		w.until("01:10")
		assert.Equal(t, []string{"b 00:30", "a 01:00"}, w.ran())
	})
}

// TestServeEnds: it ends where no run is left, unless a directory may get another.
func TestServeEnds(t *testing.T) {
	once := strings.Replace(dayText("a", "", ""), `schedule: ""`, "at: 2000-01-01T03:00", 1)
	dir := folder(t, map[string]string{"a.yaml": once, "b.yaml": strings.Replace(strings.Replace(once, "name: a", "name: b", 1), "T03", "T02", 1)})
	synctest.Test(t, func(t *testing.T) {
		w := &watch{t: t, took: time.Minute}
		var err error
		w.s, _, w.errs, err = serving(t, w.run, dir+"/a.yaml", dir+"/b.yaml")
		require.NoError(t, err)
		require.NoError(t, w.s.serve(t.Context()))
		assert.Equal(t, []string{"b 02:00", "a 03:00"}, w.ran())
		assert.Equal(t, "03:01", time.Now().UTC().Format("15:04"))
	})
	watching(t, map[string]string{"a.yaml": once}, func(w *watch) {
		w.until("04:00")
		assert.Equal(t, []string{"a 03:00"}, w.ran())
		assert.Empty(t, w.metric(`chaosctl_next_run_timestamp_seconds{gameday="a"}`))
		w.write("a.yaml", strings.Replace(once, "T03", "T05", 1))
		w.until("06:00")
		assert.Equal(t, []string{"a 05:00"}, w.ran())
	})
}
