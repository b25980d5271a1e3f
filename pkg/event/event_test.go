package event_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"math"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/chaosctl/chaosctl/pkg/event"
)

// payloads holds one of each type, with all fields set.
func payloads() []event.Payload {
	object := event.Object{Kind: "Pod", Namespace: "shop", Name: "web-1", UID: "u1", Node: "node2", Owner: "ReplicaSet/web"}
	return []event.Payload{
		event.RunStarted{
			RunID: "r1", Base: time.Date(2026, 11, 23, 13, 20, 4, 218_000_001, time.UTC), Experiment: json.RawMessage(`{"kind":"Experiment"}`),
			SHA256: "ab", Source: "f.yaml", GameDay: "g", Seed: -42, Cluster: event.Cluster{Version: "v1.34.1", UID: "c1", Context: "lab", Nodes: 3},
			Environment: event.Environment{Version: "v1", Go: "go1.26", Platform: "linux/amd64", Host: "h", CPUs: 2, Command: "chaosctl run"},
		},
		event.Planned{TargetPods: 3, ReadyPods: 2, Changes: []event.PlannedChange{{
			ID: "kill/1/delete-web-1", Fault: "kill", Object: object, Verb: "delete", What: "delete the pod", Undo: "none", Reversible: true, At: 5,
		}}},
		event.StreamStarted{ID: 1, Name: "browse", Connections: "fresh", Method: "GET", URL: "http://10.0.0.1/", Via: "cluster IP", Service: "web", Rate: 99.5, Profile: "ramp from 1/s to 99.5/s over 1m0s", Timeout: 2},
		event.StreamEnded{ID: 1, Starved: true, Unexpected: "m", Shared: true},
		event.PhaseStarted{Phase: event.Fault},
		event.PhaseEnded{Phase: event.Recovery, Reason: "interrupted", Complete: true, Converged: 7},
		event.ChangeUpdated{ID: "c", Fault: "kill", Object: object, Verb: "delete", State: event.ChangeSent, Message: "m", Config: &event.ConfigChange{
			Keys: []event.ConfigKey{{Key: "data.mode", Before: new(4), After: new(5), Withheld: "w", Lines: []string{"-open"}, Cut: 3}}, More: 2,
		}},
		event.PodObserved{
			UID: "u1", Name: "web-1", Namespace: "shop", Node: "node2", OwnerUID: "o1", OwnerKind: "ReplicaSet", Owner: "web", Target: true,
			Scheduled: true, Prepared: true, Running: true, Ready: true, Terminating: true, Gone: true, Left: true, Restarts: 2, Reason: "CrashLoopBackOff", Initial: true, Addresses: "10.0.0.1,fd00::1",
		},
		event.EndpointObserved{Service: "web", PodUID: "u1", Pod: "web-1", Ready: true, Serving: true, Terminating: true, Removed: true, Initial: true},
		event.WorkloadObserved{Kind: "Deployment", Name: "web", UID: "d1", Desired: 3, Current: 4, Updated: 2, Ready: 1, Available: 1, Settled: true, Generation: 7, Target: true, Revision: "2", Halted: "ProgressDeadlineExceeded"},
		event.ScalerObserved{Name: "web", UID: "h1", Min: 2, Max: 5, Current: 3, Desired: 5, Limited: "TooManyReplicas", Inactive: "FailedGetResourceMetric", Gone: true},
		event.Happened{Kind: "Pod", Name: "web-1", UID: "u1", Warning: true, Reason: "BackOff", Message: "m", Count: 2},
		event.NodeObserved{Name: "node2", UID: "n2", Zone: "z", Ready: true, Unschedulable: true, Gone: true},
		event.WatchMeasured{Writes: 20, Median: 0.004, Max: 0.0125},
		event.WatchInterrupted{Resource: "pods", Reason: "expired"},
		event.WatchResumed{Resource: "pods", Missed: true},
		event.ProbeChecked{Name: "ready", OK: true, Unknown: true, Message: "m", Seconds: 0.25, Moment: event.After},
		event.TargetConfigured{
			Replicas: 3, GracePeriod: 30, Containers: []event.ContainerConfigured{{Name: "app", Readiness: true, PreStop: true, PreStopSleep: 3}},
			PublishesNotReady: []string{"web"}, Budgets: []string{"web"}, BudgetsRead: true,
		},
		event.TargetRead{Moment: event.Before, Objects: json.RawMessage(`{"pods":[]}`), Unread: map[string]string{"service": "m"}},
		event.ValuesRead{Of: "up, at the end", Values: []event.Value{{At: 7, Number: "+Inf"}}, Asked: 2, Unknown: "m"},
		event.DeclaredCompared{
			Objects: 4, Differences: []event.Difference{{Object: "deployment/web", Field: "spec.replicas", What: "is 2, was 3"}}, More: 1,
			Moved: []string{"configmap/settings"}, Unread: "m", Every: 0.5, Last: true,
		},
		event.Noted{Level: "warning", Message: "m"},
		event.RunEnded{Outcome: event.Aborted, Reason: "m", Condition: "abortIf[0]"},
	}
}

