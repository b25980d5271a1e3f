package inject

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/chaosctl/chaosctl/pkg/access"
	"github.com/chaosctl/chaosctl/pkg/command"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/target"
)

var _ = registry.Add(Definition{
	Name:    "exec",
	Summary: "Runs a command of your own on the machine of chaosctl, and another one that takes back what it did.",
	Example: `
- name: provider-down
  exec:
    argv: [./provider, block]
    undo: [./provider, unblock]
    proof: [./provider, is-blocked]
    env: [{name: REGION, value: eu}, {name: PROVIDER_TOKEN}]
  for: 30s
`,
	New: func() Fault { return &Exec{Timeout: experiment.Duration(30 * time.Second)} },
})

// Exec runs a program on the machine of chaosctl, in the directory where that was called and with the rights of whoever did:
// what no other fault reaches can be broken so, such as something outside of Kubernetes. What it does is its own affair.
// chaosctl cannot say what it touches, counts nothing of it against the blast radius, and does not know how to put it back but
// by the command that the file names for that.
//
// The undo command must be harmless where there is nothing to undo, and when it is run again: it is run after a command that failed
// or was interrupted, and by every recover until one has succeeded. Both commands stand in the journal before the first is
// begun. After a kill -9, `chaosctl recover` runs the undo, if it is called on the same machine, by the same user, where it finds
// the directory of the run; what stands in the cluster's journal alone, which others may have written, is never run
// unless somebody says --allow-commands. When an undo fails, or cannot be run, chaosctl exits with 3 and prints what is to be
// typed.
//
// A program is over when it ends: what is left of its process group is killed then, and on Linux it is killed with chaosctl. The
// environment of all of them is that of the probe `command`: variables that every program needs, those of env, and no others. Of a
// program to which env gives a variable of chaosctl's environment, only the exit code is recorded. Journals have the names of
// such variables, and not their values; so recover needs them in its environment too.
type Exec struct {
	// Argv is the program, by its path or to be found in PATH, and its arguments. No shell looks at them. The fault has failed
	// unless it ends with exit code 0.
	Argv []string `json:"argv"`
	// Undo is the program that takes it back, with its arguments. It has to end with exit code 0.
	Undo []string `json:"undo,omitempty" choice:"end"`
	// Lasting says that nothing takes it back: it cannot be undone, or goes by itself.
	Lasting bool `json:"lasting,omitempty" choice:"end"`
	// Proof is a program that ends with exit code 0 as long as the effect is there, and with another one where it is not. It is
	// asked before the command, which is not run where the effect is there already; after it, for the fault to be proved; every
	// two seconds from then on; and after the undo, until the effect is gone. Without one, the exit code of the command is
	// all that is known.
	Proof []string `json:"proof,omitempty"`
	// Env are more variables of the environment of all of these.
	Env []command.Variable `json:"env,omitempty"`
	// Timeout is how long each of them may take; 30s unless told otherwise.
	Timeout experiment.Duration `json:"timeout" form:"positive"`
}

// Check wants programs, and one word on how the fault ends.
func (f *Exec) Check(c *experiment.Check) {
	for field, argv := range map[string][]string{"argv": f.Argv, "undo": f.Undo, "proof": f.Proof} {
		if len(argv) > 0 && argv[0] == "" {
			c.Fail(field+"[0]", "there is no program: expected its path or its name")
		}
	}
	switch {
	case len(f.Undo) == 0 && !f.Lasting:
		c.Fail("", "nothing takes the command back: expected undo, or lasting: true where nothing can")
	case len(f.Undo) > 0 && f.Lasting:
		c.Fail("lasting", "undo and lasting exclude each other: expected one")
	}
	command.CheckEnvironment(c, "env", f.Env)
	if f.Timeout <= 0 {
		c.Fail("timeout", "%s leaves no time for a command", f.Timeout)
	}
}

// Plan finds the programs on this machine.
func (f *Exec) Plan(context.Context, Scope) ([]Change, error) {
	run := &Command{Env: f.Env, Timeout: f.Timeout.Std()}
	for _, p := range []struct {
		to   *[]string
		argv []string
	}{{&run.Argv, f.Argv}, {&run.Undo, f.Undo}, {&run.Proof, f.Proof}} {
		if len(p.argv) == 0 {
			continue
		}
		found, err := command.Find(p.argv)
		if err != nil {
			return nil, &target.Refusal{Reason: fmt.Sprintf("the fault's command cannot be run on this machine: %v", err)}
		}
		*p.to = found
	}
	var err error
	if run.Directory, err = os.Getwd(); err != nil {
		return nil, err
	}
	if run.Host, err = os.Hostname(); err != nil {
		return nil, err
	}
	return []Change{{
		ID: "command", What: "run " + command.Shell(f.Argv) + " on this machine; what it does to what is its own affair",
		Object: Object{Kind: "Command", Name: filepath.Base(run.Argv[0])}, Command: run,
	}}, nil
}

// Needs are none that chaosctl could know.
func (f *Exec) Needs(access.Scope) []access.Need { return nil }
