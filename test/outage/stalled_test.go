package outage

import (
	"bytes"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/test/internal/binary"
)

// TestReaderThatStalls proves that a reader of the progress that takes nothing any more, a stopped terminal say, does
// not hold up the undo.
func TestReaderThatStalls(t *testing.T) {
	t.Parallel()
	s := newScene(t, faults)
	pipe := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	reader, err := syscall.Open(pipe, syscall.O_RDWR|syscall.O_NONBLOCK, 0)
	require.NoError(t, err)
	defer syscall.Close(reader)
	p := binary.Chaosctl{Kubeconfig: shared.Kubeconfig, Shell: `exec "$@" 2>` + pipe}.Start(t, "run", "-f", s.experiment(t, 5*time.Minute))
	eventually(t, "all is broken", func() bool { return s.broken(t) == faults })
	for _, size := range []int{4096, 1} {
		for err = nil; err == nil; {
			_, err = syscall.Write(reader, bytes.Repeat([]byte("."), size))
		}
		require.ErrorIs(t, err, syscall.EAGAIN, "the pipe is not full")
	}
	_, took := p.Interrupt(t)
	t.Logf("left %s after the signal", milliseconds(took))
	assert.Less(t, took, ciPatience)
	s.assertOutcome(t, p, interrupted)
}
