// Package truth is the application's own account of its life: one JSON object
// a line, each with the instant at which something happened.
//
// The log exists to be compared with what an observer outside measured, so its
// times must be good: every stamp is the wall clock read once at the start,
// advanced by the monotonic clock. A step of the wall clock therefore moves no
// event, and differences between stamps are exact.
package truth

import (
	"context"
	"io"
	"log/slog"
	"time"
)

// layout is RFC 3339 with all nine digits, so that lines sort as text.
const layout = "2006-01-02T15:04:05.000000000Z07:00"

// Log writes events. It is safe for concurrent use.
type Log struct {
	handler slog.Handler
	base    time.Time
}

// New returns a log whose lines name the service and the pod.
func New(out io.Writer, service, pod string) *Log {
	handler := slog.NewJSONHandler(out, &slog.HandlerOptions{ReplaceAttr: rename})
	return &Log{
		handler: handler.WithAttrs([]slog.Attr{slog.String("service", service), slog.String("pod", pod)}),
		base:    time.Now(),
	}
}

// Now is the present on the log's own clock, in UTC. It keeps its monotonic
// reading, so differences of two results are exact.
func (l *Log) Now() time.Time { return l.base.Add(time.Since(l.base)).UTC() }

// Event records that something happens now. The arguments are alternating
// keys and values, as in log/slog.
func (l *Log) Event(name string, args ...any) { l.EventAt(l.Now(), name, args...) }

// EventAt records something that happened at a time taken earlier from Now.
// Lines are in the order of writing, which is not always the order of time.
func (l *Log) EventAt(at time.Time, name string, args ...any) {
	record := slog.NewRecord(at, slog.LevelInfo, name, 0)
	record.Add(args...)
	// A full or closed stdout must not stop the application from serving.
	_ = l.handler.Handle(context.Background(), record)
}

// Format writes an instant the way the log does.
func Format(at time.Time) string { return at.UTC().Format(layout) }

// rename turns slog's top-level keys into those of the log: time, event, and
// no level, since an account of facts has none.
func rename(groups []string, a slog.Attr) slog.Attr {
	if len(groups) > 0 {
		return a
	}
	switch a.Key {
	case slog.TimeKey:
		return slog.String("time", Format(a.Value.Time()))
	case slog.MessageKey:
		return slog.String("event", a.Value.String())
	case slog.LevelKey:
		return slog.Attr{}
	}
	return a
}
