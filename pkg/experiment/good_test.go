package experiment_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"

	"github.com/chaosctl/chaosctl/pkg/experiment"
)

func load(t *testing.T, name string) *experiment.File {
	t.Helper()
	file, err := loader.LoadFile("testdata/good/" + name)
	require.NoError(t, err)
	return file
}

func TestDefaults(t *testing.T) {
	e, err := load(t, "least.yaml").Experiment()
	require.NoError(t, err)

	assert.Equal(t, experiment.Duration(5*time.Second), e.Spec.Steady.For)
	assert.Equal(t, experiment.Duration(2*time.Minute), e.Spec.Recovery.Timeout)
	assert.Equal(t, experiment.Duration(3*time.Second), e.Spec.Recovery.StableFor)
	assert.Equal(t, experiment.Load{
		Name: "browse", HTTP: &experiment.HTTPLoad{Path: "/", Method: "GET"}, Rate: experiment.Rate{PerSecond: 10},
		Connections: experiment.Both, Timeout: experiment.Duration(2 * time.Second),
	}, e.Spec.Load[0])
	assert.Equal(t, experiment.Duration(time.Second), e.Spec.Probes[0].Interval)
	assert.Equal(t, experiment.Duration(time.Second), e.Spec.Probes[0].Timeout)

	var names []string
	for _, fault := range e.Spec.Faults {
		names = append(names, fault.Name)
	}
	assert.Equal(t, []string{"podKill", "podKill-2", "rolloutRestart", "podKill-4", "podKill-3"}, names)
	assert.Equal(t, &podKill{Count: experiment.CountOf(1)}, e.Spec.Faults[0].Params)
}

func TestStreamsOfOtherKinds(t *testing.T) {
	e, err := load(t, "streams.yaml").Experiment()
	require.NoError(t, err)
	connects, pings := e.Spec.Load[0], e.Spec.Load[1]
	assert.Equal(t, experiment.Load{
		Name: "connects", TCP: &experiment.TCPLoad{}, Rate: experiment.Rate{PerSecond: 10},
		Connections: experiment.Fresh, Timeout: experiment.Duration(2 * time.Second),
	}, connects, "no connection is used again")
	assert.Equal(t, &experiment.TCPLoad{Address: "[::1]:6379", Send: "PING\n", Expect: "+PONG"}, pings.TCP)

	health, orders := e.Spec.Load[2], e.Spec.Load[3]
	assert.Equal(t, &experiment.GRPCLoad{Method: "/grpc.health.v1.Health/Check", Status: "OK"}, health.GRPC)
	assert.Equal(t, experiment.Both, health.Connections)
	assert.Equal(t, []byte{10, 1, 'a'}, orders.GRPC.Bytes())
	assert.Equal(t, []experiment.SecretSource{
		{Env: "SHOP_TOKEN"}, {Env: "SHOP_CERT"}, {Secret: &experiment.SecretKey{Name: "shop-client", Key: "tls.key"}},
	}, orders.Destination().Secrets())
	assert.Equal(t, "shop.example", orders.GRPC.TLS.ServerName)
	assert.Equal(t, uint32(5), orders.GRPC.Status.Code())
	for n, status := range experiment.GRPCStatus("").Values() {
		var code codes.Code
		require.NoError(t, code.UnmarshalJSON([]byte(strconv.Quote(status))), "the names are those of gRPC")
		assert.Equal(t, uint32(code), experiment.GRPCStatus(status).Code())
		assert.Equal(t, status, string(experiment.GRPCStatusOf(uint32(n))))
	}
}

func TestFullIsReadAsWritten(t *testing.T) {
	e, err := load(t, "full.yaml").Experiment()
	require.NoError(t, err)

	require.NotNil(t, e.Spec.Seed)
	assert.Zero(t, *e.Spec.Seed)
	assert.Zero(t, e.Spec.Steady.For, "a zero that was written is no default")
	assert.Equal(t, "8080", e.Spec.Load[0].HTTP.Port, "a port needs no quotes")
	assert.Equal(t, &nodeDrain{Nodes: []string{"n1", "n2"}, Retries: 3, Weight: 255, Share: 1e-3}, e.Spec.Faults[4].Params)
	assert.Equal(t, map[string]string{"app": "web", "a/b.c": "1"}, e.Spec.Faults[0].Params.(*podKill).Labels)
	assert.Equal(t, "after.x == before.x", *e.Spec.Expect[1].Params.(*string))
	assert.Equal(t, 20*time.Second, e.Spec.FaultWindow())
}

