package apply

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/chaosctl/chaosctl/pkg/command"
	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/inject"
)

// program runs a command on this machine, and another one that takes it back. Nothing in the cluster bears its mark: whoever
// finds the journal cannot tell whether it was begun, or is undone already. So the undo is run in any case.
type program struct {
	a *Applier
	c *inject.Change
}

// proofLook is how often a proof is asked for that is waited for.
const proofLook = 500 * time.Millisecond

// send runs the command to its end. A request has no more than an answer to get lost; a command that fails, or is interrupted, may
// have done a part of what it does, so that it is undone as well.
func (p program) send(ctx context.Context) (outcome, error) {
	if p.a.dryRun != nil {
		return outcome{}, nil
	}
	if there, err := p.proof(ctx); there || err != nil {
		return outcome{skipped: "the effect was there before, as the proof says"}, err
	}
	p.a.sent(p.c)
	return outcome{}, p.run(ctx, "the command", p.c.Command.Argv)
}

// run is an error where a program does not end well.
func (p program) run(ctx context.Context, what string, argv []string) error {
	ended, secret, err := p.execute(ctx, argv)
	switch {
	case err != nil:
		return fmt.Errorf("%s could not be run: %w", what, err)
	case ended.Late && ctx.Err() != nil:
		return fmt.Errorf("%s was interrupted, and killed with its process group%s", what, ended.Said(secret))
	case ended.Late:
		return fmt.Errorf("%s did not end in time, and was killed with its process group%s", what, ended.Said(secret))
	case ended.ExitCode != 0:
		return fmt.Errorf("%s ended with %s%s", what, ended.Status, ended.Said(secret))
	}
	return nil
}

// execute runs a program for as long as it may take. Secret are the variables whose values it knows.
func (p program) execute(ctx context.Context, argv []string) (ended *command.Ended, secret []string, err error) {
	ctx, cancel := context.WithTimeout(ctx, p.c.Command.Timeout)
	defer cancel()
	environment, secret, err := command.Environment(p.c.Command.Env)
	if err != nil {
		return nil, nil, err
	}
	ended, err = command.Run(ctx, command.Program{Argv: argv, Directory: p.c.Command.Directory, Environment: environment})
	return ended, secret, err
}

// proof asks whether the effect is there; it is not where there is nothing to ask. An error says that it cannot be told.
func (p program) proof(ctx context.Context) (there bool, err error) {
	if len(p.c.Command.Proof) == 0 {
		return false, nil
	}
	ended, _, err := p.execute(ctx, p.c.Command.Proof)
	switch {
	case err != nil:
		return false, fmt.Errorf("the proof could not be run: %w", err)
	case ended.Late:
		return false, errors.New("the proof did not end in time")
	}
	return ended.ExitCode == 0, nil
}

// observe waits for the proof.
func (p program) observe(ctx context.Context) (string, error) {
	if len(p.c.Command.Proof) == 0 {
		return "the command ended with exit code 0, which is all that is known of its effect", nil
	}
	if err := p.await(ctx, true); err != nil {
		return "", err
	}
	return "the effect is there, as the proof says", nil
}

// await waits until the proof says that the effect is there, or is not.
func (p program) await(ctx context.Context, wanted bool) error {
	var taken <-chan struct{}
	if wanted && p.c.Reversible() {
		taken = p.a.takenChannel(p.c)
	}
	var last error
	err := wait.PollUntilContextTimeout(ctx, proofLook, proofPatience, true, func(ctx context.Context) (bool, error) {
		select {
		case <-taken:
			return false, errUndone
		default:
		}
		there, err := p.proof(ctx)
		if ctx.Err() == nil { // what the end of the time cuts short tells nothing
			last = err
		}
		return err == nil && there == wanted, nil
	})
	if err == nil {
		return nil
	}
	missing := "the proof does not say that the effect is there"
	if !wanted {
		missing = "the proof says that the effect is still there"
	}
	if errors.Is(err, errUndone) {
		return errors.New("the fault was over before its effect was seen")
	}
	return fmt.Errorf("%s, within %s: %w", missing, proofPatience, errors.Join(last, err))
}

func (p program) lost(ctx context.Context) (string, error) {
	if len(p.c.Command.Proof) == 0 {
		return "", nil
	}
	there, err := p.proof(ctx)
	if err != nil || there {
		return "", err
	}
	return "the effect went, as the proof says,", nil
}

// undo runs the command for that, and waits until the proof does not hold any more.
func (p program) undo(ctx context.Context) error {
	if p.a.MayRun != nil {
		if err := p.a.MayRun(p.c); err != nil {
			return err
		}
	}
	if p.a.dryRun != nil {
		p.a.record(p.c, event.ChangeUndone, "")
		return nil
	}
	if err := p.run(ctx, "the undo command", p.c.Command.Undo); err != nil {
		return err
	}
	if len(p.c.Command.Proof) > 0 {
		if err := p.await(ctx, false); err != nil {
			return fmt.Errorf("the undo command has ended well, and %w", err)
		}
	}
	p.a.record(p.c, event.ChangeUndone, "")
	return nil
}

// byHand is the undo command.
func (p program) byHand(bool) []string {
	c := p.c.Command
	var words strings.Builder
	fmt.Fprintf(&words, "cd %s && ", command.Shell([]string{c.Directory}))
	for _, v := range c.Env {
		if v.Value != nil {
			fmt.Fprintf(&words, "%s=%s ", v.Name, command.Shell([]string{*v.Value}))
		}
	}
	words.WriteString(command.Shell(c.Undo))
	return []string{words.String()}
}
