package cli

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/chaosctl/chaosctl/experiments"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/inject"
	"github.com/chaosctl/chaosctl/pkg/report"
)

func newTestApp(stdin string) *app {
	return &app{Streams: Streams{In: strings.NewReader(stdin), Out: io.Discard, Err: io.Discard}, kube: newKubeFlags()}
}

// selected loads a built-in experiment with what flags say.
func selected(t *testing.T, s selection, namespace string) (*experiment.Experiment, error) {
	t.Helper()
	a := newTestApp("")
	a.kube.overrides.Context.Namespace = namespace
	all, err := s.load(a, []string{"pod-kill"})
	if err != nil {
		return nil, err
	}
	require.Len(t, all, 1)
	assert.Equal(t, "builtin:pod-kill", all[0].Source)
	return all[0].Experiment, nil
}

func TestOverrides(t *testing.T) {
	plain, err := selected(t, selection{}, "")
	require.NoError(t, err)
	require.NotEmpty(t, plain.Spec.Load[0].HTTP.Service)

	e, err := selected(t, selection{target: "statefulset/db"}, "lab")
	require.NoError(t, err)
	assert.Equal(t, "lab/statefulset/db", e.Spec.Target.String())
	assert.Empty(t, e.Spec.Load[0].HTTP.Service, "another workload has another Service")
	assert.Equal(t, plain.Spec.Load[0].HTTP.Path, e.Spec.Load[0].HTTP.Path)

	e, err = selected(t, selection{url: "https://shop.example/x"}, "")
	require.NoError(t, err)
	assert.Equal(t, &experiment.HTTPLoad{URL: "https://shop.example/x", Method: "GET", PodHeader: plain.Spec.Load[0].HTTP.PodHeader}, e.Spec.Load[0].HTTP)
	assert.Equal(t, plain.Spec.Target, e.Spec.Target)

	e, err = selected(t, selection{rate: "30/m", seed: "-7"}, "")
	require.NoError(t, err)
	assert.InDelta(t, 0.5, e.Spec.Load[0].Rate.PerSecond, 1e-9)
	assert.Equal(t, int64(-7), *e.Spec.Seed)

	again, err := selected(t, selection{}, "")
	require.NoError(t, err)
	assert.Equal(t, plain, again, "flags of one call do not reach the next")

	connects := filepath.Join(t.TempDir(), "connects.yaml")
	require.NoError(t, os.WriteFile(connects, []byte(`apiVersion: chaosctl.dev/v1alpha1
kind: Experiment
metadata: {name: db}
spec:
  promise: self-healing
  target: {namespace: shop, workload: statefulset/db}
  load: [{name: connects, tcp: {service: db, port: 5432}, rate: 10/s}]
  faults: [{podKill: {count: 1}}]
  expect: [{availability: {of: connects, atLeast: 99%}}]
`), 0o600))
	all, err := (&selection{files: []string{connects}, target: "statefulset/other", set: []string{"load.connects.tcp.port=5433"}}).load(newTestApp(""), nil)
	require.NoError(t, err)
	assert.Equal(t, &experiment.TCPLoad{Port: "5433"}, all[0].Spec.Load[0].TCP)
	_, err = (&selection{files: []string{connects}, url: "http://shop.example/"}).load(newTestApp(""), nil)
	require.ErrorContains(t, err, "load connects is not by HTTP: name its address by --set load.connects.KIND.address=HOST:PORT")

	for want, s := range map[string]selection{
		"--rate":          {rate: "fast"},
		"--seed: \"x\"":   {seed: "x"},
		"with the flags":  {target: "web"},
		"unknown kind of": {target: "widget/web"},
	} {
		_, err := selected(t, s, "")
		require.ErrorContains(t, err, want)
		assert.Equal(t, report.ExitInvalid, Explain(io.Discard, err))
	}
}

