//go:build linux

package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/chaosctl/chaosctl/lab/internal/host"
	"github.com/chaosctl/chaosctl/lab/internal/process"
)

const (
	poll = 30 * time.Millisecond
	// tailLines is how much of a dead program's log is shown.
	tailLines = 12
)

// launch starts a component: "etcd", say, or "node1/kubelet". Its control group and its log are
// named after it.
func (l *Lab) launch(component string, program process.Program) (*process.Process, error) {
	program.Group = l.group.Child(component)
	if err := program.Group.Create(); err != nil {
		return nil, err
	}
	program.Log = l.logFile(component)
	if err := os.MkdirAll(filepath.Dir(program.Log), 0o755); err != nil {
		return nil, err
	}
	program.Env = append(program.Env, "PATH="+l.record.Programs["containerd"]+":"+host.Path, "HOME=/root")
	started, err := process.Start(program)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", component, err)
	}
	if died := l.died; died != nil {
		go func() {
			<-started.Done()
			died(component, started.Err())
		}()
	}
	return started, nil
}

func (l *Lab) logFile(component string) string { return l.path("logs", component+".log") }

// obituary says which component died, how, and what it said last.
func (l *Lab) obituary(component string, err error) error {
	how := "ended by itself"
	if err != nil {
		how = "died: " + err.Error()
	}
	return fmt.Errorf("%s %s; the end of its log:\n%s", component, how, l.tail(component))
}

func (l *Lab) tail(component string) string {
	data, err := os.ReadFile(l.logFile(component))
	if err != nil {
		return "  (no log)"
	}
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")
	lines = lines[max(0, len(lines)-tailLines):]
	return "  " + strings.Join(lines, "\n  ")
}

// await calls check until it returns nil. When ctx ends first it returns why: the cause of a
// cancellation, or what was waited for and what it lacked last.
func await(ctx context.Context, what string, check func(context.Context) error) error {
	var last error
	for {
		err := check(ctx)
		if err == nil {
			return nil
		}
		if ctx.Err() == nil {
			last = err
		}
		select {
		case <-ctx.Done():
			if cause := context.Cause(ctx); !errors.Is(cause, context.DeadlineExceeded) {
				return cause
			}
			return fmt.Errorf("%s did not come about in time: %w", what, errors.Join(last))
		case <-time.After(poll):
		}
	}
}
