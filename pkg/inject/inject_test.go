package inject_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/inject"
	"github.com/chaosctl/chaosctl/pkg/verdict"
)

func TestRegistry(t *testing.T) {
	kinds := inject.Kinds()
	require.NotEmpty(t, inject.Definitions())
	assert.Len(t, kinds, len(inject.Definitions()))
	for _, d := range inject.Definitions() {
		assert.NotEmpty(t, d.Summary, d.Name)
		assert.True(t, strings.HasSuffix(d.Summary, "."), "%s: the summary is a sentence", d.Name)
		first, second := kinds[d.Name](), kinds[d.Name]()
		assert.Equal(t, first, second)
		if reflect.TypeOf(first).Elem().Size() > 0 { // what has no parameters has none to share
			assert.NotSame(t, first, second, "%s shares its parameters", d.Name)
		}
		_, ok := first.(inject.Fault)
		assert.True(t, ok)
	}
}

// TestChecks loads experiments with each mistake that a fault finds in its own parameters.
func TestChecks(t *testing.T) {
	loader := experiment.Loader{Catalogue: experiment.Catalogue{Faults: inject.Kinds(), Expectations: verdict.Expectations()}}
	load := func(fault string) error {
		_, err := loader.Load("f.yaml", strings.NewReader(`
apiVersion: chaosctl.dev/v1alpha1
kind: Experiment
metadata: {name: x}
spec:
  promise: self-healing
  target: {namespace: shop, workload: deployment/web}
  faults:
  - `+fault+`
  expect:
  - recovery: {within: 10s}
`))
		return err
	}
	for fault, want := range map[string]string{
		"podKill: {gracePeriod: 0s}":                                                                                "",
		"podKill: {gracePeriod: 1m30s}":                                                                             "",
		"podKill: {gracePeriod: 500ms}":                                                                             "500ms is not a whole number of seconds",
		"nodeDrain: {nodes: [node1, node2]}":                                                                        "",
		"nodeDrain: {nodes: [node1, node2, node1]}":                                                                 `nodes[2]: node "node1" is named twice`,
		"nodeDrain: {nodes: [node1], count: 1}":                                                                     "leave one of the two out",
		"nodeDrain: {hosting: any}":                                                                                 "",
		"configCorrupt: {configMap: a, key: b}":                                                                     "",
		"configCorrupt: {configMap: a, key: b, mutation: x}":                                                        "mutation",
		"configCorrupt: {secret: a, key: b, mutation: wrongCredential, at: password}":                               "",
		"configCorrupt: {key: b}":                                                                                   "expected configMap or secret",
		"configCorrupt: {configMap: a, secret: a, key: b}":                                                          "configMap and secret exclude each other",
		"configCorrupt: {configMap: a, key: ''}":                                                                    "the key has no name",
		"configCorrupt: {configMap: a, key: b, at: c}":                                                              "garbage breaks the whole value",
		"configCorrupt: {configMap: a, key: b, value: c}":                                                           "",
		"configCorrupt: {configMap: a, key: b, value: c, mutation: stale}":                                          "",
		"configCorrupt: {configMap: a, key: b, value: c, mutation: drop}":                                           "drop needs no value",
		"configCorrupt: {configMap: a, key: b, mutation: value}":                                                    "the mutation value needs one",
		"configCorrupt: {configMap: a, key: b, mutation: stale}":                                                    "Kubernetes keeps no older versions",
		"configCorrupt: {secret: a, key: b, value: c}":                                                              "no value of a Secret may be",
		"configCorrupt: {configMap: a, key: b, from: {key: c}}":                                                     "",
		"configCorrupt: {configMap: a, key: b, from: {configMap: c}}":                                               "",
		"configCorrupt: {secret: a, key: b, from: {secret: c}}":                                                     "",
		"configCorrupt: {secret: a, key: b, from: {configMap: c}}":                                                  "",
		"configCorrupt: {configMap: a, key: b, from: {secret: c}}":                                                  "does not belong into a ConfigMap",
		"configCorrupt: {configMap: a, key: b, from: {}}":                                                           "that is the value that is there already",
		"configCorrupt: {configMap: a, key: b, from: {key: b}}":                                                     "that is the value that is there already",
		"configCorrupt: {secret: a, key: b, from: {secret: c, configMap: c}}":                                       "configMap and secret exclude each other",
		"configCorrupt: {configMap: a, key: b, from: {key: c}, value: d}":                                           "value and from exclude each other",
		"configCorrupt: {configMap: a, key: b, from: {key: c}, mutation: drop}":                                     "drop needs no older version",
		"configCorrupt: {configMap: a, key: b, mutation: drop, mutations: [drop]}":                                  "mutation and mutations exclude each other",
		"configCorrupt: {configMap: a, key: b, mutations: [drop, empty]}":                                           "expected repeat: {times: 2}",
		"{configCorrupt: {configMap: a, key: b, mutations: [drop, empty]}, repeat: {every: 5s, times: 2}}":          "a for of repeat.every (5s) at the most",
		"{configCorrupt: {configMap: a, key: b, mutations: [drop, empty]}, repeat: {every: 5s, times: 2}, for: 6s}": "a for of repeat.every (5s) at the most",
		"{configCorrupt: {configMap: a, key: b, mutations: [drop, empty]}, repeat: {every: 5s, times: 2}, for: 4s}": "",
		"badImage: {}":                          "",
		"badImage: {image: ''}":                 "the image has no name",
		"badReadiness: {}":                      "",
		"badReadiness: {container: web}":        "",
		"badCommand: {}":                        "",
		"badCommand: {command: [sh, -c, exit]}": "",
		"badCommand: {command: []}":             "the list is empty",
		"badCommand: {command: ['']}":           "the command is empty",
		"badResources: {}":                      "",
		"badResources: {requests: {memory: 10Ti, example.com/gpu: '8'}}": "",
		"badResources: {requests: {}}":                                   "nothing is requested",
		"badResources: {requests: {memory: 10 Ti}}":                      `"10 Ti" is no quantity to request`,
		"badResources: {requests: {cpu: '0'}}":                           `"0" is no quantity to request`,
		"badResources: {requests: {cpu: '-1'}}":                          `"-1" is no quantity to request`,
		"rolloutRestart: {}":                                             "",
		"rolloutPause: {}":                                               "",
		"cpuStress: {}":                                                  "",
		"cpuStress: {workers: 4, load: 30%, count: all}":                 "",
		"cpuStress: {workers: 0}":                                        "0 is no number of processors",
		"cpuStress: {load: 0%}":                                          "0% keeps no processor busy",
		"memoryStress: {memory: 64Mi, image: 'example.com/agent:1'}":     "",
		"memoryStress: {}":                                               "memory",
		"memoryStress: {memory: much}":                                   `"much" is no amount of memory`,
		"memoryStress: {memory: '1'}":                                    "expected 1Mi or more",
		"hpaFreeze: {}":                                                  "",
		"hpaFreeze: {replicas: 3}":                                       "",
		"hpaFreeze: {replicas: 0}":                                       "0 is no limit of an autoscaler",
		"scale: {to: 0}":                                                 "",
		"scale: {to: 50%}":                                               "",
		"scale: {to: 0%}":                                                "",
		"scale: {to: 250%}":                                              "",
		"scale: {by: -1}":                                                "",
		"scale: {by: -50%}":                                              "",
		"scale: {by: +50%}":                                              "",
		"scale: {}":                                                      "scale says no number",
		"scale: {to: 1, by: 1}":                                          "exclude each other",
		"scale: {to: -1}":                                                "-1 is no number of replicas",
		"scale: {to: -1%}":                                               "-1% is no number of replicas",
		"scale: {to: 100%}":                                              "100% changes nothing",
		"scale: {by: 0}":                                                 "0 changes nothing",
		"scale: {by: 0%}":                                                "0% changes nothing",
		"scale: {by: half}":                                              `"half" is neither a whole number nor a percentage`,
		"scale: {by: 1.5}":                                               `neither a whole number nor a percentage`,
	} {
		if err := load(fault); want == "" {
			assert.NoError(t, err, fault)
		} else {
			assert.ErrorContains(t, err, want, fault)
		}
	}
}

