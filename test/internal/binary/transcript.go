package binary

import (
	"strings"
	"sync"
)

// Transcript is what a process writes, to be read while it does.
type Transcript struct {
	mu   sync.Mutex
	text strings.Builder
	more chan struct{}
}

func newTranscript() *Transcript { return &Transcript{more: make(chan struct{})} }

func (o *Transcript) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	close(o.more)
	o.more = make(chan struct{})
	return o.text.Write(p)
}

// read gives all that was written, and a channel that is closed when there is more.
func (o *Transcript) read() (string, <-chan struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String(), o.more
}

func (o *Transcript) String() string {
	text, _ := o.read()
	return text
}