func TestSeveralDocuments(t *testing.T) {
	file := load(t, "several.yaml")
	require.Len(t, file.Documents, 3)
	assert.Equal(t, "one", file.Documents[0].Experiment.Metadata.Name)
	assert.Equal(t, "two", file.Documents[1].Experiment.Metadata.Name)
	game := file.Documents[2].GameDay
	assert.Equal(t, experiment.Stop, game.Spec.OnFailure)
	assert.Equal(t, "UTC", game.Spec.TimeZone)
	assert.Equal(t, "testdata/good/several.yaml", file.Documents[2].File)

	_, err := file.Experiment()
	assert.EqualError(t, err, "testdata/good/several.yaml: the file holds 3 documents: expected one of kind Experiment")
}

func TestAliases(t *testing.T) {
	e, err := load(t, "aliases.yaml").Experiment()
	require.NoError(t, err)
	assert.Equal(t, e.Spec.Faults[0].Params, e.Spec.Faults[1].Params)
	assert.NotSame(t, e.Spec.Faults[0].Params, e.Spec.Faults[1].Params)
}

func TestFaultWindow(t *testing.T) {
	s := experiment.Spec{Faults: []experiment.Fault{{At: seconds(2)}}}
	assert.Equal(t, 10*time.Second, s.FaultWindow(), "ten seconds at the least")

	lasting := seconds(6)
	s.Faults = append(s.Faults, experiment.Fault{At: seconds(1), For: &lasting, Repeat: &experiment.Repeat{Every: seconds(10), Times: 3}})
	assert.Equal(t, 27*time.Second, s.FaultWindow())

	endless := experiment.Fault{Repeat: &experiment.Repeat{Every: seconds(1e9), Times: 1 << 62}, For: &lasting}
	assert.Equal(t, time.Duration(1<<63-1), endless.End(), "no overflow")
}

func TestValidateWithoutFile(t *testing.T) {
	e, err := load(t, "least.yaml").Experiment()
	require.NoError(t, err)
	require.NoError(t, experiment.Validate(e))

	e.Spec.Target = experiment.Target{Namespace: "shop", Workload: "pod/web"}
	e.Spec.Load[0].Name = "order"
	assert.EqualError(t, experiment.Validate(e), strings.Join([]string{
		`spec.target.workload: unknown kind of workload "pod": expected deployment, statefulset, daemonset, replicaset or job`,
		`spec.expect[0].availability.of: there is no stream "browse": expected order`,
	}, "\n"))
}

func TestProfilesInWords(t *testing.T) {
	e, err := load(t, "profiles.yaml").Experiment()
	require.NoError(t, err)
	var whole, each []string
	for i := range e.Spec.Load {
		whole = append(whole, e.Spec.Load[i].Shape().String())
		each = append(each, e.Spec.Load[i].StreamShape().String())
	}
	assert.Equal(t, []string{
		"0.5/s",
		"ramp from 0/s to 200/s over 1m30s",
		"ramp from 200/s to 0/s over 500ms",
		"50/s, then 100/s, then 0/s, then 200/s, 20s each",
		"bursts of 200/s for 5s every 30s, 0/s in between",
		"waves from 20/s to 200/s, one every 1m0s",
		"a trace of 3 rates from 0.5/s to 200/s, the last one after 1m0s",
		"a trace of 2 rates from 0/s to 5/s, the last one after 1m30s",
	}, whole)
	assert.Equal(t, []string{
		"0.25/s",
		"ramp from 0/s to 100/s over 1m30s",
		"ramp from 200/s to 0/s over 500ms",
		"25/s, then 50/s, then 0/s, then 100/s, 20s each",
		"bursts of 100/s for 5s every 30s, 0/s in between",
		"waves from 10/s to 100/s, one every 1m0s",
		"a trace of 3 rates from 0.25/s to 100/s, the last one after 1m0s",
		"a trace of 2 rates from 0/s to 5/s, the last one after 1m30s",
	}, each, "both kinds of connection have a half, and a single one all")
}

func seconds(n int) experiment.Duration { return experiment.Duration(time.Duration(n) * time.Second) }

// TestFreeObject: what the language does not know is read as the API machinery reads JSON.
func TestFreeObject(t *testing.T) {
	e, err := load(t, "manifest.yaml").Experiment()
	require.NoError(t, err)
	object := e.Spec.Faults[0].Params.(*manifest).Object
	assert.Equal(t, map[string]any{
		"text": "some", "quoted": "1", "whole": int64(12), "part": 0.5, "truth": false, "nothing": nil, "day": "2026-11-26",
		"none": map[string]any{}, "few": []any{}, "list": []any{int64(1), "two", map[string]any{"three": int64(3)}, []any{int64(4)}},
	}, object["spec"])
	assert.Equal(t, map[string]any{"name": "one", "labels": map[string]any{"on": "yes"}}, object["metadata"])
}
