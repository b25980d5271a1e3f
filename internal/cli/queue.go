package cli

import (
	"io"
	"sync"
	"time"
)

// queue is a writer that keeps nobody waiting: what a reader is too slow to take is kept until it does. A terminal that
// was stopped (Ctrl-S), a pager or a log collector that hangs must not hold up a run and its undo.
type queue struct {
	mu      sync.Mutex
	pending []byte
	writing bool
	// idle is closed when nothing is pending.
	idle chan struct{}
	out  io.Writer
}

func newQueue(out io.Writer) *queue {
	q := &queue{out: out, idle: make(chan struct{})}
	close(q.idle)
	return q
}

// Write takes all of p. Its errors are never told: who reads the progress has no say in the run.
func (q *queue) Write(p []byte) (int, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.pending = append(q.pending, p...)
	if !q.writing {
		q.writing, q.idle = true, make(chan struct{})
		go q.write()
	}
	return len(p), nil
}

func (q *queue) write() {
	for {
		q.mu.Lock()
		text := q.pending
		q.pending = nil
		if len(text) == 0 {
			q.writing = false
			close(q.idle)
			q.mu.Unlock()
			return
		}
		q.mu.Unlock()
		_, _ = q.out.Write(text)
	}
}

// drain waits until all is written, or patience is over.
func (q *queue) drain(patience time.Duration) {
	q.mu.Lock()
	idle := q.idle
	q.mu.Unlock()
	select {
	case <-idle:
	case <-time.After(patience):
	}
}
