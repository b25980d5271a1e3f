package load

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"sync"
	"time"
)

const (
	// flushEvery bounds how long a sample stays in memory, and so what a killed run loses, to well below a second.
	flushEvery = 500 * time.Millisecond
	// flushAt is the length of a block that is written at once, in bytes.
	flushAt = 32 << 10
)

// Writer writes a sample file. It is safe for use by several streams at once. Every block goes to the underlying writer
// in one call, within a second of its first sample. The first error sticks.
type Writer struct {
	mu     sync.Mutex
	out    io.Writer
	block  []byte // begins with room for the frame
	state  *blockState
	timer  *time.Timer
	closed bool
	err    error
}

// errClosed is returned by a Writer that was closed.
var errClosed = errors.New("the sample file is closed")

// NewWriter begins a sample file. Errors show at Write, Flush or Close.
func NewWriter(out io.Writer) *Writer {
	w := &Writer{out: out}
	_, w.err = io.WriteString(out, header)
	w.begin()
	w.timer = time.AfterFunc(time.Hour, func() { _ = w.Flush() }) // its error sticks
	w.timer.Stop()
	return w
}

// begin starts an empty block.
func (w *Writer) begin() {
	w.block = append(w.block[:0], make([]byte, frameBytes)...)
	w.state = newBlockState()
}

// Write adds a sample.
func (w *Writer) Write(s Sample) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return errClosed
	}
	if w.err != nil {
		return w.err
	}
	if len(w.block) == frameBytes {
		w.timer.Reset(flushEvery)
	}
	w.block = w.state.appendRecord(w.block, s)
	if len(w.block) >= flushAt {
		w.flush()
	}
	return w.err
}

// Flush writes what is in memory.
func (w *Writer) Flush() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.block) > frameBytes {
		w.flush()
	}
	return w.err
}

// Close writes what is in memory and the end mark. It does not close the underlying writer.
func (w *Writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return w.err
	}
	w.closed = true
	if len(w.block) > frameBytes {
		w.flush()
	}
	w.flush() // an empty block is the end mark
	return w.err
}

func (w *Writer) flush() {
	w.timer.Stop()
	records := w.block[frameBytes:]
	binary.LittleEndian.PutUint32(w.block, uint32(len(records)))
	binary.LittleEndian.PutUint32(w.block[4:], crc32.Checksum(records, castagnoli))
	if w.err == nil {
		_, w.err = w.out.Write(w.block)
	}
	w.begin()
}
