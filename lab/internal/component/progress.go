//go:build unix

package component

import (
	"bytes"
	"strings"
	"sync"
	"time"
)

const (
	reportEvery = 10 * time.Second
	// keptOutput is how much of what go said is shown should it fail, in lines.
	keptOutput = 40
)

// progress reads what `go build -v` says: a line for each package that it compiled and for each
// module that it fetched. Anything else is kept for the error.
type progress struct {
	name  string
	log   func(format string, args ...any)
	start time.Time
	ended chan struct{}
	once  sync.WaitGroup

	mu       sync.Mutex
	partial  []byte
	compiled int
	fetched  int
	other    []string
}

func newProgress(name string, log func(string, ...any)) *progress {
	p := &progress{name: name, log: log, start: time.Now(), ended: make(chan struct{})}
	p.once.Go(p.report)
	return p
}

func (p *progress) report() {
	ticker := time.NewTicker(reportEvery)
	defer ticker.Stop()
	for {
		select {
		case <-p.ended:
			return
		case <-ticker.C:
		}
		p.mu.Lock()
		compiled, fetched := p.compiled, p.fetched
		p.mu.Unlock()
		elapsed := time.Since(p.start).Round(time.Second)
		if compiled == 0 {
			p.log("  %s: %s, %d modules fetched", p.name, elapsed, fetched)
		} else {
			p.log("  %s: %s, %d packages compiled", p.name, elapsed, compiled)
		}
	}
}

// Write takes any part of the output.
func (p *progress) Write(data []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.partial = append(p.partial, data...)
	for {
		line, rest, found := bytes.Cut(p.partial, []byte("\n"))
		if !found {
			return len(data), nil
		}
		p.line(string(line))
		p.partial = rest
	}
}

func (p *progress) line(line string) {
	switch {
	case strings.HasPrefix(line, "go: downloading "):
		p.fetched++
	case !strings.HasPrefix(line, "#") && !strings.ContainsAny(line, " :\t"):
		p.compiled++
	default:
		p.other = append(p.other, line)
		p.other = p.other[max(0, len(p.other)-keptOutput):]
	}
}

// stop ends the reports and returns what go said beside progress.
func (p *progress) stop() []byte {
	close(p.ended)
	p.once.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]byte(strings.Join(p.other, "\n")+"\n"), p.partial...)
}
