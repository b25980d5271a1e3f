package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/chaosctl/chaosctl/pkg/report"
)

// After a second signal, an undo that meets no obstacle may go on for lastUndo, which is several times what it takes;
// programs that pass signals on tend to send two at once. Then what is left is told and reported, by lastReport at the
// latest: hosted CI kills 2.5 seconds after its second signal.
const (
	lastUndo   = time.Second
	lastReport = 2200 * time.Millisecond
	lastWord   = 50 * time.Millisecond
)

// Interruptible gives a context that the first INT, TERM or HUP cancels, so that a run is undone and reported (G7). The
// second one closes leave, soon after: nothing is waited for any more, and what is left is told. The third, or a command
// that does not end then, ends the process. PIPE is ignored: a reader that went away must not stop an undo.
func Interruptible(ctx context.Context, stderr io.Writer) (interruptible context.Context, leave <-chan struct{}, stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	leaving := make(chan struct{})
	signal.Ignore(syscall.SIGPIPE)
	received := make(chan os.Signal, 3)
	signal.Notify(received, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	go func() {
		first, ok := <-received
		if !ok {
			return
		}
		cancel()
		fmt.Fprintf(stderr, "\n%v: stopping, and putting everything back (once more to leave at once)\n", first)
		if _, ok = <-received; !ok {
			return
		}
		time.AfterFunc(lastUndo, func() { close(leaving) })
		last := time.AfterFunc(lastReport, func() { leaveNow(stderr) })
		defer last.Stop()
		fmt.Fprintln(stderr, "leaving at once: what cannot be put back now is told with the commands that do it")
		if _, ok = <-received; ok {
			leaveNow(stderr)
		}
	}()
	return ctx, leaving, func() {
		signal.Stop(received)
		close(received)
		cancel()
	}
}

// leaveNow ends the process without waiting for anything.
func leaveNow(stderr io.Writer) {
	said := make(chan struct{})
	go func() {
		fmt.Fprintln(stderr, "left: `chaosctl status` shows what was not undone yet, `chaosctl recover --all` puts it back")
		close(said)
	}()
	select {
	case <-said:
	case <-time.After(lastWord): // a terminal that takes nothing must not keep the process
	}
	os.Exit(report.ExitUndoIncomplete)
}
