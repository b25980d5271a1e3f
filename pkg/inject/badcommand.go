package inject

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/chaosctl/chaosctl/pkg/access"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/target"
)

var _ = registry.Add(Definition{
	Name:    "badCommand",
	Summary: "Rolls out a command that does not exist, or one that ends, so that new pods crash again and again; the prior command comes back.",
	Example: `
- name: no-entrypoint
  badCommand: {container: web}
- name: exits-at-once
  at: 1m
  badCommand: {command: [sh, -c, exit 1]}
`,
	New: func() Fault { return &BadCommand{Command: []string{"/chaosctl/no-such-command"}} },
})

// BadCommand gives one container of the target's pod template another command, which starts a rollout. The container's
// args stay.
type BadCommand struct {
	// Container is its name; the first container of the template unless told otherwise.
	Container string `json:"container,omitempty"`
	// Command is what is started instead, with its first arguments. One that no image has unless told otherwise.
	Command []string `json:"command"`
}

// Check refuses a command that starts nothing: Kubernetes would take the image's.
func (f *BadCommand) Check(c *experiment.Check) {
	if len(f.Command) == 0 || f.Command[0] == "" {
		c.Fail("command", "the command is empty: leave command out for one that does not exist")
	}
}

// Plan replaces the command in the template.
func (f *BadCommand) Plan(ctx context.Context, s Scope) ([]Change, error) {
	c, err := spoilt(s.Workload, f.Container)
	if err != nil {
		return nil, err
	}
	command := strings.Join(f.Command, " ")
	field := Field{Path: inContainer(c, "command"), Value: mustJSON(f.Command)}
	switch {
	case slices.Equal(c.Command, f.Command):
		return nil, &target.Refusal{Reason: fmt.Sprintf("container %s of %s has the command %q already", c.Name, s.Workload, command)}
	case len(c.Command) > 0:
		field.Original = mustJSON(c.Command)
	}
	return rollOut(ctx, s, "command-", fmt.Sprintf("roll out container %s with the command %q", c.Name, command), field)
}

// Needs are those of an edit of the target.
func (f *BadCommand) Needs(s access.Scope) []access.Need {
	return targetEdits(s, "roll out another command, and put the prior one back")
}
