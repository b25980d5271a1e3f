package crash

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/inject"
	"github.com/chaosctl/chaosctl/pkg/journal"
	"github.com/chaosctl/chaosctl/pkg/report"
	"github.com/chaosctl/chaosctl/test/crash/point"
	"github.com/chaosctl/chaosctl/test/internal/snapshot"
)

// fixture is a fault in the scene.
type fixture struct {
	name string
	// faults are entries of an experiment. NODE stands for the scene's node, and SCRATCH for its directory.
	faults string
	// recovery are more arguments of recover. RUNS stands for the directory of the run.
	recovery []string
	// scenery is what the scene is to have beside what every scene has.
	scenery scenery

	// requests are those of an undisturbed run that change something, and edits what it changes.
	requests []string
	edits    []inject.Change
	// stock is where its scenes come from; nil makes a new one for each example.
	stock *stock
}

// fixtures are the faults whose example in the registry does not fit the scene, or that can do several things. All others
// are tried by their example.
var fixtures = map[string][]fixture{
	"configCorrupt": {
		{name: "configCorrupt", faults: "- configCorrupt: {configMap: settings, key: settings.json}"},
		{name: "configCorrupt, large", faults: "- configCorrupt: {configMap: settings, key: large.txt}"},
		{name: "configCorrupt, dropped", faults: "- configCorrupt: {configMap: settings, key: settings.json, mutation: drop}"},
		{name: "configCorrupt, restart", faults: "- configCorrupt: {configMap: settings, key: settings.json, mutation: truncate, restart: true}"},
		{name: "configCorrupt, inside", faults: "- configCorrupt: {configMap: settings, key: settings.json, mutation: wrongType, at: mode}"},
		{name: "configCorrupt, of a Secret", faults: "- configCorrupt: {secret: credentials, key: password, mutation: wrongCredential}"},
	},
	"scale":          {{name: "scale", faults: "- scale: {by: 1}"}},
	"nodeCordon":     {{name: "nodeCordon", faults: "- nodeCordon: {nodes: [NODE]}", scenery: scenery{node: true}}},
	"nodeDrain":      {{name: "nodeDrain", faults: "- nodeDrain: {nodes: [NODE]}", scenery: scenery{node: true}}},
	"endpointRemove": {{name: "endpointRemove", faults: "- endpointRemove: {count: all}", scenery: scenery{pod: true}}},
	"podUnready":     {{name: "podUnready", faults: "- podUnready: {}", scenery: scenery{pod: true}}},
	"serviceSelector": {
		{name: "serviceSelector", faults: "- serviceSelector: {}"},
		{name: "serviceSelector, elsewhere", faults: "- serviceSelector: {selector: {app: other, version: v2}}"},
	},
	"cpuStress":    {{name: "cpuStress", faults: "- cpuStress: {}", scenery: scenery{pod: true}}},
	"memoryStress": {{name: "memoryStress", faults: "- memoryStress: {memory: 1Mi}", scenery: scenery{pod: true}}},
	"netLoss":      {{name: "netLoss", faults: "- netLoss: {percent: 10%}", scenery: scenery{pod: true}}},
	"netPartition": {{name: "netPartition", faults: "- netPartition: {peers: [{cidr: 192.0.2.0/24}]}", scenery: scenery{pod: true}}},
	"netReset":     {{name: "netReset", faults: "- netReset: {port: 8080}", scenery: scenery{pod: true}}},
	"netDelay":     {{name: "netDelay", faults: "- netDelay: {delay: 100ms, ports: [8080]}", scenery: scenery{pod: true}}},
	"netBandwidth": {{name: "netBandwidth", faults: "- netBandwidth: {bytesPerSecond: 1M}", scenery: scenery{pod: true}}},
	"httpFault":    {{name: "httpFault", faults: "- httpFault: {port: 80, status: 503}", scenery: scenery{pod: true}}},
	"dnsFail":      {{name: "dnsFail", faults: "- dnsFail: {}", scenery: scenery{pod: true}}},
	"processSignal": {
		{name: "processSignal", faults: "- processSignal: {process: lone}", scenery: scenery{pod: true}},
		{name: "processSignal, lasting", faults: "- processSignal: {process: lone, signal: term}", scenery: scenery{pod: true}},
	},
	"podFreeze":     {{name: "podFreeze", faults: "- podFreeze: {}", scenery: scenery{pod: true}}},
	"containerKill": {{name: "containerKill", faults: "- containerKill: {}", scenery: scenery{pod: true}}},
	"nodeTaint":     {{name: "nodeTaint", faults: "- nodeTaint: {nodes: [NODE], value: crash}", scenery: scenery{node: true}}},
	"zoneOutage":    {{name: "zoneOutage", faults: "- zoneOutage: {zone: NODE}", scenery: scenery{node: true, zones: true}}},
	"hpaFreeze":     {{name: "hpaFreeze", faults: "- hpaFreeze: {}", scenery: scenery{autoscaler: true}}},
	"finalizerBlock": {
		{name: "finalizerBlock", faults: "- finalizerBlock: {object: configmap/settings}"},
		{name: "finalizerBlock, of a Secret", faults: "- finalizerBlock: {object: secret/credentials}"},
	},
	"leaseSteal": {{name: "leaseSteal", faults: "- leaseSteal: {lease: operator}", scenery: scenery{lease: true}}},
	"manifest": {
		{name: "manifest", faults: `- manifest: {object: {apiVersion: v1, kind: LimitRange, metadata: {name: tight}, spec: {limits: [{type: Container, default: {memory: 8Mi}}]}}, until: size(object.spec.limits) == 1}`},
		{name: "manifest, with a drawn name", faults: "- manifest: {object: {apiVersion: v1, kind: ConfigMap, metadata: {generateName: drawn-}}}"},
	},
	"configDelete": {
		{name: "configDelete", faults: "- configDelete: {configMap: settings}"},
		{name: "configDelete, restart", faults: "- configDelete: {configMap: settings, restart: true}"},
		{name: "configDelete, of a Secret", faults: "- configDelete: {secret: credentials}"},
	},
	"exec": {
		{name: "exec", faults: effect, recovery: []string{"--out", "RUNS"}},
		{name: "exec, by anybody", faults: effect, recovery: []string{"--allow-commands"}},
	},
	"admissionDeny": {{name: "admissionDeny", faults: "- admissionDeny: {}"}},
	"quotaSqueeze":  {{name: "quotaSqueeze", faults: "- quotaSqueeze: {}"}},
	// Of deny: egress the policy is the same, and is sent when an agent has told what it reaches, or after 30 s; none runs here, so that
	// nearly all of its points would be questions to it.
	"networkPolicy": {{name: "networkPolicy", faults: "- networkPolicy: {}"}},
	"badCommand":    {{name: "badCommand", faults: "- badCommand: {}"}},
	"badResources":  {{name: "badResources", faults: "- badResources: {requests: {cpu: 1M, memory: 1Pi}}"}},
	"rolloutPause":  {{name: "rolloutPause", faults: "- rolloutPause: {}"}},
}

