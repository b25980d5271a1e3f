package command

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// leave is how long the output of a program may still be open once its process group is dead: somebody who left the
// group may hold it.
const leave = 100 * time.Millisecond

// Program is what is run.
type Program struct {
	// Argv is the program, by its path or to be found in PATH, and its arguments. No shell looks at them.
	Argv []string
	// Directory is where it runs; that of chaosctl where it is empty.
	Directory string
	// Environment is all of its variables, each as NAME=value.
	Environment []string
}

// Ended is how a program ended, and what it said.
type Ended struct {
	// Late says that it was killed, because its time was over.
	Late bool
	// ExitCode is 128 and the number of the signal for one that a signal ended.
	ExitCode int
	// Status is the exit code or the signal, in words.
	Status         string
	Stdout, Stderr Output
}

// NewEnded has the outputs of a program that is yet to end.
func NewEnded() *Ended { return &Ended{Stdout: Output{Name: "stdout"}, Stderr: Output{Name: "stderr"}} }

// Run runs a program in a process group of its own, to its end or that of ctx, and kills what is left of the group. An error
// means that it was not run. On Linux it ends with chaosctl, even where that is killed.
func Run(ctx context.Context, p Program) (*Ended, error) {
	group, err := ownGroup()
	if err != nil {
		return nil, err
	}
	// Where the program ends with the thread that started it, that must not end before.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	e := NewEnded()
	command := exec.CommandContext(ctx, p.Argv[0], p.Argv[1:]...)
	command.Env, command.Dir = p.Environment, p.Directory
	command.SysProcAttr = group
	command.Cancel = func() error { return killGroup(command.Process.Pid) }
	stdout, err := e.Stdout.listen()
	if err != nil {
		return nil, err
	}
	defer stdout.end()
	stderr, err := e.Stderr.listen()
	if err != nil {
		return nil, err
	}
	defer stderr.end()
	command.Stdout, command.Stderr = stdout.write, stderr.write
	if err := command.Start(); err != nil {
		return nil, err
	}
	err = command.Wait()
	// The pipes are open as long as anybody of the group lives.
	_ = killGroup(command.Process.Pid)
	e.Late = ctx.Err() != nil
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited && !e.Late {
		return nil, err
	}
	e.tell(command.ProcessState)
	return e, nil
}

// tell reads the status of the program.
func (e *Ended) tell(state *os.ProcessState) {
	e.ExitCode = state.ExitCode()
	e.Status = fmt.Sprintf("exit code %d", e.ExitCode)
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		e.ExitCode = 128 + int(status.Signal())
		e.Status = fmt.Sprintf("signal %d (%s)", int(status.Signal()), status.Signal())
	}
}

// pipe is what leads from a program to an output.
type pipe struct {
	read, write *os.File
	done        chan struct{}
}

// listen fills the output with what comes out of a pipe.
func (o *Output) listen() (*pipe, error) {
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	p := &pipe{read, write, make(chan struct{})}
	go func() {
		defer close(p.done)
		block := make([]byte, 32<<10)
		for {
			n, err := read.Read(block)
			_, _ = o.Write(block[:n]) // it has no error
			if err != nil {
				return
			}
		}
	}()
	return p, nil
}

// end waits for what is still in the pipe, and closes it.
func (p *pipe) end() {
	_ = p.write.Close()
	_ = p.read.SetReadDeadline(time.Now().Add(leave))
	<-p.done
	_ = p.read.Close()
}
