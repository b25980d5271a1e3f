package experiment_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/chaosctl/chaosctl/pkg/experiment"
)

const traced = `
apiVersion: chaosctl.dev/v1alpha1
kind: Experiment
metadata: {name: web}
spec:
  promise: self-healing
  target: {namespace: shop, workload: deployment/web}
  load:
  - {name: browse, http: {service: web}, profile: {trace: {file: monday.csv}}}
  faults:
  - podKill: {count: 1}
  expect:
  - availability: {of: browse, atLeast: 99%}
`

// TestTraceTakesTheFilesPlace: what is recorded of an experiment needs no other file to be read again.
func TestTraceTakesTheFilesPlace(t *testing.T) {
	e, err := load(t, "profiles.yaml").Experiment()
	require.NoError(t, err)
	text, err := json.Marshal(e)
	require.NoError(t, err)
	assert.Contains(t, string(text), `{"trace":{"points":["0s, 10/s","500ms, 200/s","1m0s, 0.5/s"]}}`)
	again, err := loader.Load("elsewhere/experiment.json", strings.NewReader(string(text)))
	require.NoError(t, err)
	read, err := again.Experiment()
	require.NoError(t, err)
	assert.Equal(t, []string{"../monday.csv"}, e.Traces())
	assert.Empty(t, read.Traces())
	once, err := json.Marshal(read)
	require.NoError(t, err)
	assert.JSONEq(t, string(text), string(once))
}

// TestTraceFiles names the line that is wrong, in the file that holds it.
func TestTraceFiles(t *testing.T) {
	directory := t.TempDir()
	for text, want := range map[string]string{
		"0s, 10/s\n\n# pause\n 10.5 ,0 \n":    "",
		"0s, 10/s\r\n5s, 20/s\r\n":            "",
		"0s, 10/s\n5s 20/s\n":                 `monday.csv:2: "5s 20/s" is not offset, rate: expected something like 10s, 200/s`,
		"# one\n\nsoon, 10/s\n":               `monday.csv:3: "soon" is not a duration`,
		"0s, 10/s\n-5s, 10/s\n":               "monday.csv:2: -5s is negative",
		"-0, 10/s\n":                          "monday.csv:1: -0 is negative",
		"0s, much\n":                          `monday.csv:1: "much" is not a rate`,
		"0s, 10/s, 3\n":                       `monday.csv:1: "10/s, 3" is not a rate`,
		"0s, 1000000\n":                       "monday.csv:1: 1000000/s is outside of what a stream may ask for",
		"0s, 10/s\n5s, 20/s\n5s, 30/s\n":      "monday.csv:3: the offset 5s is not after the one before, 5s",
		"0s, 0\n5s, 0/s\n":                    "all rates are 0/s, which is no load",
		"":                                    "monday.csv holds no rates: expected lines such as 10s, 200/s",
		"# nothing\n":                         "monday.csv holds no rates",
		strings.Repeat("x", 100_000):          "monday.csv:1: the line is longer than 64 KiB",
		strings.Repeat("# comment\n", 200_00): "",
		"0,1\n" + strings.Repeat("#"+strings.Repeat("x", 1000)+"\n", 1100): "monday.csv: the trace is larger than 1 MiB",
	} {
		if strings.HasPrefix(text, "# comment") {
			text += "0, 1\n"
		}
		require.NoError(t, os.WriteFile(filepath.Join(directory, "monday.csv"), []byte(text), 0o600))
		_, err := loader.Load(filepath.Join(directory, "x.yaml"), strings.NewReader(traced))
		if want == "" {
			require.NoError(t, err, "%.40q", text)
			continue
		}
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, err, "x.yaml:9:")
	}
	long := "0, 1\n"
	for i := range 10_000 {
		long += string(mustText(t, experiment.TracePoint{Offset: seconds(i + 1)})) + "\n"
	}
	require.NoError(t, os.WriteFile(filepath.Join(directory, "monday.csv"), []byte(long), 0o600))
	_, err := loader.Load(filepath.Join(directory, "x.yaml"), strings.NewReader(traced))
	require.ErrorContains(t, err, "monday.csv:10001: the trace is too long: expected 10000 rates at most")
}

func mustText(t *testing.T, p experiment.TracePoint) []byte {
	t.Helper()
	text, err := p.MarshalText()
	require.NoError(t, err)
	return text
}

func TestTraceThatIsNoFile(t *testing.T) {
	_, err := loader.Load(filepath.Join(t.TempDir(), "x.yaml"), strings.NewReader(traced))
	require.ErrorContains(t, err, "the trace cannot be read")
	require.ErrorContains(t, err, "no such file")
	_, err = loader.Load("x.yaml", strings.NewReader(strings.Replace(traced, "monday.csv", ".", 1)))
	require.ErrorContains(t, err, "the trace . is not a file")
	_, err = loader.Load("x.yaml", strings.NewReader(strings.Replace(traced, "monday.csv", "/dev/zero", 1)))
	require.ErrorContains(t, err, "the trace /dev/zero is not a file", "what never ends is not read")

	e := &experiment.Experiment{}
	e.Spec.Load = []experiment.Load{{Profile: &experiment.Profile{Trace: &experiment.Trace{File: "monday.csv"}}}}
	require.ErrorContains(t, experiment.Validate(e), "the file was not read")
}

// TestFormOfTracePoints holds the pattern to what is read.
func TestFormOfTracePoints(t *testing.T) {
	piece := rapid.SampledFrom([]string{"0", "1", "5", "10", ".", ".5", "s", "m", "ms", "h", "/", "/s", ",", ", ", " ", "x", "+", "-", ""})
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(piece, 1, 9).Draw(t, "pieces"), "")
		var p experiment.TracePoint
		err := p.UnmarshalText([]byte(text))
		if err != nil && beyondPatterns.MatchString(text) || strings.Contains(text, "/0") || strings.Contains(text, "/.") {
			t.Skip("ranges are not for patterns")
		}
		require.Equal(t, err == nil, p.Form().Accepts(text), "%q: %v", text, err)
	})
}
