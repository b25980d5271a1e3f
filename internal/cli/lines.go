package cli

import (
	"bytes"
	"io"
	"sync"
)

// lines hands what is written on to another writer, line by line, each after a prefix that says whose it is. Several of them may
// share one writer: none breaks into another's line.
type lines struct {
	to     *oneAtATime
	prefix string

	mu sync.Mutex
	// begun is a line that has not ended yet.
	begun []byte
}

// oneAtATime is a writer for several goroutines.
type oneAtATime struct {
	mu  sync.Mutex
	out io.Writer
}

func (o *oneAtATime) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.out.Write(p)
}

// Write takes all of p. A line is handed on when it ends. Empty ones are left out, which set paragraphs apart where one writes
// alone; commands to GitHub Actions are only such at the start of a line, and so get no prefix.
func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var whole []byte
	l.begun = append(l.begun, p...)
	for {
		line, rest, ended := bytes.Cut(l.begun, []byte("\n"))
		if !ended {
			break
		}
		l.begun = rest
		if len(line) == 0 {
			continue
		}
		if !bytes.HasPrefix(line, []byte("::")) {
			whole = append(whole, l.prefix...)
		}
		whole = append(append(whole, line...), '\n')
	}
	if len(whole) == 0 {
		return len(p), nil
	}
	if _, err := l.to.Write(whole); err != nil {
		return 0, err
	}
	return len(p), nil
}