// effect is what a command does in a scene, whose file effect is a part of it. A command itself makes no request at which it
// could be killed: those are of another fault, which begins while the effect is there.
const effect = `- exec: {argv: [touch, SCRATCH/effect], undo: [rm, -f, SCRATCH/effect], proof: [test, -e, SCRATCH/effect]}
- at: 60ms
  configCorrupt: {configMap: settings, key: settings.json}`

// irreversible are the faults that have nothing to undo (G13), or leave nothing behind that could be.
var irreversible = []string{"podEvict", "podKill", "loadSurge"}

// reversible are the fixtures of all faults that are registered.
func reversible(t *testing.T) []*fixture {
	t.Helper()
	var all []*fixture
	for _, d := range inject.Definitions() {
		if slices.Contains(irreversible, d.Name) {
			continue
		}
		of, ok := fixtures[d.Name]
		if !ok {
			of = []fixture{{name: d.Name, faults: d.Example}}
		}
		for _, f := range of {
			f.stock = &stock{lasting: t}
			all = append(all, &f)
		}
	}
	return all
}

// learn runs the fault undisturbed, and keeps what it does.
func (f *fixture) learn(t *testing.T) {
	t.Helper()
	s := newScene(t, t, f.scenery)
	before, err := s.look(t.Context())
	require.NoError(t, err)
	run := s.crash(t, s.runArgs(t, f), point.Point{})
	results, err := filepath.Glob(filepath.Join(s.runs, "*", "result.json"))
	require.NoError(t, err)
	require.Len(t, results, 1, "fault %s does not run in the scene of these tests: give it a fixture that does (test/crash/fixture_test.go)\n%s", f.name, run.output)
	f.requests = run.requests
	var result report.Result
	text, err := os.ReadFile(results[0])
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &result))
	require.Equal(t, report.UndoClean, result.Undo, "%s", run.output)
	_, entries, err := journal.ReadFile(filepath.Join(filepath.Dir(results[0]), report.JournalFile))
	require.NoError(t, err)
	for _, e := range entries {
		if e.Change.Reversible() {
			f.edits = append(f.edits, *e.Change)
		}
	}
	require.NotEmpty(t, f.edits, "fault %s changes nothing that could be put back: it is irreversible, or needs a fixture that does", f.name)
	after, err := s.look(t.Context())
	require.NoError(t, err)
	for began := time.Now(); after.Behind() && time.Since(began) < time.Minute; {
		after, err = s.look(t.Context())
		require.NoError(t, err)
	}
	f.reborn(before, after)
	assert.Empty(t, snapshot.Differences(before.Objects, after.Objects), "an undisturbed run leaves something")
	assert.Empty(t, after.Left(run.output), "an undisturbed run leaves something")
	t.Logf("%d requests:\n  %s", len(f.requests), strings.Join(f.requests, "\n  "))
}

// runArgs are those of a run of the fault.
func (s *scene) runArgs(t *testing.T, f *fixture) []string {
	t.Helper()
	directory := t.TempDir()
	path := filepath.Join(directory, "experiment.yaml")
	s.runs, s.recovery = filepath.Join(directory, "runs"), f.recovery
	require.NoError(t, os.WriteFile(path, []byte(s.experiment(f.faults)), 0o600))
	return []string{"run", "-f", path, "--out", s.runs}
}

func (s *scene) recoverArgs() []string {
	args := []string{"recover", "--all", "-n", s.namespace}
	for _, more := range s.recovery {
		args = append(args, strings.ReplaceAll(more, "RUNS", s.runs))
	}
	return args
}

// at is every point of a process with so many requests.
func at(requests int) []point.Point {
	var all []point.Point
	for number := 1; number <= requests; number++ {
		for _, when := range point.Whens {
			all = append(all, point.Point{Request: number, When: when})
		}
	}
	return all
}

// key names the object of a change as a snapshot does.
func key(c *inject.Change) string { return fmt.Sprintf("%s %s", c.Object.Kind, c.Object.Name) }
