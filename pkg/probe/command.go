package probe

import (
	"context"
	"fmt"

	"github.com/chaosctl/chaosctl/pkg/access"
	"github.com/chaosctl/chaosctl/pkg/command"
	"github.com/chaosctl/chaosctl/pkg/experiment"
)

var _ = registry.Add(Definition{
	Name:    "command",
	Summary: "A command of this machine exits with 0, or a CEL condition holds for what it says.",
	Example: `
- name: orders
  command: {argv: [./check-orders, --since, 1m], env: [{name: REGION, value: eu}, {name: API_TOKEN}]}
  timeout: 5s
- name: replication
  command: {argv: [psql, -Atc, "select count(*) from pg_stat_replication"], cel: exitCode == 0 && int(stdout) >= 2, env: [{name: PGPASSWORD}]}
  interval: 5s
`,
	New: func() Probe { return &Command{} },
})

// Command runs a program on the machine of chaosctl, with the rights of whoever runs that. When the program has ended, or
// its time has, what is left of its process group is killed: all that it has started, as long as that did not leave the
// group by itself. Not to end in time is a failure; not to be there is unknown.
//
// The program gets the variables PATH, HOME, USER, LOGNAME, LANG, LC_ALL, TZ, TMPDIR, KUBECONFIG, SSL_CERT_FILE and
// SSL_CERT_DIR of chaosctl's environment, those of env, and no others. Of a program to which env gives a variable of
// chaosctl's environment, only the exit code is recorded, since nobody knows what it prints of a secret.
type Command struct {
	// Argv is the program, by its path or to be found in PATH, and its arguments. No shell looks at them.
	Argv []string `json:"argv"`
	// Env are more variables of its environment.
	Env []command.Variable `json:"env,omitempty"`
	// CEL is a condition over `exitCode` (128 and its number for one that a signal ended), `stdout` and `stderr`, which
	// takes the place of the exit code. The outputs are without the ends of lines at their end, as in a shell: int(stdout)
	// reads a number. Of each there are the first 64 KiB; where there is more, a condition that looks at it is unknown.
	CEL string `json:"cel,omitempty"`
}

// Check compiles the condition, and refuses what is no program or variable.
func (p *Command) Check(c *experiment.Check) {
	if len(p.Argv) > 0 && p.Argv[0] == "" {
		c.Fail("argv[0]", "there is no program: expected its path or its name")
	}
	command.CheckEnvironment(c, "env", p.Env)
	if p.CEL != "" {
		if _, err := compileOutput(p.CEL); err != nil {
			c.Fail("cel", "%v", err)
		}
	}
}

// Needs is nothing that chaosctl could know: what the program does is its own affair.
func (p *Command) Needs(access.Scope) []access.Need { return nil }

// Measure runs the program once.
func (p *Command) Measure(ctx context.Context, _ World) error {
	environment, secret, err := command.Environment(p.Env)
	if err != nil {
		return unknown("%w", err)
	}
	ended, err := command.Run(ctx, command.Program{Argv: p.Argv, Environment: environment})
	switch {
	case err != nil:
		return unknown("the command could not be run: %w", err)
	case ended.Late:
		return fmt.Errorf("the command did not end in time, and was killed with its process group%s", ended.Said(secret))
	case p.CEL != "":
		return judgeOutput(ctx, "", p.CEL, ended, ended.Said(secret), len(secret) > 0)
	case ended.ExitCode != 0:
		return fmt.Errorf("the command ended with %s%s", ended.Status, ended.Said(secret))
	}
	return nil
}
