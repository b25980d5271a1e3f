package agent

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"
)

// Signal sends a signal to processes. What it does to them stays, save that those which it stops go on when the agent ends.
type Signal struct {
	Of Processes
	// Signal is its name in small letters: term.
	Signal string
	// Keeper makes the command of the process that sees to it that those which were stopped go on.
	Keeper Command
}

const (
	// signalPatience is how long a signal may take to have its effect.
	signalPatience = 10 * time.Second
	// signalLook is how often processes are looked at meanwhile.
	signalLook = 10 * time.Millisecond
)

// Run sends it to all that are meant, or to none where one of them could not take it, and sees what comes of it.
func (s Signal) Run(ctx context.Context, started func()) (string, error) {
	number, ok := signals[s.Signal]
	if !ok {
		return "", fmt.Errorf("there is no signal %q on this system", s.Signal)
	}
	if s.Signal == SignalStop {
		return hold{s.Of, s.Keeper}.Run(ctx, started)
	}
	all, err := s.Of.takers(number)
	if err != nil {
		return "", err
	}
	sent := map[process]dispositions{}
	var failed []error
	for _, p := range all {
		d, err := p.dispositions()
		if err == nil {
			err = p.send(number)
		}
		if err != nil {
			failed = append(failed, err)
			continue
		}
		sent[p] = d
	}
	taken, err := s.await(ctx, number, sent)
	if err := errors.Join(append(failed, err)...); err != nil {
		return taken, err
	}
	started()
	return taken, nil
}

// await sees what the processes make of it. Those without a handler end.
func (s Signal) await(ctx context.Context, number syscall.Signal, sent map[process]dispositions) (string, error) {
	var ended, took int
	late := time.Now().Add(signalPatience)
	for ended, took = 0, 0; ; ended, took = 0, 0 {
		var waits []error
		for p, before := range sent {
			now, err := p.now()
			switch {
			case err != nil:
				waits = append(waits, err)
			case now.ended():
				ended++
			case s.Signal == SignalContinue && !now.stopped(), has(before.caught, number) && now.took(number):
				took++
			default:
				waits = append(waits, fmt.Errorf("%s has not heeded the signal %s within %s", p, s.Signal, signalPatience))
			}
		}
		did := fmt.Sprintf("sent the signal %s to %d %s%s: %d ended, %d took it and went on", s.Signal, len(sent), processes(len(sent)), s.Of.calledWhat(), ended, took)
		if len(waits) == 0 {
			return did, nil
		}
		if time.Now().After(late) || ctx.Err() != nil {
			return did, errors.Join(waits...)
		}
		time.Sleep(signalLook)
	}
}

// took says that the signal does not wait for the process any more.
func (p process) took(number syscall.Signal) bool {
	d, err := p.dispositions()
	return err == nil && !has(d.pending, number)
}

func processes(n int) string {
	if n == 1 {
		return "process"
	}
	return "processes"
}

func (s Processes) calledWhat() string {
	if s.Name == "" {
		return ""
	}
	return " called " + s.Name
}

// takers are those that are meant, all of which can take the signal.
func (s Processes) takers(number syscall.Signal) ([]process, error) {
	all, err := s.list()
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("no process%s of the container is to be seen", s.calledWhat())
	}
	var obstacles []error
	for _, p := range all {
		if err := p.obstacle(number); err != nil {
			obstacles = append(obstacles, err)
		}
	}
	return all, errors.Join(obstacles...)
}

// obstacle is why a process would not take a signal, as the kernel has it. Process 1 of a namespace gets none from inside of it
// for which it has no handler, see pid_namespaces(7).
func (p process) obstacle(number syscall.Signal) error {
	d, err := p.dispositions()
	switch name := nameOf(number); {
	case errors.Is(err, os.ErrNotExist):
		return nil // it has ended, which the sending sees
	case err != nil:
		return err
	case p.id == 1 && (name == SignalStop || name == SignalKill):
		return fmt.Errorf("%s is the first of its namespace, and the kernel lets nobody in there %s it: leave it out (main: without), or share the process namespace of the pod (shareProcessNamespace)", p, name)
	case name == SignalStop || name == SignalKill || name == SignalContinue:
		return nil
	case has(d.ignored, number):
		return fmt.Errorf("%s ignores the signal %s", p, name)
	case p.id == 1 && !has(d.caught, number):
		return fmt.Errorf("%s has no handler for the signal %s, and is the first of its namespace: the kernel drops what others in there send it", p, name)
	}
	return nil
}

// send sends the signal, and says what permission is missing. A process that has ended by then is none any more.
func (p process) send(number syscall.Signal) error {
	switch err := p.signal(number); {
	case errors.Is(err, os.ErrProcessDone):
		return nil
	case errors.Is(err, os.ErrPermission):
		return fmt.Errorf("%s is of another user than the agent (%d), which may not send it signals: name its user as the fault's user", p, os.Getuid())
	default:
		return err
	}
}

// The signals that have a meaning of their own.
const (
	SignalStop     = "stop"
	SignalContinue = "continue"
	SignalKill     = "kill"
)

func nameOf(number syscall.Signal) string {
	for name, n := range signals {
		if n == number {
			return name
		}
	}
	return strings.ToLower(number.String())
}
