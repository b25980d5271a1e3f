package cli_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/experiments"
	"github.com/chaosctl/chaosctl/pkg/report"
)

// completed asks as a shell does, and gives the names without their descriptions, and the directive.
func completed(t *testing.T, args ...string) (names []string, directive string) {
	t.Helper()
	code, stdout, _ := call(t, append([]string{"__complete"}, args...)...)
	require.Zero(t, code)
	lines := strings.Split(strings.TrimSpace(stdout), "\n")
	for _, line := range lines[:len(lines)-1] {
		name, _, _ := strings.Cut(line, "\t")
		names = append(names, name)
	}
	return names, lines[len(lines)-1]
}

// TestCompletionWithoutACluster proves what each place of a command line can be filled with. The directives are those of
// cobra: 4 is no files, 8 files with these extensions, and 16 directories.
func TestCompletionWithoutACluster(t *testing.T) {
	t.Parallel()
	path := kubeconfig(t, at("https://127.0.0.1:1"), "")
	for line, want := range map[string]struct {
		names     []string
		directive string
	}{
		"run ":                    {experiments.Names(), ":4"},
		"plan pod-ki":             {[]string{"pod-kill"}, ":4"},
		"run pod-kill pod-ki":     {nil, ":4"},
		"run -f ":                 {[]string{"yaml", "yml"}, ":8"},
		"serve -f ":               {[]string{"yaml", "yml"}, ":8"},
		"validate --file ":        {[]string{"yaml", "yml"}, ":8"},
		"init -o ":                {[]string{"yaml", "yml"}, ":8"},
		"run --out ":              {nil, ":16"},
		"report ":                 {nil, ":16"},
		"compare base ":           {nil, ":0"},
		"history --verdict ":      {[]string{"pass", "fail", "unknown", "aborted"}, ":4"},
		"history --promise ":      {report.Promises(), ":4"},
		"history --out ":          {nil, ":16"},
		"history --since ":        {nil, ":4"},
		"compare -o ":             {[]string{"text", "json", "markdown"}, ":4"},
		"list ":                   {[]string{"faults", "probes", "expectations", "experiments"}, ":4"},
		"list -o ":                {[]string{"text", "json"}, ":4"},
		"run --rate ":             {nil, ":4"},
		"version ":                {nil, ":4"},
		"run --context ":          {[]string{"lab"}, ":4"},
		"run --context other":     {nil, ":4"},
		"run -n ":                 {nil, ":4"}, // nothing listens, and nothing is said
		"run pod-kill --target d": {nil, ":4"},
	} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			names, directive := completed(t, append([]string{"--kubeconfig", path}, strings.Split(line, " ")...)...)
			assert.Equal(t, want.names, names)
			assert.Equal(t, want.directive, directive)
		})
	}
}

// TestCompletionIsBounded proves that a shell is not held up by a server, or by a program, that does not answer.
func TestCompletionIsBounded(t *testing.T) {
	t.Parallel()
	for name, path := range map[string]string{
		"server":  kubeconfig(t, at("http://"+speaks(t, "")), ""),
		"program": kubeconfig(t, at("https://127.0.0.1:1"), strings.Replace(plugin("sleep"), "exec: {", "exec: {args: ['3'], ", 1)),
		"none":    os.DevNull,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			began := time.Now()
			names, directive := completed(t, "init", "--kubeconfig", path, "--target", "")
			assert.Empty(t, names)
			assert.Equal(t, ":4", directive)
			assert.Less(t, time.Since(began), 4*time.Second)
		})
	}
}
