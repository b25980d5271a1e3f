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
  load:
  - {name: browse, http: {}, rate: 10/s}
  faults:
  - `+fault+`
  expect:
  - recovery: {within: 10s}
`))
		return err
	}
	for fault, want := range map[string]string{
		"podKill: {gracePeriod: 0s}":                                                                       "",
		"podKill: {gracePeriod: 1m30s}":                                                                    "",
		"podKill: {gracePeriod: 500ms}":                                                                    "500ms is not a whole number of seconds",
		"nodeDrain: {nodes: [node1, node2]}":                                                               "",
		"nodeDrain: {nodes: [node1, node2, node1]}":                                                        `nodes[2]: node "node1" is named twice`,
		"nodeDrain: {nodes: [node1], count: 1}":                                                            "leave one of the two out",
		"endpointRemove: {count: 50%, orphan: true, label: traffic}":                                       "",
		"endpointRemove: {label: pod-template-hash}":                                                       "pod-template-hash is set by the controllers of pods",
		"endpointRemove: {where: {}}":                                                                      "no condition is given",
		"serviceSelector: {}":                                                                              "",
		"serviceSelector: {selector: {example.com/app: ''}}":                                               "",
		"serviceSelector: {selector: {a b: c}}":                                                            `"a b" is not the name of a label`,
		"serviceSelector: {selector: {a: b c}}":                                                            `"b c" is not the value of a label`,
		"podEvict: {count: all, timeout: 5s}":                                                              "",
		"podEvict: {gracePeriod: 500ms}":                                                                   "500ms is not a whole number of seconds",
		"podEvict: {timeout: 0s}":                                                                          "0s leaves no time for an eviction",
		"nodeDrain: {timeout: 0s}":                                                                         "0s leaves no time for an eviction",
		"podEvict: {where: {}}":                                                                            "no condition is given",
		"nodeCordon: {nodes: [node1, node1]}":                                                              `node "node1" is named twice`,
		"nodeCordon: {count: 2, hosting: any}":                                                             "",
		"zoneOutage: {}":                                                                                   "",
		"zoneOutage: {zone: a, pods: evict, timeout: 1m}":                                                  "",
		"zoneOutage: {pods: kill, timeout: 1m}":                                                            "no budget blocks a pod that is killed",
		"zoneOutage: {pods: drain}":                                                                        "drain",
		"nodeTaint: {}":                                                                                    "",
		"nodeTaint: {key: a.b/c, value: d, effect: NoExecute, deleteEmptyDirData: true}":                   "",
		"nodeTaint: {key: a b}":                                                                            `"a b" is not the key of a taint`,
		"nodeTaint: {key: node.kubernetes.io/unreachable}":                                                 "are for controllers of Kubernetes",
		"nodeTaint: {value: a b}":                                                                          `"a b" is not the value of a taint`,
		"nodeTaint: {effect: PreferNoSchedule}":                                                            "PreferNoSchedule",
		"nodeTaint: {deleteEmptyDirData: true}":                                                            "no pod has to leave",
		"nodeTaint: {nodes: [a], hosting: any}":                                                            "leave one of the two out",
		"nodeDrain: {hosting: any}":                                                                        "",
		"configCorrupt: {configMap: a, key: b}":                                                            "",
		"configCorrupt: {configMap: a, key: b, mutation: x}":                                               "mutation",
		"configCorrupt: {secret: a, key: b, mutation: wrongCredential, at: password}":                      "",
		"configCorrupt: {key: b}":                                                                          "expected configMap or secret",
		"configCorrupt: {configMap: a, secret: a, key: b}":                                                 "configMap and secret exclude each other",
		"configCorrupt: {configMap: a, key: ''}":                                                           "the key has no name",
		"configCorrupt: {configMap: a, key: b, at: c}":                                                     "garbage breaks the whole value",
		"configCorrupt: {configMap: a, key: b, value: c}":                                                  "",
		"configCorrupt: {configMap: a, key: b, value: c, mutation: stale}":                                 "",
		"configCorrupt: {configMap: a, key: b, value: c, mutation: drop}":                                  "drop needs no value",
		"configCorrupt: {configMap: a, key: b, mutation: value}":                                           "the mutation value needs one",
		"configCorrupt: {configMap: a, key: b, mutation: stale}":                                           "Kubernetes keeps no older versions",
		"configCorrupt: {secret: a, key: b, value: c}":                                                     "no value of a Secret may be",
		"configCorrupt: {configMap: a, key: b, from: {key: c}}":                                            "",
		"configCorrupt: {configMap: a, key: b, from: {configMap: c}}":                                      "",
		"configCorrupt: {secret: a, key: b, from: {secret: c}}":                                            "",
		"configCorrupt: {secret: a, key: b, from: {configMap: c}}":                                         "",
		"configCorrupt: {configMap: a, key: b, from: {secret: c}}":                                         "does not belong into a ConfigMap",
		"configCorrupt: {configMap: a, key: b, from: {}}":                                                  "that is the value that is there already",
		"configCorrupt: {configMap: a, key: b, from: {key: b}}":                                            "that is the value that is there already",
		"configCorrupt: {secret: a, key: b, from: {secret: c, configMap: c}}":                              "configMap and secret exclude each other",
		"configCorrupt: {configMap: a, key: b, from: {key: c}, value: d}":                                  "value and from exclude each other",
		"configCorrupt: {configMap: a, key: b, from: {key: c}, mutation: drop}":                            "drop needs no older version",
		"configCorrupt: {configMap: a, key: b, mutation: drop, mutations: [drop]}":                         "mutation and mutations exclude each other",
		"configCorrupt: {configMap: a, key: b, mutations: [drop, empty]}":                                  "expected repeat: {times: 2}",
		"{configCorrupt: {configMap: a, key: b, mutations: [drop, empty]}, repeat: {every: 5s, times: 2}}": "a for of repeat.every (5s) at the most",
		"{configCorrupt: {configMap: a, key: b, mutations: [drop, empty]}, repeat: {every: 5s, times: 2}, for: 6s}": "a for of repeat.every (5s) at the most",
		"{configCorrupt: {configMap: a, key: b, mutations: [drop, empty]}, repeat: {every: 5s, times: 2}, for: 4s}": "",
		"networkPolicy: {deny: egress}": "",
		"networkPolicy: {deny: egress, to: ['db:5432', '[::1]:80'], image: 'chaosctl:1'}": "",
		"networkPolicy: {deny: egress, to: [db]}":                                         "to[0]",
		"networkPolicy: {to: ['db:5432']}":                                                "deny: ingress is seen from outside",
		"networkPolicy: {deny: both, image: 'chaosctl:1'}":                                "needs no agent",
		"networkPolicy: {deny: egress, image: 'chaosctl:'}":                               "is no name of an image",
		"networkPolicy: {deny: none}":                                                     "deny",
		"configDelete: {configMap: a}":                                                    "",
		"configDelete: {secret: a, restart: true}":                                        "",
		"configDelete: {}":                                                                "expected configMap or secret",
		"configDelete: {configMap: a, secret: b}":                                         "configMap and secret exclude each other",
		"configDelete: {configMap: ''}":                                                   "expected configMap or secret",
		"leaseSteal: {lease: operator}":                                                   "",
		"leaseSteal: {lease: operator, duration: 1m}":                                     "",
		"loadSurge: {of: browse, rate: 500/s}":                                            "",
		"loadSurge: {of: brows, rate: 500/s}":                                             `"brows"`,
		"loadSurge: {of: browse}":                                                         "rate: the field is missing",
		"loadSurge: {of: browse, rate: 0/s}":                                              "rate",
		"leaseSteal: {}":                                                                  "the field is missing",
		"leaseSteal: {lease: ''}":                                                         "the lease has no name",
		"leaseSteal: {lease: chaosctl-deployment-web}":                                    "by which chaosctl keeps runs apart",
		"leaseSteal: {lease: operator, duration: 1500ms}":                                 "1.5s is not a whole number of seconds",
		"leaseSteal: {lease: operator, duration: 0s}":                                     "0s is not a whole number of seconds",
		"manifest: {object: {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}}":      "",
		"manifest: {object: {apiVersion: apps/v1, kind: Deployment, metadata: {generateName: a-}}, until: object.status.replicas == 1, timeout: 1m}": "",
		"manifest: {object: {apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: shop, labels: {a: b}}}}":                                "",
		"manifest: {}":           "manifest.object: the field is missing",
		"manifest: {object: {}}": "the manifest has no kind",
		"manifest: {object: {apiVersion: v1, kind: ConfigMap}}":                                                                                          "the manifest has no name",
		"manifest: {object: {apiVersion: v1, kind: ConfigMap, metadata: [a]}}":                                                                           "object.metadata: expected a mapping with a name",
		"manifest: {object: {apiVersion: v1, kind: ConfigMap, metadata: {name: a, generateName: b}}}":                                                    "name and generateName exclude each other",
		"manifest: {object: {apiVersion: v1, kind: ConfigMap, metadata: {name: 1}}}":                                                                     "the manifest has no name",
		"manifest: {object: {apiVersion: v1, metadata: {name: a}}}":                                                                                      "the manifest has no kind",
		"manifest: {object: {kind: ConfigMap, metadata: {name: a}}}":                                                                                     `apiVersion is ""`,
		"manifest: {object: {apiVersion: a/b/c, kind: ConfigMap, metadata: {name: a}}}":                                                                  `apiVersion is "a/b/c"`,
		"manifest: {object: {apiVersion: v1, kind: List, items: [], metadata: {name: a}}}":                                                               "List is a list",
		"manifest: {object: {apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: other}}}":                                                   `object.metadata.namespace: "other" is not the target's`,
		"manifest: {object: {apiVersion: v1, kind: ConfigMap, metadata: {name: chaosctl-a}}}":                                                            "names that begin with chaosctl-",
		"manifest: {object: {apiVersion: v1, kind: ConfigMap, metadata: {name: a, labels: {chaosctl.dev/run: b}}}}":                                      `"chaosctl.dev/run" tells what chaosctl has to put back`,
		"manifest: {object: {apiVersion: v1, kind: ConfigMap, metadata: {name: a, labels: {app.kubernetes.io/managed-by: chaosctl}}}}":                   "tells what chaosctl has to put back",
		"manifest: {object: {apiVersion: v1, kind: ConfigMap, metadata: {name: a, annotations: {a: 1}}}}":                                                `object.metadata.annotations: "a" is no text`,
		"manifest: {object: {apiVersion: v1, kind: Secret, metadata: {name: a}, type: example.com/empty}}":                                               "",
		"manifest: {object: {apiVersion: v1, kind: Secret, metadata: {name: a}, data: {a: aGk=}}}":                                                       "object.data: the text of an experiment is part of its reports",
		"manifest: {object: {apiVersion: v1, kind: Secret, metadata: {name: a}, stringData: {a: b}}}":                                                    "object.stringData: the text of an experiment is part of its reports",
		"manifest: {object: {apiVersion: v1, kind: Secret, metadata: {name: a, annotations: {kubectl.kubernetes.io/last-applied-configuration: '{}'}}}}": "has the values of the Secret in it",
		"manifest: {object: {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}, until: 1 + 1}":                                                       "expected a true or false",
		"manifest: {object: {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}, timeout: 0s}":                                                        "leaves no time",
		"{manifest: {object: {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}}, repeat: {every: 5s, times: 2}}":                                    "each repetition makes another object",
		"{manifest: {object: {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}}, repeat: {every: 5s, times: 2}, for: 5s}":                           "shorter than repeat.every (5s)",
		"{manifest: {object: {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}}, repeat: {every: 5s, times: 2}, for: 4s}":                           "",
		"{manifest: {object: {apiVersion: v1, kind: ConfigMap, metadata: {generateName: a}}}, repeat: {every: 5s, times: 2}}":                            "",
		"exec: {argv: [a], undo: [b]}":                                               "",
		"exec: {argv: [a], lasting: true}":                                           "",
		"exec: {argv: [a, b], undo: [c], proof: [d], env: [{name: A}], timeout: 1m}": "",
		"exec: {undo: [a]}":                                                          "argv: the field is missing",
		"exec: {argv: [a]}":                                                          "nothing takes the command back",
		"exec: {argv: [], undo: [a]}":                                                "argv",
		"exec: {argv: [''], undo: [a]}":                                              "argv[0]: there is no program",
		"exec: {argv: [a], undo: ['']}":                                              "undo[0]: there is no program",
		"exec: {argv: [a], undo: [b], proof: ['']}":                                  "proof[0]: there is no program",
		"exec: {argv: [a], undo: [b], lasting: true}":                                "undo and lasting exclude each other",
		"exec: {argv: [a], undo: [b], env: [{name: a b}]}":                           "is not the name of a variable",
		"exec: {argv: [a], undo: [b], env: [{name: A}, {name: A}]}":                  "the variable A is there twice",
		"exec: {argv: [a], undo: [b], timeout: 0s}":                                  "leaves no time",
		"finalizerBlock: {}":                                                         "",
		"finalizerBlock: {count: 50%, delete: true, where: {names: [a]}}":            "",
		"finalizerBlock: {object: service/web}":                                      "",
		"finalizerBlock: {object: web}":                                              "is not kind/name",
		"finalizerBlock: {object: service/}":                                         "is not kind/name",
		"finalizerBlock: {object: service/web, count: 1}":                            "nothing is left to choose by count or where",
		"finalizerBlock: {object: service/web, where: {names: [a]}}":                 "nothing is left to choose by count or where",
		"finalizerBlock: {object: service/web, delete: true}":                        "only pods are deleted",
		"finalizerBlock: {finalizer: hold}":                                          "expected domain/name",
		"finalizerBlock: {finalizer: example.com/a/b}":                               "expected domain/name",
		"finalizerBlock: {finalizer: ''}":                                            "expected domain/name",
		"finalizerBlock: {where: {}}":                                                "no condition is given",
		"badImage: {}":                                                               "",
		"badImage: {image: ''}":                                                      "the image has no name",
		"badReadiness: {}":                                                           "",
		"badReadiness: {container: web}":                                             "",
		"badCommand: {}":                                                             "",
		"badCommand: {command: [sh, -c, exit]}":                                      "",
		"badCommand: {command: []}":                                                  "the list is empty",
		"badCommand: {command: ['']}":                                                "the command is empty",
		"badResources: {}":                                                           "",
		"badResources: {requests: {memory: 10Ti, example.com/gpu: '8'}}":             "",
		"badResources: {requests: {}}":                                               "nothing is requested",
		"badResources: {requests: {memory: 10 Ti}}":                                  `"10 Ti" is no quantity to request`,
		"badResources: {requests: {cpu: '0'}}":                                       `"0" is no quantity to request`,
		"badResources: {requests: {cpu: '-1'}}":                                      `"-1" is no quantity to request`,
		"rolloutRestart: {}":                                                         "",
		"rolloutPause: {}":                                                           "",
		"hpaFreeze: {}":                                                              "",
		"hpaFreeze: {replicas: 3}":                                                   "",
		"hpaFreeze: {replicas: 0}":                                                   "0 is no limit of an autoscaler",
		"scale: {to: 0}":                                                             "",
		"scale: {to: 50%}":                                                           "",
		"scale: {to: 0%}":                                                            "",
		"scale: {to: 250%}":                                                          "",
		"scale: {by: -1}":                                                            "",
		"scale: {by: -50%}":                                                          "",
		"scale: {by: +50%}":                                                          "",
		"scale: {}":                                                                  "scale says no number",
		"scale: {to: 1, by: 1}":                                                      "exclude each other",
		"scale: {to: -1}":                                                            "-1 is no number of replicas",
		"scale: {to: -1%}":                                                           "-1% is no number of replicas",
		"scale: {to: 100%}":                                                          "100% changes nothing",
		"scale: {by: 0}":                                                             "0 changes nothing",
		"scale: {by: 0%}":                                                            "0% changes nothing",
		"scale: {by: half}":                                                          `"half" is neither a whole number nor a percentage`,
		"scale: {by: 1.5}":                                                           `neither a whole number nor a percentage`,
		"cpuStress: {}":                                                              "",
		"cpuStress: {workers: 4, load: 30%, count: all}":                             "",
		"cpuStress: {workers: 0}":                                                    "0 is no number of processors",
		"cpuStress: {load: 0%}":                                                      "0% keeps no processor busy",
		"netLoss: {percent: 20%}":                                                    "",
		"netLoss: {percent: 0.5%, direction: in, port: 53, protocol: udp, peers: [{service: dns, namespace: kube-system}]}": "",
		"netLoss: {}":                                 "percent: the field is missing",
		"netLoss: {percent: 0%}":                      "0% loses no packet",
		"netLoss: {percent: 1%, direction: up}":       "direction",
		"netLoss: {percent: 1%, protocol: icmp}":      "protocol",
		"netLoss: {percent: 1%, port: 65536}":         "65536 is no port",
		"netLoss: {percent: 1%, port: 0}":             "0 is no port",
		"netLoss: {percent: 1%, port: -1}":            "-1 is no port",
		"netLoss: {percent: 1%, peers: [{pods: {}}]}": "peers[0]: a peer is one of",
		"netLoss: {percent: 1%, peers: [{}]}":         "peers[0]",
		"netLoss: {percent: 1%, where: {}}":           "no condition is given",
		"netPartition: {}":                            "cut off from nobody",
		"netPartition: {peers: [{cidr: 10.0.0.0/8}, {pods: {app: db}}, {workload: statefulset/db, namespace: data}]}": "",
		"netPartition: {peers: [{cidr: 192.0.2.7}, {cidr: 'fd00::1'}]}":                                               "",
		"netPartition: {peers: [{cidr: example.com}]}":                                                                `peers[0].cidr: "example.com" is no address`,
		"netPartition: {peers: [{cidr: 'fe80::1%eth0'}]}":                                                             "is no address",
		"netPartition: {peers: [{cidr: 10.0.0.0/8, namespace: data}]}":                                                "addresses are in no namespace",
		"netPartition: {peers: [{service: db, cidr: 10.0.0.0/8}]}":                                                    "peers[0]",
		"netPartition: {peers: [{service: db, namespace: Data}]}":                                                     "is not a namespace",
		"netPartition: {peers: [{workload: db}]}":                                                                     "is not kind/name",
		"netPartition: {peers: [{pods: {a b: c}}]}":                                                                   "is no label",
		"netReset: {}": "",
		"netReset: {port: 8080, at: connect, percent: 50%}": "",
		"netReset: {at: end}":                               "at",
		"netReset: {percent: 0%}":                           "0% resets no connection",
		"cpuStress: {image: 'chaosctl:'}":                   `"chaosctl:" is no name of an image`,
		"netDelay: {delay: 200ms}":                          "",
		"netDelay: {delay: 1s, jitter: 1s, direction: out, ports: [5432, 6432], peers: [{service: db}], percent: 50%, resetEstablished: true}": "",
		"netDelay: {}":                                               "delay: the field is missing",
		"netDelay: {delay: 0s}":                                      "0s is no delay",
		"netDelay: {delay: 100ms, jitter: 0s}":                       "0s is no jitter",
		"netDelay: {delay: 100ms, jitter: 101ms}":                    "101ms is more than the delay of 100ms",
		"netDelay: {delay: 1s, direction: both}":                     "direction",
		"netDelay: {delay: 1s, ports: [80, 0]}":                      "ports[1]: 0 is no port",
		"netDelay: {delay: 1s, ports: [65536]}":                      "ports[0]: 65536 is no port",
		"netDelay: {delay: 1s, ports: [http]}":                       "ports[0]",
		"netDelay: {delay: 1s, peers: [{}]}":                         "peers[0]: a peer is one of",
		"netDelay: {delay: 1s, percent: 0%}":                         "0% of the connections are none",
		"netDelay: {delay: 1s, where: {}}":                           "no condition is given",
		"netBandwidth: {bytesPerSecond: 128Ki}":                      "",
		"netBandwidth: {bytesPerSecond: 1000}":                       "",
		"netBandwidth: {bytesPerSecond: 1M, per: connection}":        "",
		"netBandwidth: {}":                                           "bytesPerSecond: the field is missing",
		"netBandwidth: {bytesPerSecond: 1Mbit}":                      `"1Mbit" is no number of bytes`,
		"netBandwidth: {bytesPerSecond: 999}":                        "999 bytes a second are fewer than can be held to",
		"netBandwidth: {bytesPerSecond: -1M}":                        "fewer than can be held to",
		"netBandwidth: {bytesPerSecond: 1M, per: peer}":              "per",
		"netBandwidth: {bytesPerSecond: 1M, ports: [-1]}":            "ports[0]: -1 is no port",
		"memoryStress: {memory: 64Mi, image: 'example.com/agent:1'}": "",
		"memoryStress: {}":                                           "memory",
		"memoryStress: {memory: much}":                               `"much" is no amount of memory`,
		"memoryStress: {memory: '1'}":                                "expected 1Mi or more",
		"httpFault: {port: 8080, status: 503}":                       "",
		"httpFault: {port: 8080, abort: true, delay: 1s, path: /a}":  "",
		"httpFault: {port: 8080, delay: 1s, pattern: '^/a/[0-9]+$'}": "",
		"httpFault: {status: 503}":                                   "port",
		"httpFault: {port: 0, status: 503}":                          "0 is no port",
		"httpFault: {port: 70000, status: 503}":                      "70000 is no port",
		"httpFault: {port: 8080}":                                    "expected status, delay or abort",
		"httpFault: {port: 8080, status: 99}":                        "99 is no status of an answer",
		"httpFault: {port: 8080, status: 503, abort: true}":          "abort",
		"httpFault: {port: 8080, status: 503, percent: 0%}":          "0% of the requests are none",
		"httpFault: {port: 8080, status: 503, pattern: '['}":         `"[" is no regular expression`,
		"httpFault: {port: 8080, status: 503, path: /a, pattern: b}": "pattern",
		"httpFault: {port: 8080, status: 503, path: a}":              `"a" is no beginning of a path`,
		"httpFault: {port: 8080, status: 503, methods: [GET, get]}":  `"get"`,
		"httpFault: {port: 8080, delay: 0s}":                         "0s is no delay",
		"dnsFail: {}":                                                "",
		"dnsFail: {names: [db, '*.example.com', _grpc._tcp.db.shop.svc.], answer: SERVFAIL, delay: 2s, percent: 30%}": "",
		"dnsFail: {names: ['']}":        `"" is no name`,
		"dnsFail: {names: [a, 'b*.c']}": "names[1]",
		"dnsFail: {answer: nxdomain}":   "NXDOMAIN",
		"dnsFail: {delay: 0s}":          "0s is no delay",
		"dnsFail: {percent: 0%}":        "0% of the questions are none",
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
		{ID: "d", Surge: &inject.Surge{Rate: experiment.Rate{PerSecond: 200}}, Object: inject.Object{Kind: "Load", Name: "browse"}},
		{ID: "e", Delete: &inject.Delete{Held: true}},
		{ID: "b", Evict: &inject.Evict{Timeout: 5}},
		{ID: "c", UndoAfter: "b", Edit: &inject.Edit{Fields: []inject.Field{{Path: []string{"data", "a.b"}, Original: json.RawMessage(`"x"`), Yields: true}, {Path: []string{"spec"}, Value: json.RawMessage("true")}}}},
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
		"metadata.finalizers[chaosctl.dev/hold]":     {"metadata", "finalizers", inject.Element("", "chaosctl.dev/hold")},
		"spec.taints[key=a=b]":                       {"spec", "taints", inject.Element("key", "a=b")},
	} {
		assert.Equal(t, want, inject.Field{Path: path}.PathString())
	}
}

func TestElementOf(t *testing.T) {
	for want, element := range map[string][]inject.Condition{
		inject.Element("name", "web"):                                      {{"name", "web"}},
		inject.Element("", "a,b=c"):                                        {{"", "a,b=c"}},
		inject.Element("name", "a,b"):                                      {{"name", "a,b"}},
		inject.Element("key", "example.com/a", "effect", "NoSchedule"):     {{"key", "example.com/a"}, {"effect", "NoSchedule"}},
		inject.Element("key", "a", "effect", "NoSchedule", "value", "b,c"): {{"key", "a"}, {"effect", "NoSchedule"}, {"value", "b,c"}},
	} {
		found, ok := inject.ElementOf(want)
		assert.True(t, ok, want)
		assert.Equal(t, element, found, want)
	}
	for _, other := range []string{"", "[]", "name", "[name]", "name=web"} {
		_, ok := inject.ElementOf(other)
		assert.False(t, ok, other)
	}
}
