package cli_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/chaosctl/chaosctl/pkg/report"
)

// TestAgent runs it where there is no kubelet.
func TestAgent(t *testing.T) {
	until := time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
	code, stdout, stderr := call(t, "agent", "--for", "2s", "--until", until, "memory", "--bytes", "1048576")
	assert.Zero(t, code, stderr)
	assert.Equal(t, "started\n"+`{"end":"expired","did":"held 1 MiB"}`+"\n", stdout)

	code, stdout, _ = call(t, "agent", "--for", "1m", "--until", "2026-01-01T00:00:00Z", "cpu")
	assert.Zero(t, code)
	assert.Contains(t, stdout, `"end":"too late"`)

	for _, args := range [][]string{
		{"agent", "cpu"}, {"agent", "--for", "1s", "cpu"}, {"agent", "--for", "1s", "--until", "soon", "cpu"}, {"agent", "--for", "1s", "--until", until, "cpu", "more"},
		{"agent", "--for", "1s", "--until", until, "http", "--port", "0"}, {"agent", "--for", "1s", "--until", until, "http", "--port", "65536"},
		{"agent", "--for", "1s", "--until", until, "http", "--pattern", "["}, {"agent", "--for", "1s", "--until", until, "http", "--peer", "here"},
		{"agent", "--for", "1s", "--until", until, "dns", "--delay", "long"},
		{"agent", "--for", "1s", "--until", until, "connections", "--direction", "both"}, {"agent", "--for", "1s", "--until", until, "connections", "--rate", "slow"},
	} {
		code, _, stderr := call(t, args...)
		assert.Equal(t, report.ExitInvalid, code, "%s: %s", strings.Join(args, " "), stderr)
	}
	_, help, _ := call(t, "help")
	assert.NotContains(t, help, "agent", "it is for pods, not for people")
}
