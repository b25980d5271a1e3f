package agent

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"time"
)

// keeperReady is what a keeper says when it has begun.
const keeperReady = "ready\n"

// keeperSlack is how much longer than the agent a keeper waits for that one's end.
const keeperSlack = 2 * time.Second

// Keep reads of processes that are about to be stopped, one a line, and continues them when there is no more to read: then the
// agent has ended. It does so at the end of the terms too, when the agent does not.
func Keep(terms Terms, in io.Reader, out io.Writer) error {
	if _, err := io.WriteString(out, keeperReady); err != nil {
		return err
	}
	kept := make(chan process)
	go func() {
		defer close(kept)
		for lines := bufio.NewScanner(in); lines.Scan(); {
			var p process
			if _, err := fmt.Sscan(lines.Text(), &p.id, &p.began); err == nil {
				kept <- p
			}
		}
	}()
	over := time.NewTimer(min(terms.For, time.Until(terms.Until)) + keeperSlack)
	defer over.Stop()
	var all []process
	for {
		select {
		case p, more := <-kept:
			if more {
				all = append(all, p)
				continue
			}
		case <-over.C:
		}
		break
	}
	var failed []error
	for _, p := range all {
		failed = append(failed, p.send(signals[SignalContinue]))
	}
	return errors.Join(failed...)
}
