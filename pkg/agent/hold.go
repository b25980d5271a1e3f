package agent

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"
)

// hold stops processes, and has them go on in the end. Being stopped outlives whoever has asked for it, so that an agent which is
// killed could not undo it. Hence a keeper: a process that is told of each before it is stopped, and continues all of them as soon
// as the agent has ended, however it has, which the kernel tells it by closing the pipe between them. Whichever of the two
// is killed, the other is left. See [Keep].
type hold struct {
	of     Processes
	keeper Command
}

// Command makes that of another process of this program, which has to be alive as long as its standard input is open.
type Command func() *exec.Cmd

const (
	// holdRounds is how often those that are meant are listed again, since one that is not stopped yet may start another.
	holdRounds = 20
	// keeperPatience is how long the keeper may take to continue all.
	keeperPatience = 5 * time.Second
)

// Run stops all that are meant and are not stopped already, sees that they are, and continues them when ctx ends.
func (h hold) Run(ctx context.Context, started func()) (did string, err error) {
	if _, err := h.of.takers(signals[SignalStop]); err != nil {
		return "", err
	}
	k, err := startKeeper(h.keeper)
	if err != nil {
		return "", fmt.Errorf("nothing was stopped, since nobody could be found who would continue it if the agent were killed: %w", err)
	}
	held, err := h.stop(ctx, k)
	if err == nil {
		started()
		select {
		case <-ctx.Done():
		case <-k.ended:
			err = errors.New("the keeper, which continues the processes if the agent is killed, was killed itself")
		}
	}
	began := time.Now()
	err = errors.Join(err, k.end(held))
	return fmt.Sprintf("stopped %d %s%s, which went on %s after the end", len(held), processes(len(held)), h.of.calledWhat(), time.Since(began).Round(time.Millisecond)), err
}

// stop stops them round by round, until there is none that is not.
func (h hold) stop(ctx context.Context, k *keeper) (held []process, err error) {
	for range holdRounds {
		all, err := h.of.takers(signals[SignalStop])
		if err != nil {
			return held, err
		}
		var fresh []process
		for _, p := range all {
			if p.stopped() {
				continue // by this, or by somebody else, who continues it
			}
			if err := k.tell(p); err != nil {
				return held, err
			}
			held = append(held, p)
			if err := p.send(signals[SignalStop]); err != nil {
				return held, err
			}
			fresh = append(fresh, p)
		}
		if len(fresh) == 0 {
			if len(held) == 0 {
				return nil, fmt.Errorf("all processes%s were stopped already", h.of.calledWhat())
			}
			return held, nil
		}
		if err := awaitAll(ctx, fresh, process.stopped, "stopped"); err != nil {
			return held, err
		}
	}
	return held, errors.New("processes are started faster than they can be stopped")
}

// awaitAll waits until something holds of all that have not ended.
func awaitAll(ctx context.Context, all []process, holds func(process) bool, what string) error {
	for late := time.Now().Add(signalPatience); ; time.Sleep(signalLook) {
		var missing error
		for _, p := range all {
			now, err := p.now()
			if err == nil && !now.ended() && !holds(now) {
				err = fmt.Errorf("%s was not %s within %s", p, what, signalPatience)
			}
			if err != nil {
				missing = err
				break
			}
		}
		if missing == nil || time.Now().After(late) || ctx.Err() != nil {
			return missing
		}
	}
}

// keeper is that process, as the agent knows it.
type keeper struct {
	command *exec.Cmd
	pipe    io.WriteCloser
	// ended is closed when it has.
	ended chan struct{}
}

func startKeeper(command Command) (*keeper, error) {
	k := &keeper{command: command(), ended: make(chan struct{})}
	pipe, err := k.command.StdinPipe()
	if err != nil {
		return nil, err
	}
	k.pipe = pipe
	ready, err := k.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	k.command.Stderr = os.Stderr
	if err := k.command.Start(); err != nil {
		return nil, err
	}
	_, err = io.ReadFull(ready, make([]byte, len(keeperReady)))
	go func() {
		_ = k.command.Wait() // how it ended is told by what it did
		close(k.ended)
	}()
	if err != nil {
		_ = pipe.Close()
		return nil, fmt.Errorf("the keeper does not begin: %w", err)
	}
	return k, nil
}

// tell has it continue a process in the end.
func (k *keeper) tell(p process) error {
	_, err := fmt.Fprintln(k.pipe, p.id, p.began)
	return err
}

// end has it continue all, sees that this is done, and does it where it is not.
func (k *keeper) end(held []process) error {
	closed := k.pipe.Close()
	select {
	case <-k.ended:
	case <-time.After(keeperPatience):
		_ = k.command.Process.Kill()
	}
	var failed []error
	for _, p := range held {
		if now, err := p.now(); err != nil || now.stopped() {
			failed = append(failed, p.send(signals[SignalContinue]))
		}
	}
	err := awaitAll(context.Background(), held, func(p process) bool { return !p.stopped() }, "continued")
	if err == nil {
		return nil // they went on, whoever has done it
	}
	return errors.Join(append(failed, err, closed)...)
}
