//go:build linux

package lab

import (
	"context"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/chaosctl/chaosctl/lab/internal/advice"
	"github.com/chaosctl/chaosctl/lab/internal/process"
)

// StopComponent ends a program of the control plane ("etcd", "kube-apiserver", ...) at once.
func (l *Lab) StopComponent(ctx context.Context, name string) error {
	return l.changeComponent(ctx, name, func() error {
		if !slices.Contains(l.record.Stopped, name) {
			l.record.Stopped = append(l.record.Stopped, name)
		}
		if err := l.registry.Save(l.record); err != nil {
			return err
		}
		return l.group.Child(name).Kill(ctx)
	})
}

// StartComponent starts a program of the control plane that was stopped or has died.
func (l *Lab) StartComponent(ctx context.Context, name string) error {
	return l.changeComponent(ctx, name, func() error {
		l.record.Stopped = slices.DeleteFunc(l.record.Stopped, func(s string) bool { return s == name })
		if process.Find(l.group.Child(name), name) != 0 {
			return nil
		}
		return l.launchControlPlane(name)
	})
}

// PauseComponent makes a program of the control plane stand still: it keeps its connections and
// answers none.
func (l *Lab) PauseComponent(ctx context.Context, name string) error {
	return l.signalComponent(ctx, name, unix.SIGSTOP)
}

// ResumeComponent lets a paused program go on.
func (l *Lab) ResumeComponent(ctx context.Context, name string) error {
	return l.signalComponent(ctx, name, unix.SIGCONT)
}

func (l *Lab) signalComponent(ctx context.Context, name string, signal unix.Signal) error {
	return l.changeComponent(ctx, name, func() error {
		pid := process.Find(l.group.Child(name), name)
		if pid == 0 {
			return advice.New("`lab component start "+name+"` starts it", "%s is not running", name)
		}
		return unix.Kill(pid, signal)
	})
}

func (l *Lab) changeComponent(ctx context.Context, name string, change func() error) error {
	if !slices.Contains(controlPlane, name) {
		return l.unknownComponent(name)
	}
	release, err := l.lock(ctx)
	if err != nil {
		return err
	}
	defer release()
	if err := l.running(); err != nil {
		return err
	}
	if err := change(); err != nil {
		return err
	}
	return l.registry.Save(l.record)
}

func (l *Lab) unknownComponent(name string) error {
	return advice.New("there are "+strings.Join(controlPlane, ", ")+", and on each node NODE/"+strings.Join(workers, ", NODE/"),
		"lab %s has no component %q", l.Name, name)
}
