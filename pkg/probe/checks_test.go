package probe_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/probe"
	"github.com/chaosctl/chaosctl/pkg/verdict"
)

// TestChecks loads experiments with each mistake that a probe finds in its own parameters.
func TestChecks(t *testing.T) {
	loader := experiment.Loader{Catalogue: experiment.Catalogue{Probes: probe.Kinds(), Expectations: verdict.Expectations(), Faults: experiment.Kinds{"none": func() any { return &struct{}{} }}}}
	for parameters, want := range map[string]string{
		"http: {url: 'https://shop.example/'}":                                    "",
		"http: {url: 'http://shop', status: 204, contains: ok}":                   "",
		"http: {url: shop}":                                                       `"shop" is not a URL`,
		"http: {url: 'ftp://shop/'}":                                              "is not a URL",
		"http: {url: 'http://shop', status: 7}":                                   "7 is not an HTTP status",
		"kubernetes: {resource: deployment/web, cel: 'true'}":                     "",
		"kubernetes: {resource: web, cel: 'true'}":                                `"web" is not kind/name`,
		"kubernetes: {resource: deployment/, cel: 'true'}":                        "is not kind/name",
		"kubernetes: {resource: deployment/web, cel: 'objekt.x'}":                 "character 1: undeclared reference to 'objekt'",
		"kubernetes: {resource: deployment/web, cel: '1 + 1'}":                    "the condition gives int: expected a true or false",
		"kubernetes: {resource: deployment/web, cel: '1 +'}":                      "Syntax error",
		`tcp: {address: "redis:6379", send: 'PING\r\n', expect: +PONG}`:           "",
		"tcp: {address: '[::1]:80'}":                                              "",
		"tcp: {address: redis}":                                                   `"redis" is not host:port`,
		"tcp: {address: ':80'}":                                                   "is not host:port",
		"tcp: {address: 'redis:0'}":                                               "is not host:port",
		"tcp: {address: 'redis:65536'}":                                           "is not host:port",
		"tcp: {address: 'redis:http'}":                                            "is not host:port",
		"tcp: {address: 'tcp://redis:80'}":                                        "is not host:port",
		"tcp: {address: 'redis:80', send: '\\q'}":                                 "begins no escape",
		"tcp: {address: 'redis:80', expect: '" + strings.Repeat("x", 1025) + "'}": "the text has 1025 bytes: expected 1024 at most",
		"dns: {name: shop.example}":                                               "",
		"dns: {name: shop.example, type: AAAA, server: 10.0.0.1}":                 "",
		"dns: {name: shop.example, type: SRV, server: 'ns:5353', cel: \"code == 'NOERROR' && answers[0].port == 1\"}": "",
		"dns: {name: 10.0.0.1, type: PTR, server: '::1'}":                                                             "",
		"dns: {name: shop.example, type: a}":                                                                          `did you mean "A"`,
		"dns: {name: ''}":                                                                                             `"" is not a domain name`,
		"dns: {name: shop..example}":                                                                                  "is not a domain name",
		"dns: {name: shop.example, server: 'ns:0'}":                                                                   "is not host:port",
		"dns: {name: shop.example, cel: 'answer == 1'}":                                                               "undeclared reference to 'answer'",
		"dns: {name: shop.example, cel: 'size(answers)'}":                                                             "the condition gives int",
		"tls: {address: 'shop.example:443', days: 14}":                                                                "",
		"tls: {address: shop.example}":                                                                                "is not host:port",
		"tls: {address: 'shop.example:443', days: -1}":                                                                "-1 is not a number of days: expected 0 to 36500",
		"tls: {address: 'shop.example:443', days: 36501}":                                                             "is not a number of days",
		"tls: {address: 'shop.example:443', ca: /etc/ca}":                                                             "the text holds no certificate: expected PEM",
		"tls: {address: 'shop.example:443', serverName: 'shop.example:443'}":                                          "is not the name of a host",
		"command: {argv: [check, '']}":                                                                                "",
		"command: {argv: [check], env: [{name: A, value: ''}, {name: B_1}], cel: exitCode == 1}":                      "",
		"command: {argv: []}":                                                                                         "the list is empty",
		"command: {}":                                                                                                 "the field is missing",
		"command: {argv: ['']}":                                                                                       "there is no program",
		"command: {argv: check}":                                                                                      "expected a list",
		"command: {argv: [check], env: [{name: 'A=B'}]}":                                                              "this is not the name of a variable",
		"command: {argv: [check], env: [{name: A}, {name: A}]}":                                                       "the variable A is there twice",
		"command: {argv: [check], env: [{value: x}]}":                                                                 "the field is missing",
		"command: {argv: [check], cel: exitCode}":                                                                     "the condition gives int",
		"command: {argv: [check], cel: 'stdout > 3'}":                                                                 "found no matching overload",
		"exec: {argv: [check, ''], container: app, selector: {app: web}, each: true, record: true, cel: exitCode == 1}": "",
		"exec: {argv: ['']}":                                        "there is no program",
		"exec: {argv: [a], container: A}":                           `"A" is not the name of a container`,
		"exec: {argv: [a], selector: {'a b': c}}":                   `"a b": "c" is not a label and its value`,
		"exec: {argv: [a], cel: exitCode}":                          "the condition gives int",
		"exec: {}":                                                  "the field is missing",
		"log: {absent: 'panic:|FATAL'}":                             "",
		"log: {present: x, within: 1m, each: true, container: app}": "",
		"log: {}":                                                                 "there is no pattern: expected present or absent",
		"log: {absent: a, present: b}":                                            "present and absent exclude each other",
		"log: {absent: a, each: true}":                                            "what must be absent must be so everywhere",
		"log: {absent: '(['}":                                                     `"([" is not a regular expression`,
		"log: {present: a, within: 500ms}":                                        "500ms is too short: expected 1s or more",
		"interval: 11s, log: {absent: a}":                                         "checks come 11s apart and look 10s back, so that lines between go unseen: expected 11s or more",
		"interval: 11s, log: {absent: a, within: 11s}":                            "",
		"interval: 11s, log: {present: a}":                                        "",
		"mode: end, interval: 11s, log: {absent: a}":                              "",
		"grpc: {address: 'orders:9090', service: shop.v1.Orders}":                 "",
		"grpc: {address: 'orders:9090', tls: {}}":                                 "",
		"grpc: {address: 'orders:9090', tls: {serverName: orders.example}}":       "",
		"grpc: {address: orders}":                                                 "is not host:port",
		"grpc: {address: 'orders:9090', tls: {ca: none}}":                         "spec.probes[0].grpc.tls.ca: the text holds no certificate",
		"grpc: {address: 'orders:9090', tls: true}":                               "expected",
		"prometheus: {url: 'http://prometheus:9090', query: up, cel: value == 1}": "",
		"prometheus: {url: 'http://prometheus:9090', query: up, cel: value == 1, bearerFrom: TOKEN, tls: {serverName: prometheus.example}}":          "",
		"prometheus: {url: 'http://prometheus:9090', query: up, cel: value == 1, basic: {username: ann, passwordFrom: PASSWORD}}":                    "",
		"prometheus: {url: 'http://prometheus:9090', query: up, cel: value == 1, basic: {username: ann, passwordFrom: PASSWORD}, bearerFrom: TOKEN}": "bearerFrom and basic exclude each other",
		"prometheus: {url: 'http://prometheus:9090', query: up, cel: value == 1, basic: {username: 'ann:x', passwordFrom: PASSWORD}}":                `"ann:x" is not the name of a user`,
		"prometheus: {url: 'http://prometheus:9090', query: up, cel: value == 1, basic: {username: ann}}":                                            "the field is missing",
		"prometheus: {url: 'http://prometheus:9090', query: up, cel: value == 1, basic: {username: ann, passwordFrom: pa-ss}}":                       "this is not the name of a variable",
		"prometheus: {url: 'http://prometheus:9090', query: up, cel: value == 1, bearerFrom: eyJhbGciOi.J}":                                          "is not the name of a variable",
		"prometheus: {url: 'http://prometheus:9090', query: up, cel: value == 1, tls: {ca: x}}":                                                      "the text holds no certificate",
		"prometheus: {url: prometheus, query: up, cel: value == 1}":                                                                                  "expected http://host:9090",
		"prometheus: {url: 'https://ann:secret@prometheus', query: up, cel: value == 1}":                                                             "is part of all reports",
		"prometheus: {url: 'http://prometheus', query: ' ', cel: value == 1}":                                                                        "there is no query",
		"prometheus: {url: 'http://prometheus', query: up, cel: values == 1}":                                                                        "undeclared reference to 'values'",
		"prometheus: {url: 'http://prometheus', query: up}":                                                                                          "the field is missing",
	} {
		_, err := loader.Load("f.yaml", strings.NewReader(`
apiVersion: chaosctl.dev/v1alpha1
kind: Experiment
metadata: {name: x}
spec:
  promise: self-healing
  target: {namespace: shop, workload: deployment/web}
  probes:
  - {name: p, `+parameters+`}
  faults: [{none: {}}]
  expect:
  - recovery: {within: 10s}
`))
		if want == "" {
			assert.NoError(t, err, parameters)
		} else {
			assert.ErrorContains(t, err, want, parameters)
		}
	}
}

func TestRegistry(t *testing.T) {
	kinds := probe.Kinds()
	assert.Len(t, kinds, len(probe.Definitions()))
	for _, d := range probe.Definitions() {
		assert.NotEmpty(t, d.Summary)
		first, second := kinds[d.Name](), kinds[d.Name]()
		assert.NotSame(t, first, second)
	}
}