// TestChangeIsData: what the journal keeps of a change is all of it.
func TestChangeIsData(t *testing.T) {
	grace := int64(0)
	for _, c := range []inject.Change{
		{ID: "a", Fault: "f", Stage: 1, Delete: &inject.Delete{GracePeriodSeconds: &grace}, Object: inject.Object{Kind: "Pod", Namespace: "shop", Name: "p", UID: "u", Node: "n", Owner: "ReplicaSet/r"}},
		{ID: "b", Evict: &inject.Evict{Timeout: 5}},
		{ID: "c", UndoAfter: "b", Edit: &inject.Edit{Fields: []inject.Field{{Path: []string{"data", "a.b"}, Original: json.RawMessage(`"x"`)}, {Path: []string{"spec"}, Value: json.RawMessage("true")}}}},
	} {
		text, err := json.Marshal(c)
		require.NoError(t, err)
		var back inject.Change
		require.NoError(t, json.Unmarshal(text, &back))
		assert.Equal(t, c, back)
	}
}

func TestPathString(t *testing.T) {
	for want, path := range map[string][]string{
		"spec.unschedulable":                         {"spec", "unschedulable"},
		"data[catalogue.json]":                       {"data", "catalogue.json"},
		"metadata.annotations[chaosctl.dev/restart]": {"metadata", "annotations", "chaosctl.dev/restart"},
		"data.mode":                                  {"data", "mode"},
	} {
		assert.Equal(t, want, inject.Field{Path: path}.PathString())
	}
}
