package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/chaosctl/chaosctl/pkg/report"
)

// Interruptible gives a context that the first INT, TERM or HUP cancels, so that a run is undone and reported (G7). The
// second one leaves at once and says so. PIPE is ignored: a reader that went away must not stop an undo.
func Interruptible(ctx context.Context, stderr io.Writer) (context.Context, func()) {
	ctx, cancel := context.WithCancel(ctx)
	signal.Ignore(syscall.SIGPIPE)
	received := make(chan os.Signal, 2)
	signal.Notify(received, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	go func() {
		first, ok := <-received
		if !ok {
			return
		}
		fmt.Fprintf(stderr, "\n%v: stopping, and putting everything back (once more to leave at once)\n", first)
		cancel()
		if _, ok := <-received; ok {
			fmt.Fprintln(stderr, "leaving at once: what was not undone yet is listed in the run's journal, and marked by the label chaosctl.dev/run")
			os.Exit(report.ExitUndoIncomplete)
		}
	}()
	return ctx, func() {
		signal.Stop(received)
		close(received)
		cancel()
	}
}
