package probe

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// maxOutput bounds what is kept of each output, in bytes. What is more is read, so that the program goes on, and dropped.
const maxOutput = 64 << 10

// leave is how long the output of a program may still be open once its process group is dead: somebody who left the
// group may hold it.
const leave = 100 * time.Millisecond

// ended is how a program ended, and what it said.
type ended struct {
	// late says that it was killed, because its time was over.
	late     bool
	exitCode int
	// status is the exit code or the signal, in words.
	status         string
	stdout, stderr output
}

// output is the beginning of what a program has written to one of its outputs.
type output struct {
	name string
	kept []byte
	// more says that there was more of it.
	more bool
}

// String is the output as text, without the ends of lines at its end. Bytes that are no text are replaced.
func (o *output) String() string {
	return strings.ToValidUTF8(strings.TrimRight(string(o.kept), "\r\n"), "\uFFFD")
}

// execute runs a program in a process group of its own, to its end or that of ctx, and kills what is left of the group.
// An error means that it was not run.
func execute(ctx context.Context, argv, environment []string) (*ended, error) {
	group, err := ownGroup()
	if err != nil {
		return nil, err
	}
	// Where the program ends with the thread that started it, that must not end before.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	e := &ended{stdout: output{name: "stdout"}, stderr: output{name: "stderr"}}
	command := exec.CommandContext(ctx, argv[0], argv[1:]...)
	command.Env = environment
	command.SysProcAttr = group
	command.Cancel = func() error { return killGroup(command.Process.Pid) }
	stdout, err := e.stdout.listen()
	if err != nil {
		return nil, err
	}
	defer stdout.end()
	stderr, err := e.stderr.listen()
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
	e.late = ctx.Err() != nil
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited && !e.late {
		return nil, err
	}
	e.tell(command.ProcessState)
	return e, nil
}

// tell reads the status of the program.
func (e *ended) tell(state *os.ProcessState) {
	e.exitCode = state.ExitCode()
	e.status = fmt.Sprintf("exit code %d", e.exitCode)
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		e.exitCode = 128 + int(status.Signal())
		e.status = fmt.Sprintf("signal %d (%s)", int(status.Signal()), status.Signal())
	}
}

// pipe is what leads from a program to an output.
type pipe struct {
	read, write *os.File
	done        chan struct{}
}

// listen fills the output with what comes out of a pipe.
func (o *output) listen() (*pipe, error) {
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