func TestPayloadsRoundTrip(t *testing.T) {
	for _, p := range payloads() {
		t.Run(p.Type(), func(t *testing.T) {
			for i := range reflect.TypeOf(p).NumField() {
				require.False(t, reflect.ValueOf(p).Field(i).IsZero(), "the test leaves %s empty, so it would not be missed", reflect.TypeOf(p).Field(i).Name)
			}
			text, err := json.Marshal(event.Event{At: 1_500_000_001, Payload: p})
			require.NoError(t, err)
			var back event.Event
			require.NoError(t, json.Unmarshal(text, &back))
			assert.Equal(t, event.Event{At: 1_500_000_001, Payload: p}, back)
		})
	}
}

// TestPayloadsAreAllTested finds the payloads in the source: those that have a method Type.
func TestPayloadsAreAllTested(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "payload.go", nil, 0)
	require.NoError(t, err)
	var declared, tested []string
	for _, d := range file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Name.Name == "Type" {
			declared = append(declared, f.Recv.List[0].Type.(*ast.Ident).Name)
		}
	}
	for _, p := range payloads() {
		tested = append(tested, reflect.TypeOf(p).Name())
	}
	declared = slices.DeleteFunc(declared, func(name string) bool { return name == "Unknown" })
	assert.ElementsMatch(t, declared, tested)
}

func TestUnknownType(t *testing.T) {
	var e event.Event
	require.NoError(t, json.Unmarshal([]byte(`{"t":2,"type":"from.the.future","data":{"x":[1]}}`), &e))
	assert.Equal(t, event.Event{At: event.Instant(2 * time.Second), Payload: event.Unknown{Name: "from.the.future"}}, e)
	require.ErrorContains(t, json.Unmarshal([]byte(`{"t":2,"type":"pod","data":{"uid":7}}`), &e), "event pod")
	require.ErrorContains(t, json.Unmarshal([]byte(`{"t":"soon","type":"pod","data":{}}`), &e), "number of seconds")
}

func TestInstant(t *testing.T) {
	for i, want := range map[event.Instant]string{
		0: "0", 1: "0.000000001", -1: "-0.000000001", 1_000_000_000: "1", 10_300_000_000: "10.3", -2_500_000_000: "-2.5",
		3600_000_000_010: "3600.00000001", math.MinInt64: "-9223372036.854775808",
	} {
		text, err := json.Marshal(i)
		require.NoError(t, err)
		assert.Equal(t, want, string(text))
	}
	assert.Equal(t, 2*time.Second, event.Instant(3*time.Second).Sub(event.Instant(time.Second)))
	assert.Equal(t, event.Instant(3*time.Second), event.Instant(time.Second).Add(2*time.Second))
}

func TestInstantKeepsNanoseconds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		i := event.Instant(rapid.Int64Range(0, int64(48*24*time.Hour)).Draw(t, "instant"))
		text, err := json.Marshal(i)
		require.NoError(t, err)
		var back event.Instant
		require.NoError(t, json.Unmarshal(text, &back))
		require.Equal(t, i, back)
	})
}
