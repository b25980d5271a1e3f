//go:build linux

// Package process starts the programs of a lab so that they outlive the one who starts them and
// are, from their first instant, where they belong: in a control group, in namespaces, in a session
// of their own, with their output in a file.
package process

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"

	"github.com/chaosctl/chaosctl/lab/internal/cgroup"
)

// Program is what to start.
type Program struct {
	Path string
	Args []string
	Env  []string
	// Log is a file that output is appended to.
	Log string
	// Group is the control group, which exists.
	Group cgroup.Group
	// Inside are the namespaces to enter, the caller's own if nil.
	Inside *Namespaces
	// Fresh are the namespaces to make for it (syscall.CLONE_NEW...).
	Fresh uintptr
}

// Process is a program that was started by this process.
type Process struct {
	Pid  int
	done chan struct{}
	err  error
}

// Start starts a program in the background.
func Start(program Program) (*Process, error) {
	var started *Process
	err := onThread(func() (err error) {
		started, err = program.start()
		return err
	})
	return started, err
}

// start forks from the calling thread, which the caller gives up.
func (p Program) start() (*Process, error) {
	log, err := os.OpenFile(p.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	command := exec.Command(p.Path, p.Args...)
	command.Env = p.Env
	command.Dir = "/"
	command.Stdout, command.Stderr = log, log
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Cloneflags: p.Fresh}
	if p.Group.Unified() {
		group, err := p.Group.Open()
		if err != nil {
			return nil, err
		}
		defer group.Close()
		command.SysProcAttr.UseCgroupFD, command.SysProcAttr.CgroupFD = true, int(group.Fd())
	} else if err := p.Group.JoinThread(); err != nil {
		return nil, err
	}
	if p.Inside != nil {
		if err := p.Inside.enter(); err != nil {
			return nil, err
		}
	}
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", p.Path, err)
	}
	started := &Process{Pid: command.Process.Pid, done: make(chan struct{})}
	go func() {
		started.err = command.Wait()
		close(started.done)
	}()
	return started, nil
}

// Done is closed when the process has ended; Err then says how, nil being success.
func (p *Process) Done() <-chan struct{} { return p.done }

// Err is how the process ended. It may be called once Done is closed.
func (p *Process) Err() error { return p.err }
