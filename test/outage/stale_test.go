package outage

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/report"
	"github.com/chaosctl/chaosctl/test/internal/binary"
)

// TestStaleStateIsNoRecovery proves that the last state that a watch has shown, whose connection then died without a word, is
// not taken for the recovery of the target.
func TestStaleStateIsNoRecovery(t *testing.T) {
	t.Parallel()
	s, r := newScene(t, 1), newRelay(t)
	experiment := s.experiment(t, time.Second)
	text := strings.Replace(binary.Content(t, experiment), "timeout: 1m", "timeout: 5s", 1)
	require.NoError(t, os.WriteFile(experiment, []byte(text), 0o644))
	p := s.start(t, r.kubeconfig, experiment)
	p.Says(t, "undone")
	r.spoil(t, `{"type": "timeout", "stream": "downstream", "attributes": {"timeout": 0}}`)
	code := p.Exit(t)
	result := p.Result(t)
	t.Logf("exit %d, %s: %s", code, result.Verdict, strings.Join(result.Reasons, "; "))
	assert.Equal(t, report.ExitUnknown, code)
	assert.Contains(t, p.Stderr.String(), "not converged within 5s: the target could not be read: ")
}
