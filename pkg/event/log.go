package event

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

// Clock gives the instants of one run. It is monotonic: steps of the wall clock do not move it.
type Clock struct{ base time.Time }

// NewClock starts a run's clock at base, which must carry a monotonic reading, as [time.Now] does.
func NewClock(base time.Time) Clock { return Clock{base: base} }

// Base is the wall-clock time of instant 0.
func (c Clock) Base() time.Time { return c.base }

// Now is the present instant.
func (c Clock) Now() Instant { return Instant(time.Since(c.base)) }

// At is the instant of t, which must carry a monotonic reading.
func (c Clock) At(t time.Time) Instant { return Instant(t.Sub(c.base)) }

// Sink takes events. It may be called by several goroutines at once, and must not keep them waiting.
type Sink interface{ Emit(Event) }

// SinkFunc is a function as a Sink.
type SinkFunc func(Event)

// Emit calls the function.
func (f SinkFunc) Emit(e Event) { f(e) }

// Log writes events to a file, one a line, and passes each to its followers. Every event is handed to the operating
// system before Emit returns, so that a killed process loses none.
type Log struct {
	Clock
	mu        sync.Mutex
	file      *os.File
	size      int64 // of all whole lines
	followers []Sink
	err       error
}

// CreateLog makes the file, which must not exist.
func CreateLog(path string, clock Clock, followers ...Sink) (*Log, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return nil, fmt.Errorf("cannot create the event log: %w", err)
	}
	return &Log{Clock: clock, file: file, followers: followers}, nil
}

// Record emits a payload with the present instant.
func (l *Log) Record(p Payload) { l.Emit(Event{At: l.Now(), Payload: p}) }

// Emit appends an event. The first error of the file is kept for Close: a run goes on and undoes even when the disk is
// full.
func (l *Log) Emit(e Event) {
	text, err := json.Marshal(e)
	l.mu.Lock()
	defer l.mu.Unlock()
	if err == nil {
		err = l.write(append(text, '\n'))
	}
	if l.err == nil {
		l.err = err
	}
	for _, f := range l.followers {
		f.Emit(e)
	}
}

// write appends a line as a whole or not at all: half of one in the middle would make the log unreadable.
func (l *Log) write(line []byte) error {
	if _, err := l.file.Write(line); err != nil {
		return errors.Join(err, l.file.Truncate(l.size))
	}
	l.size += int64(len(line))
	return nil
}

// Close syncs and closes the file, and returns the first error that Emit met.
func (l *Log) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return errors.Join(l.err, l.file.Sync(), l.file.Close())
}

// Read passes every event of a log to each, in order. A torn last line, which a killed process may leave, is ignored;
// any other line that cannot be read is an error that names it.
func Read(r io.Reader, each func(Event) error) error {
	in := bufio.NewReaderSize(r, 1<<16)
	for n := 1; ; n++ {
		text, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		var e Event
		if err := json.Unmarshal(text, &e); err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		if err := each(e); err != nil {
			return err
		}
	}
}
