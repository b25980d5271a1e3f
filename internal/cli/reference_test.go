package cli_test

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/internal/cli"
	"github.com/chaosctl/chaosctl/pkg/report"
	"github.com/chaosctl/chaosctl/schema"
)

// say carries out a command line that needs no cluster.
func say(t *testing.T, args ...string) (out, problems string, code int) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	err := cli.Run(t.Context(), args, cli.Streams{In: strings.NewReader(""), Out: &stdout, Err: io.Discard})
	code = cli.Explain(&stderr, err)
	return stdout.String(), stderr.String(), code
}

func TestSchemaIsPrinted(t *testing.T) {
	for _, c := range []struct {
		name string
		args []string
	}{{schema.Any, []string{"schema"}}, {schema.Experiment, []string{"schema", "experiment"}}, {schema.GameDay, []string{"schema", "gameday"}}} {
		kept, err := schema.Text(c.name)
		require.NoError(t, err)
		out, _, code := say(t, c.args...)
		assert.Equal(t, 0, code)
		assert.Equal(t, string(kept), out)
	}
	_, problems, code := say(t, "schema", "experiments")
	assert.Equal(t, report.ExitInvalid, code)
	assert.Contains(t, problems, `did you mean "experiment"?`)
}

func TestExplainCommand(t *testing.T) {
	out, _, code := say(t, "explain", "podKill")
	assert.Equal(t, 0, code)
	for _, part := range []string{"FAULT: podKill", "DESCRIPTION:", "FIELDS:", "count <count> default 1", "EXAMPLE:"} {
		assert.Contains(t, out, part)
	}
	out, problems, code := say(t, "explain", "podkill.gracePeriod")
	assert.Equal(t, report.ExitInvalid, code)
	assert.Empty(t, out)
	assert.Contains(t, problems, `did you mean "podKill"?`)
}

func TestListsAsJSON(t *testing.T) {
	for what, known := range map[string]string{"faults": "podKill", "probes": "kubernetes", "expectations": "availability", "experiments": "pod-kill"} {
		out, _, code := say(t, "list", what, "-o", "json")
		assert.Equal(t, 0, code)
		var list struct {
			Items []struct{ Name, Promise, Description string }
		}
		require.NoError(t, json.Unmarshal([]byte(out), &list))
		found := false
		for _, item := range list.Items {
			found = found || item.Name == known
			assert.NotEmpty(t, item.Description)
			assert.Equal(t, what == "experiments", item.Promise != "", item.Name)
		}
		assert.True(t, found, "%s among %s", known, what)
	}
	_, problems, code := say(t, "list", "fault")
	assert.Equal(t, report.ExitInvalid, code)
	assert.Contains(t, problems, `did you mean "faults"?`)
}
