package cli

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"sigs.k8s.io/yaml"

	"github.com/chaosctl/chaosctl/pkg/cluster"
)

const probedPod = `
    metadata: {labels: {app: web, tier: front}}
    spec:
      containers:
      - name: web
        ports: [{name: http, containerPort: 8080}]
        readinessProbe: {httpGet: {path: readyz, port: 8080}, periodSeconds: 1, successThreshold: 1}
`

const plainPod = `
    metadata: {labels: {app: web, tier: front}}
    spec: {terminationGracePeriodSeconds: 45, containers: [{name: web}]}
`

// TestDrafts proves that what init writes is valid for workloads of all shapes, and says what it has found; and that it
// is still valid where the user takes in what was commented out.
func TestDrafts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		workload *cluster.Workload
		around   cluster.Surroundings
		want     []string
	}{
		"deployment": {
			workload: deploymentOf(t, 3, probedPod), around: cluster.Surroundings{Services: services(t, `{metadata: {name: web}, spec: {ports: [{name: http, port: 80, targetPort: http}]}}`)},
			want: []string{
				"name: web-survives-pod-kill", "namespace: shop", "workload: deployment/web", "service: web #", "port: http # 80, to http of the pods\n", "path: /readyz # what the readiness probe asks for",
				"replicas: {atLeast: 3, within: 1m} # all of them", "recovery: {timeout: 2m, stableFor: 5s}", "guard: {maxAffected: 34%, minReady: 2} # one pod of 3 at a time", "# No PodDisruptionBudget:",
			},
		},
		"several ports": {
			workload: deploymentOf(t, 2, probedPod), around: cluster.Surroundings{Services: services(t,
				`{metadata: {name: inner}, spec: {clusterIP: None, ports: [{name: http, port: 80}]}}`,
				`{metadata: {name: web}, spec: {ports: [{name: metrics, port: 9090}, {name: db, port: 5432}, {name: dns, port: 8053, protocol: UDP}, {name: api, port: 8000}, {port: 8080}]}}`)},
			want: []string{"service: web #", `port: "8080" # 8080, to`, "; there are also web:api, web:metrics\n", "guard: {maxAffected: 50%, minReady: 1}"},
		},
		"no Service": {
			workload: deploymentOf(t, 3, probedPod),
			want:     []string{"# No load, since no Service selects the pods of deployment/web.", `#- {name: requests, http: {url: "http://web.example/"}, rate: 100/s}`, "  #- availability: {of: requests", "  #abortIf:\n"},
		},
		"headless": {
			workload: statefulSetOf(t, 3, plainPod), around: cluster.Surroundings{Services: services(t, `{metadata: {name: web}, spec: {clusterIP: None, ports: [{name: http, port: 80}]}}`)},
			want: []string{"# No load, since Service web is headless", "workload: statefulset/web", "within: 1m45s} # of the loss of the pod; 45 s of it for the old pod to stop", "recovery: {timeout: 3m30s,"},
		},
		"a data base": {
			workload: statefulSetOf(t, 3, plainPod), around: cluster.Surroundings{Services: services(t, `{metadata: {name: web}, spec: {ports: [{port: 5432}]}}`)},
			want: []string{"# No load, since no port of the Services that select its pods looks like HTTP."},
		},
		"no right to look": {
			workload: deploymentOf(t, 2, probedPod), around: cluster.Surroundings{Hidden: []string{"Services", "PodDisruptionBudgets"}},
			want: []string{"# No load, since you may not list the Services of this namespace.", "# Not looked at, since you may not list them: Services, PodDisruptionBudgets."},
		},
		"daemon set": {
			workload: daemonSetOf(t, 4, plainPod), want: []string{"workload: daemonset/web", "replicas: {atLeast: 4,", "guard: {maxAffected: 25%, minReady: 3}"},
		},
		"no probe": {
			workload: deploymentOf(t, 2, plainPod), around: cluster.Surroundings{Services: services(t, `{metadata: {name: "null"}, spec: {ports: [{port: 80}]}}`)},
			want: []string{"# WARNING: No container has a readiness probe", `service: "null" #`, "path: / # better is"},
		},
		"one replica": {
			workload: deploymentOf(t, 1, probedPod), want: []string{"# WARNING: With one replica, the guard refuses this run", "guard: {maxAffected: 50%, minReady: 1}", "replicas: {atLeast: 1,"},
		},
		"none": {
			workload: deploymentOf(t, 0, probedPod), want: []string{"# WARNING: This workload is scaled to zero", "replicas: {atLeast: 1,"},
		},
		"a budget that allows nothing": {
			workload: deploymentOf(t, 2, probedPod), around: cluster.Surroundings{Budgets: []policyv1.PodDisruptionBudget{object[policyv1.PodDisruptionBudget](t,
				`{metadata: {name: strict}, status: {disruptionsAllowed: 0, currentHealthy: 2, desiredHealthy: 2}}`)}},
			want: []string{"# PodDisruptionBudget strict: allows no eviction now (2 pods are healthy, of 2 that must be)."},
		},
		"an autoscaler": {
			workload: deploymentOf(t, 5, probedPod), around: cluster.Surroundings{Autoscaler: new(object[autoscalingv2.HorizontalPodAutoscaler](t, `{metadata: {name: web}, spec: {minReplicas: 3, maxReplicas: 9}}`))},
			want: []string{"replicas: {atLeast: 3, within: 1m} # the least that HorizontalPodAutoscaler web keeps (3 to 9)"},
		},
		"slow to start": {
			workload: deploymentOf(t, 2, `
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, startupProbe: {httpGet: {port: 80}, periodSeconds: 10, failureThreshold: 30}, readinessProbe: {exec: {command: ["true"]}, initialDelaySeconds: 5, periodSeconds: 5, successThreshold: 1}}]}
`),
			want: []string{"recovery: {within: 5m40s} # the startup and readiness probes allow that much", "recovery: {timeout: 11m20s,"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDraft(c.workload, &c.around)
			d.Program, d.File = "chaosctl", "web.yaml"
			var text bytes.Buffer
			require.NoError(t, d.write(&text))
			for _, want := range c.want {
				assert.Contains(t, text.String(), want)
			}
			assert.True(t, strings.HasPrefix(text.String(), "# yaml-language-server: $schema=https://"))
			assert.NotRegexp(t, `(?m)[ \t]$`, text.String(), "blanks at the end of a line")
			for _, text := range []string{text.String(), takenIn(text.String())} {
				file, err := loader().Load("web.yaml", strings.NewReader(text))
				require.NoError(t, err, text)
				e, err := file.Experiment()
				require.NoError(t, err)
				assert.Equal(t, "shop", e.Spec.Target.Namespace)
			}
			e, err := loader().Load("web.yaml", strings.NewReader(takenIn(text.String())))
			require.NoError(t, err)
			assert.Len(t, e.Documents[0].Experiment.Spec.Expect, 5)
			assert.Len(t, e.Documents[0].Experiment.Spec.Load, 1)
		})
	}
}

