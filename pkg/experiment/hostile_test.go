package experiment_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/experiment"
)

const head = "apiVersion: chaosctl.dev/v1alpha1\nkind: Experiment\nmetadata: {name: x}\nspec:\n"

// TestHostile refuses files that were made to cost time or memory, and is quick about it.
func TestHostile(t *testing.T) {
	const gameDay = "apiVersion: chaosctl.dev/v1alpha1\nkind: GameDay\nmetadata: {name: d}\nspec:\n  schedule: '0 * * * * *'\n  experiments: [{file: x}]\n  jitter: 0s\n  windows:\n" +
		"    exclude:\n    - {hours: '00:00-23:59'}\n    - {hours: '23:59-24:00'}\n    allow:\n"
	var halves []string
	for hour := range 24 {
		halves = append(halves, fmt.Sprintf("%02d:00-%02d:30", hour, hour))
	}
	const large = 1<<20 - 1024
	for name, c := range map[string]struct{ text, want string }{
		"too large":         {strings.Repeat("#", 1<<20+1), "larger than 1 MiB"},
		"deep brackets":     {strings.Repeat("[", large), "exceeded max depth"},
		"deep mappings":     {head + "  expect:\n  - tree: " + strings.Repeat("{of: [", 4000) + strings.Repeat("]}", 4000), "nested too deeply: expected 40 levels at most"},
		"cycle":             {head + "  expect:\n  - tree: &a {of: [*a]}\n", "nested too deeply"},
		"cycles":            {head + "  expect:\n  - tree: &a {of: [*a, *a, *a, *a, *a, *a, *a]}\n", "too many problems"},
		"laughs":            {head + "  expect:\n" + laughs(20), "too large: expected 50000 values at most"},
		"multiplied":        {head + "  faults:\n  - nodeDrain: {nodes: &n [" + strings.Repeat("x,", 5000) + "]}\n" + strings.Repeat("  - nodeDrain: {nodes: *n}\n", 5000), "too large"},
		"many unknown keys": {head + strings.Repeat("  a:\n", large/5), "duplicate key"},
		"many wrong values": {head + "  faults: [" + strings.Repeat("1,", large/2) + "]", "too many problems"},
		"many empty faults": {head + "  faults: [" + strings.Repeat("{},", large/3) + "]", "too many problems"},
		"many documents":    {strings.Repeat("---\na\n", large/6), "found the text"},
		"a long key":        {head + "  ? " + strings.Repeat("k", large) + "\n  : 1\n", "unknown field"},
		"a long value":      {head + "  promise: " + strings.Repeat("p", large), "is not known"},
		"many windows":      {gameDay + strings.Repeat("    - {hours: '00:00-00:01', days: MON}\n", 10_000), "there are 10002 windows: expected 200 at most"},
		"many hours":        {gameDay + "    - hours: " + strings.Repeat("00:00-00:01,", 80_000) + "00:00-00:01\n", "expected 24 at most"},
		"hours beside runs": {gameDay + strings.Repeat("    - {hours: '"+strings.Join(halves, ",")+"'}\n", 198), "falls into its windows"},
		"many comments":     {strings.Repeat("#\n", large/2), "no document"},
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			_, err := loader.Load("hostile.yaml", strings.NewReader(c.text))
			var problems experiment.Problems
			require.ErrorAs(t, err, &problems)
			assert.Contains(t, err.Error(), c.want)
			assert.Less(t, len(err.Error()), 100_000)
			assert.Less(t, time.Since(start), 20*time.Second)
		})
	}
}

// laughs is a list of expectations of which each holds the one before it ten times.
func laughs(n int) string {
	var b strings.Builder
	b.WriteString("  - tree: &l0 {}\n")
	for i := 1; i <= n; i++ {
		last := fmt.Sprintf("*l%d,", i-1)
		fmt.Fprintf(&b, "  - tree: &l%d {of: [%s]}\n", i, strings.Repeat(last, 10))
	}
	return b.String()
}

// FuzzLoad holds the loader to its promises for any bytes: it returns, problems have positions in order and one line
// each, and what it takes is read back as it was written.
func FuzzLoad(f *testing.F) {
	for _, pattern := range []string{"testdata/good/*.yaml", "testdata/bad/*.yaml"} {
		paths, err := filepath.Glob(pattern)
		require.NoError(f, err)
		for _, path := range paths {
			text, err := os.ReadFile(path)
			require.NoError(f, err)
			f.Add(text)
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		file, err := loader.Load("fuzz.yaml", strings.NewReader(string(text)))
		if err != nil {
			var problems experiment.Problems
			require.ErrorAs(t, err, &problems)
			require.NotEmpty(t, problems)
			for _, p := range problems {
				require.Positive(t, p.Line)
				require.Positive(t, p.Column)
				require.False(t, strings.ContainsFunc(p.String(), unicode.IsControl), p.String())
			}
			require.True(t, slices.IsSortedFunc(problems, func(a, b experiment.Problem) int { return a.Line - b.Line }))
			return
		}
		for _, document := range file.Documents {
			var written any = document.GameDay
			if document.Experiment != nil {
				written = document.Experiment
			}
			again, err := json.Marshal(written)
			require.NoError(t, err)
			read, err := loader.Load(document.File, strings.NewReader(string(again)))
			require.NoError(t, err, string(again))
			found := read.Documents[0]
			found.Line, found.Column = document.Line, document.Column // it was written on another line
			require.Equal(t, document, found)
		}
	})
}