func TestSet(t *testing.T) {
	plain, err := selected(t, selection{}, "")
	require.NoError(t, err)
	e, err := selected(t, selection{rate: "10/s", set: []string{
		"duration=7s", "faults.kill-one.podKill={count: 2, gracePeriod: 0s}", "faults.0.at=1s", "expect.latency.p99=5s", "expect.recovery={within: 1s}",
		"guard.minReady=2", "seed=9007199254740993", "load.browse.timeout=9s", "load.browse.rate=20/s",
	}}, "lab")
	require.NoError(t, err)
	assert.Equal(t, 7*time.Second, e.Spec.Duration.Std())
	assert.Equal(t, time.Second, e.Spec.Faults[0].At.Std())
	assert.Equal(t, "2", e.Spec.Faults[0].Params.(*inject.PodKill).Count.String())
	assert.Equal(t, 2, *e.Spec.Guard.MinReady)
	assert.Equal(t, int64(9007199254740993), *e.Spec.Seed, "not rounded")
	assert.InDelta(t, 20, e.Spec.Load[0].Rate.PerSecond, 1e-9, "it comes after the other flags")
	assert.Equal(t, "lab", e.Spec.Target.Namespace)
	assert.Len(t, e.Spec.Expect, len(plain.Spec.Expect))

	e, err = selected(t, selection{set: []string{"seed=1", "seed=null", "abortIf=null"}}, "")
	require.NoError(t, err)
	assert.Nil(t, e.Spec.Seed)
	assert.Empty(t, e.Spec.AbortIf)

	for assignment, want := range map[string]string{
		"duration":                        "expected PATH=VALUE",
		"=1s":                             "expected PATH=VALUE",
		"duration={":                      "the value is no YAML",
		"duration=soon":                   `builtin:pod-kill with --set:1`,
		"faults.kill.podKill.count=2":     `the list has no "kill": it has kill-one`,
		"faults.kill-one.podKill.cuont=2": `did you mean "count"?`,
		"expect.speed.p99=1s":             "it has availability, latency, outage, recovery, replicas",
		"duration.seconds=2":              "there is no seconds inside of 20s",
	} {
		_, err := selected(t, selection{set: []string{assignment}}, "")
		require.ErrorContains(t, err, want, assignment)
		assert.Equal(t, report.ExitInvalid, Explain(io.Discard, err))
	}
}

func TestSelectionNeedsSomething(t *testing.T) {
	_, err := (&selection{}).load(newTestApp(""), nil)
	require.ErrorContains(t, err, "no experiment is named")
	assert.Equal(t, report.ExitInvalid, Explain(io.Discard, err))
}

func TestUnknownBuiltin(t *testing.T) {
	_, err := (&selection{}).load(newTestApp(""), []string{"pod-kil"})
	var out strings.Builder
	assert.Equal(t, report.ExitInvalid, Explain(&out, err))
	assert.Contains(t, out.String(), `there is no built-in experiment "pod-kil"`)
	assert.Contains(t, out.String(), "pod-kill", "the hint names those that there are")
}

