package probe

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"regexp"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// What is looked at, in bytes: of a line, and of a log in one check.
const (
	maxLine = 64 << 10
	maxLog  = 4 << 20
)

// finding is what was found in a log.
type finding struct {
	// gone says that there was no log any more.
	gone  bool
	lines int
	// last is the instant of the last line that matches, as the node wrote it.
	last string
}

// search looks through a log. What was found before an error counts.
func (p *Log) search(ctx context.Context, world LogReader, s source, pattern *regexp.Regexp) (finding, error) {
	stream, err := world.Log(ctx, s.pod, s.container, p.Within.Std(), maxLog+1, s.previous)
	switch {
	case apierrors.IsNotFound(err), s.previous && apierrors.IsBadRequest(err):
		return finding{gone: true}, nil // with the pod, or, of what was before, since the kubelet keeps it for a while only
	case err != nil:
		return finding{}, unknown("the log of %s cannot be read: %w", s, err)
	}
	defer stream.Close()
	limited := &io.LimitedReader{R: stream, N: maxLog + 1}
	f, err := scan(limited, pattern)
	switch {
	case err != nil && isLate(errors.Join(err, ctx.Err())):
		return f, unknown("the log of %s was not read in time: %w", s, err)
	case err != nil:
		return f, unknown("the log of %s was cut: %w", s, err)
	case limited.N == 0:
		return f, unknown("the log of %s has more than %d MiB within %s: shorten within", s, maxLog>>20, p.Within)
	}
	return f, nil
}

// scan matches line by line, in memory that does not grow with their number or length.
func scan(log io.Reader, pattern *regexp.Regexp) (finding, error) {
	var f finding
	lines := bufio.NewReaderSize(log, maxLine)
	for {
		line, err := lines.ReadSlice('\n')
		stamp, text, _ := bytes.Cut(bytes.TrimRight(line, "\r\n"), []byte(" "))
		if len(stamp) > 0 && pattern.Match(text) {
			f.lines++
			f.last = string(stamp)
		}
		for errors.Is(err, bufio.ErrBufferFull) { // the rest of a line that is too long
			_, err = lines.ReadSlice('\n')
		}
		switch {
		case errors.Is(err, io.EOF):
			return f, nil
		case err != nil:
			return f, err
		}
	}
}
