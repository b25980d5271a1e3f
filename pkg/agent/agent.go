// Package agent is what chaosctl runs inside a pod, in an ephemeral container, where a fault cannot be made from outside. It
// needs nobody: it ends at its deadline even when chaosctl, the API server and the kubelet are gone.
package agent

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"
)

// The lines that an agent reads, and says.
const (
	// Stop ends an agent that reads it.
	Stop = "stop"
	// Ask has it say [Started] once more, as soon as its task is in effect.
	Ask = "ask"
	// Look, and a word that the answer is to bear, has a [Looker] say what it sees; see [SeenIn].
	Look = "look"
	// Started is what it says when its task is in effect.
	Started = "started"
)

// Task is what an agent does.
type Task interface {
	// Run does it until ctx ends or there is nothing more to do, and says what was done. Started is called once, when it is in
	// effect; an error says why it is not, or did not last.
	Run(ctx context.Context, started func()) (did string, err error)
}

// Looker is a task that sees something of use to others.
type Looker interface {
	// Look are the words for what it sees now.
	Look(ctx context.Context) []string
}

// SeenIn reads the answer to a question out of a line; it is false for any other line.
func SeenIn(line, question string) (seen []string, ok bool) {
	words, ok := strings.CutPrefix(line, "seen "+question+":")
	if !ok {
		return nil, false
	}
	return strings.Fields(words), true
}

// Terms say how long an agent works.
type Terms struct {
	// For bounds it by the clock that counts from the start of the process.
	For time.Duration
	// Until bounds it by the clock of the machine: a container that starts late, since its image was long in coming, must not
	// begin when all is over.
	Until time.Time
}

// End is how an agent came to its end.
type End string

// The ends.
const (
	Stopped End = "stopped" // it was told to
	Expired End = "expired" // its time was over
	Done    End = "done"    // there was nothing more to do
	TooLate End = "too late"
	Failed  End = "failed"
)

// Report is what an agent says last. The kubelet keeps it in the status of the container.
type Report struct {
	End   End    `json:"end"`
	Did   string `json:"did,omitempty"`
	Error string `json:"error,omitempty"`
}

// String is the report as people read it.
func (r Report) String() string {
	text := string(r.End)
	for _, more := range []string{r.Did, r.Error} {
		if more != "" {
			text += ": " + more
		}
	}
	return text
}

// ReadReport reads what an agent has left; what is no report is told as it is.
func ReadReport(message string) Report {
	var r Report
	if err := json.Unmarshal([]byte(message), &r); err != nil || r.End == "" {
		return Report{End: Failed, Error: strings.TrimSpace(message)}
	}
	return r
}

// Errors that end a task.
var (
	errStop    = errors.New("told to stop")
	errExpired = errors.New("time is over")
)

// Run carries a task out until its time is over, ctx ends, or a line with [Stop] is read from in. Out is told when it is in
// effect, by a line, and again whenever [Ask] is read.
func Run(ctx context.Context, task Task, terms Terms, in io.Reader, out io.Writer) Report {
	left := min(terms.For, time.Until(terms.Until))
	if left <= 0 {
		return Report{End: TooLate, Error: fmt.Sprintf("it was to end at %s, by the clock of this node", terms.Until.UTC().Format(time.RFC3339))}
	}
	ctx, cancel := context.WithTimeoutCause(ctx, left, errExpired)
	defer cancel()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	inEffect := make(chan struct{})
	var mu sync.Mutex
	line := func(words ...any) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintln(out, words...)
	}
	say := func() { line(Started) }
	answer := func() {
		select {
		case <-inEffect:
			say()
		case <-ctx.Done():
		}
	}
	go func() {
		looked := func(question string) {
			if l, ok := task.(Looker); ok {
				go func() { line("seen "+question+":", strings.Join(l.Look(ctx), " ")) }()
			}
		}
		if told(in, func() { go answer() }, looked) {
			stop(errStop)
		}
	}()
	did, err := task.Run(ctx, func() { say(); close(inEffect) })
	r := Report{End: Stopped, Did: did}
	switch {
	case err != nil:
		r.End, r.Error = Failed, err.Error()
	case errors.Is(context.Cause(ctx), errExpired):
		r.End = Expired
	case ctx.Err() == nil:
		r.End = Done
	}
	return r
}

// told reads until somebody says [Stop]; that nobody will ever say anything is no such word.
func told(in io.Reader, asked func(), looked func(question string)) bool {
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		switch word, question, _ := strings.Cut(strings.TrimSpace(lines.Text()), " "); word {
		case Stop:
			return true
		case Ask:
			asked()
		case Look:
			looked(question)
		}
	}
	return false
}

// Leave writes a report to where the kubelet looks for it, and to out.
func (r Report) Leave(path string, out io.Writer) error {
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, string(text))
	// The kubelet has made the file; elsewhere there is none, and nobody to read it.
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Close())
}
