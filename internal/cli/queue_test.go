package cli

import (
	"bytes"
	"fmt"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

// TestQueueKeepsNobodyWaiting: neither by a reader that takes nothing, nor at the end; and nothing gets lost, or out of
// order, when it reads again.
func TestQueueKeepsNobodyWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reader, writer := io.Pipe() // takes nothing that is not read
		q := newQueue(writer)
		var want bytes.Buffer
		for i := range 1000 {
			fmt.Fprintln(io.MultiWriter(q, &want), "line", i)
		}
		start := time.Now()
		q.drain(time.Second)
		assert.Equal(t, time.Second, time.Since(start))
		got := make([]byte, want.Len())
		_, err := io.ReadFull(reader, got)
		assert.NoError(t, err)
		assert.Equal(t, want.String(), string(got))
		q.drain(time.Hour)
		assert.Equal(t, time.Second, time.Since(start), "there was nothing more to wait for")
	})
}
