package probe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync/atomic"

	"github.com/chaosctl/chaosctl/pkg/access"
	"github.com/chaosctl/chaosctl/pkg/command"
	"github.com/chaosctl/chaosctl/pkg/condition"
	"github.com/chaosctl/chaosctl/pkg/experiment"
)

var _ = registry.Add(Definition{
	Name:    "exec",
	Summary: "A command in a container of a pod exits with 0, or a CEL condition holds for what it says.",
	Example: `
- name: cache
  exec: {argv: [redis-cli, ping], container: redis, cel: stdout == 'PONG'}
- name: disk
  exec: {argv: [test, -w, /data], selector: {app: db}, each: true}
  timeout: 3s
`,
	New: func() Probe { return &Exec{} },
})

// Exec runs a program in a container that runs, as kubectl exec does: in one pod, a ready one where there is any, the first by
// name; or in each. Its input is empty. That there is no such pod is a failure; that the program could not be run is unknown,
// as where the container has no such program. A pod that goes away meanwhile does not count. Not to end in time is a failure, be it that the program hangs or that its node
// does not answer; nobody ends it then.
//
// What the program says is not recorded, unless told otherwise, since nobody knows what it prints of a secret.
type Exec struct {
	// Argv is the program, by its path in the container or to be found in its PATH, and its arguments. No shell looks at them.
	Argv []string `json:"argv"`
	// CEL is a condition over `exitCode`, `stdout` and `stderr`, which takes the place of the exit code. The outputs are without
	// the ends of lines at their end. Of each there are the first 64 KiB; where there is more, a condition that looks at it
	// is unknown.
	CEL string `json:"cel,omitempty"`
	// Each has the program run in each pod, in all of which it must hold.
	Each bool `json:"each,omitempty"`
	// Record lets the beginning of what the program says be part of the message of a check, and so of reports.
	Record bool `json:"record,omitempty"`
	Choice
}

// Check compiles the condition, and refuses what is no program.
func (p *Exec) Check(c *experiment.Check) {
	if len(p.Argv) > 0 && p.Argv[0] == "" {
		c.Fail("argv[0]", "there is no program: expected its path or its name")
	}
	if p.CEL != "" {
		if _, err := compileOutput(p.CEL); err != nil {
			c.Fail("cel", "%v", err)
		}
	}
	p.check(c)
}

// Needs are to find the pods, and to run something in them.
func (p *Exec) Needs(s access.Scope) []access.Need {
	on := access.Object{Resource: "pods", Namespace: s.Target.Namespace}
	needs := access.Needs("find the pods in which a probe runs its command", on, "list")
	on.Subresource = "exec"
	// Which of the two verbs a server asks for depends on its version and the protocol of the stream.
	return append(needs, access.Needs("run the command of a probe in a pod", on, "get", "create")...)
}

// Measure runs the program once, in one pod or in each.
func (p *Exec) Measure(ctx context.Context, w World) error {
	world, ok := w.(Execer)
	if !ok {
		return unknown("nothing can be run in a pod from here")
	}
	pods, err := world.Pods(ctx, p.Selector)
	if err != nil {
		return unknown("the pods cannot be listed: %w", err)
	}
	var running []Pod
	for _, pod := range ordered(pods) {
		if p.runs(pod) && (!p.Each || !pod.Leaving) {
			running = append(running, pod)
		}
	}
	if p.Each {
		errs := eachOf(running, func(pod Pod) error { return p.in(ctx, world, pod) })
		if errs = slices.DeleteFunc(errs, isGone); len(errs) > 0 {
			return weightiest(errs)
		}
	}
	for _, pod := range running {
		if err := p.in(ctx, world, pod); !isGone(err) {
			return err
		}
	}
	return fmt.Errorf("no pod of %s has a container%s that runs", p.whose(), named(p.Container))
}

// runs says that the pod has the container, and that it runs.
func (p *Exec) runs(pod Pod) bool {
	c, there := pod.container(p.Container)
	return there && c.Running
}

// errGone says of a pod that it went away before anything could be run in it.
var errGone = errors.New("the pod is gone")

func isGone(err error) bool { return errors.Is(err, errGone) }

// gone looks again whether a pod in which nothing could be run is still one in which something could be.
func (p *Exec) gone(ctx context.Context, world Execer, name string) bool {
	pods, err := world.Pods(ctx, p.Selector)
	return err == nil && !slices.ContainsFunc(pods, func(pod Pod) bool { return pod.Name == name && !pod.Leaving && p.runs(pod) })
}

func named(container string) string {
	if container == "" {
		return ""
	}
	return " " + container
}

// in runs the program in a pod.
func (p *Exec) in(ctx context.Context, world Execer, pod Pod) error {
	c, _ := pod.container(p.Container)
	e := command.NewEnded()
	begun := &nothing{}
	code, err := world.Exec(ctx, pod.Name, c.Name, p.Argv, begun, &e.Stdout, &e.Stderr)
	where := fmt.Sprintf("in pod %s, container %s: ", pod.Name, c.Name)
	switch {
	case err != nil && isLate(errors.Join(err, ctx.Err())) && begun.asked.Load():
		return fmt.Errorf("%sthe command did not end in time", where)
	case err != nil && p.gone(ctx, world, pod.Name):
		return errGone
	case err != nil:
		return unknown("%sthe command could not be run: %w", where, err)
	}
	e.ExitCode, e.Status = code, fmt.Sprintf("exit code %d", code)
	said := ""
	if p.Record {
		said = e.Said(nil)
	}
	if p.CEL == "" {
		if code != 0 {
			return fmt.Errorf("%sthe command ended with %s%s", where, e.Status, said)
		}
		return nil
	}
	return judgeOutput(ctx, where, p.CEL, e, said, !p.Record)
}

// nothing is an empty input, which is asked for once the program has been begun.
type nothing struct{ asked atomic.Bool }

func (n *nothing) Read([]byte) (int, error) {
	n.asked.Store(true)
	return 0, io.EOF
}

// compileOutput compiles a condition over what a program says.
func compileOutput(cel string) (*condition.Condition, error) {
	return condition.CompileOver(cel, condition.Integer("exitCode"), condition.Text("stdout"), condition.Text("stderr"))
}

// judgeOutput evaluates a condition over what a program has said. Of a program that knows secrets no error of the evaluation is told,
// since it may quote the output.
func judgeOutput(ctx context.Context, where, cel string, e *command.Ended, said string, secret bool) error {
	compiled, err := compileOutput(cel)
	if err != nil {
		return unknown("%s%w", where, err)
	}
	for _, o := range []*command.Output{&e.Stdout, &e.Stderr} {
		if o.More && compiled.ReadsAny(o.Name) {
			return unknown("%sthe command wrote more than %d KiB to %s, so the condition cannot be told", where, command.MaxOutput>>10, o.Name)
		}
	}
	holds, err := compiled.Holds(ctx, map[string]any{"exitCode": int64(e.ExitCode), "stdout": e.Stdout.String(), "stderr": e.Stderr.String()})
	switch {
	case err != nil && secret:
		return unknown("%sthe condition cannot be told with %s%s", where, e.Status, said)
	case err != nil:
		return unknown("%s%w, with %s%s", where, err, e.Status, said)
	case !holds:
		return fmt.Errorf("%s%s does not hold with %s%s", where, cel, e.Status, said)
	}
	return nil
}