func write(t *testing.T, directory string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(directory, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
}

func source(t *testing.T, name string) string {
	t.Helper()
	path, ok := experiments.Path(name)
	require.True(t, ok)
	text, err := experiments.Files.ReadFile(path)
	require.NoError(t, err)
	return string(text)
}

func TestFilesAndDirectories(t *testing.T) {
	directory := t.TempDir()
	kill, drain := source(t, "pod-kill"), source(t, "node-drain")
	write(t, directory, map[string]string{"b.yaml": kill, "a/two.yml": drain + "\n---\n" + kill, "notes.txt": "not YAML: ["})
	loadAll := func(stdin string, files ...string) ([]string, error) {
		all, err := (&selection{files: files}).load(newTestApp(stdin), nil)
		var names []string
		for _, c := range all {
			names = append(names, c.Metadata.Name)
		}
		return names, err
	}
	names, err := loadAll("", directory)
	require.NoError(t, err)
	assert.Equal(t, []string{"node-drain", "pod-kill", "pod-kill"}, names, "in order, with all documents of each file")

	names, err = loadAll(drain, filepath.Join(directory, "b.yaml"), "-")
	require.NoError(t, err)
	assert.Equal(t, []string{"pod-kill", "node-drain"}, names)

	empty := t.TempDir()
	_, err = loadAll("", empty)
	require.ErrorContains(t, err, "holds no .yaml file")
	_, err = loadAll("", filepath.Join(empty, "none.yaml"))
	require.ErrorIs(t, err, os.ErrNotExist)
	assert.Equal(t, report.ExitInvalid, Explain(io.Discard, err))

	write(t, empty, map[string]string{"day.yaml": "apiVersion: chaosctl.dev/v1alpha1\nkind: GameDay\nmetadata: {name: d}\nspec: {schedule: '@daily', experiments: [{builtin: pod-kill}]}\n"})
	_, err = loadAll("", empty)
	require.ErrorContains(t, err, "holds a GameDay: run it by chaosctl serve")
}

func TestRunID(t *testing.T) {
	at := time.Date(2026, 11, 23, 13, 20, 4, 0, time.FixedZone("", 3600))
	seen := map[string]bool{}
	for _, name := range []string{"a", "pod-kill", strings.Repeat("x", 63), strings.Repeat("x", 35) + "-" + strings.Repeat("y", 27)} {
		id := runID(name, at)
		assert.Empty(t, validation.IsValidLabelValue(id), id)
		assert.LessOrEqual(t, len(id), 63)
		assert.Regexp(t, `^20261123-122004-[a-z0-9-]+-[a-z2-7]{4}$`, id)
		seen[id] = true
	}
	for range 50 {
		seen[runID("pod-kill", at)] = true
	}
	assert.Greater(t, len(seen), 50, "two runs of one second differ")
}

func TestSeed(t *testing.T) {
	e, err := selected(t, selection{seed: "42"}, "")
	require.NoError(t, err)
	seed, err := seedOf(chosen{Experiment: e})
	require.NoError(t, err)
	assert.Equal(t, int64(42), seed)
	e.Spec.Seed = nil
	drawn := map[int64]bool{}
	for range 20 {
		seed, err := seedOf(chosen{Experiment: e})
		require.NoError(t, err)
		assert.GreaterOrEqual(t, seed, int64(0))
		assert.Less(t, seed, int64(1_000_000), "short enough to be typed")
		drawn[seed] = true
	}
	assert.Greater(t, len(drawn), 10)
}

// TestExpandOfAMountedConfigMap: each file counts once, however kubelet lays it out, and a link to a directory is one.
func TestExpandOfAMountedConfigMap(t *testing.T) {
	dir := t.TempDir()
	mount, data := filepath.Join(dir, "mount"), "..2026_11_27_10_00_00.1"
	require.NoError(t, os.MkdirAll(filepath.Join(mount, data, "more"), 0o755))
	for _, name := range []string{"a.yaml", "more/b.yml"} {
		require.NoError(t, os.WriteFile(filepath.Join(mount, data, name), nil, 0o600))
	}
	require.NoError(t, os.Symlink(data, filepath.Join(mount, "..data")))
	require.NoError(t, os.Symlink("..data/a.yaml", filepath.Join(mount, "a.yaml")))
	require.NoError(t, os.WriteFile(filepath.Join(mount, ".a.yaml"), nil, 0o600))
	require.NoError(t, os.Symlink("mount", filepath.Join(dir, "link")))
	for _, name := range []string{mount, filepath.Join(dir, "link"), mount + "/"} {
		found, err := expand(name)
		require.NoError(t, err)
		assert.Equal(t, []string{filepath.Join(name, "a.yaml")}, found)
	}
	found, err := expand(filepath.Join(mount, "..data"))
	require.NoError(t, err)
	assert.Equal(t, []string{filepath.Join(mount, "..data", "a.yaml"), filepath.Join(mount, "..data", "more", "b.yml")}, found)
}