// takenIn takes the # away from the lines that have one without a blank after it.
func takenIn(text string) string {
	return regexp.MustCompile(`(?m)^  #(\S)`).ReplaceAllString(text, "  $1")
}

// TestDraftNamesFitIntoLabels proves that long and dotted names give a valid one.
func TestDraftNamesFitIntoLabels(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "web-v2-survives-pod-kill", draftName("web.v2"))
	long := draftName(strings.Repeat("a", 44) + "-" + strings.Repeat("b", 60))
	assert.LessOrEqual(t, len(long), 63)
	assert.NotContains(t, long, "--")
}

func object[T any](t *testing.T, text string) T {
	t.Helper()
	var o T
	require.NoError(t, yaml.UnmarshalStrict([]byte(text), &o))
	return o
}

func services(t *testing.T, texts ...string) []corev1.Service {
	t.Helper()
	var all []corev1.Service
	for _, text := range texts {
		all = append(all, object[corev1.Service](t, text))
	}
	return all
}

const appsHead = "\nmetadata: {name: web, namespace: shop}\nspec:\n  selector: {matchLabels: {app: web}}\n  template:"

func deploymentOf(t *testing.T, replicas int32, pod string) *cluster.Workload {
	t.Helper()
	d := object[appsv1.Deployment](t, appsHead+pod)
	d.Spec.Replicas, d.Status.ReadyReplicas = &replicas, replicas
	w, err := cluster.FromDeployment(&d)
	require.NoError(t, err)
	return w
}

func statefulSetOf(t *testing.T, replicas int32, pod string) *cluster.Workload {
	t.Helper()
	s := object[appsv1.StatefulSet](t, appsHead+pod)
	s.Spec.Replicas, s.Status.ReadyReplicas = &replicas, replicas
	w, err := cluster.FromStatefulSet(&s)
	require.NoError(t, err)
	return w
}

func daemonSetOf(t *testing.T, nodes int32, pod string) *cluster.Workload {
	t.Helper()
	d := object[appsv1.DaemonSet](t, appsHead+pod)
	d.Status.DesiredNumberScheduled, d.Status.NumberReady = nodes, nodes
	w, err := cluster.FromDaemonSet(&d)
	require.NoError(t, err)
	return w
}
