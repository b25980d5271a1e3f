package apply

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/command"
	"github.com/chaosctl/chaosctl/pkg/inject"
)

// shell is a change by scripts, which run in a directory of their own.
func shell(t *testing.T, do, undo, proof string) *inject.Change {
	t.Helper()
	script := func(text string) []string {
		if text == "" {
			return nil
		}
		return []string{"/bin/sh", "-c", text}
	}
	return &inject.Change{
		ID: "f/1/command", Object: inject.Object{Kind: "Command", Name: "sh"},
		Command: &inject.Command{Argv: script(do), Undo: script(undo), Proof: script(proof), Directory: t.TempDir(), Timeout: 20 * time.Second},
	}
}

// carried applies a change, waits for its proof, and undoes it.
func carried(t *testing.T, c *inject.Change) (d *diary, left []Leftover, err error) {
	t.Helper()
	d = &diary{}
	a := New(nil, "run-1", broken{}, d) // a request to the API server would be a panic
	err = a.Apply(t.Context(), []inject.Change{*c})
	require.Eventually(t, func() bool {
		return err != nil || slices.Contains(d.all(), c.ID+" proved") || slices.Contains(d.all(), c.ID+" skipped")
	}, 20*time.Second, time.Millisecond)
	left = a.UndoAll(t.Context())
	a.Wait()
	return d, left, err
}

func (d *diary) all() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.steps
}

func TestCommand(t *testing.T) {
	for name, c := range map[string]struct {
		do, undo, proof string
		want            []string
		file            bool
	}{
		"it is undone":                {"touch effect", "rm effect", "", []string{"intended", "sent", "applied", "proved", "undone"}, false},
		"it is proved":                {"touch effect", "rm effect", "test -e effect", []string{"intended", "sent", "applied", "proved", "undone"}, false},
		"it fails half way":           {"touch effect; exit 3", "rm effect", "", []string{"intended", "sent", "failed", "undone"}, false},
		"the effect is there already": {"touch more", "rm effect more", "test ! -e more", []string{"intended", "skipped"}, false},
		"nothing takes it back":       {"touch effect", "", "", []string{"intended", "sent", "applied", "proved"}, true},
		"the undo fails":              {"touch effect", "exit 4", "", []string{"intended", "sent", "applied", "proved", "stuck"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			change := shell(t, c.do, c.undo, c.proof)
			d, left, err := carried(t, change)
			var want []string
			for _, state := range c.want {
				want = append(want, "f/1/command "+state)
			}
			assert.ElementsMatch(t, want, d.all(), "the proof and the undo are side by side")
			assert.Equal(t, name == "it fails half way", err != nil)
			assert.Equal(t, name == "the undo fails", len(left) > 0)
			_, err = os.Stat(filepath.Join(change.Command.Directory, "effect"))
			assert.Equal(t, c.file, err == nil)
		})
	}
}

// TestCommandIsInterrupted: a command that is interrupted ends, and is undone.
func TestCommandIsInterrupted(t *testing.T) {
	change := shell(t, "touch effect; sleep 1000", "rm effect", "")
	a := New(nil, "run-1", broken{}, &diary{})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		assert.Eventually(t, func() bool {
			_, err := os.Stat(filepath.Join(change.Command.Directory, "effect"))
			return err == nil
		}, 20*time.Second, time.Millisecond)
		cancel()
	}()
	require.ErrorContains(t, a.Apply(ctx, []inject.Change{*change}), "the command was interrupted")
	require.Empty(t, a.UndoAll(ctx))
	assert.NoFileExists(t, filepath.Join(change.Command.Directory, "effect"))
}

// TestCommandMayNotBeRun: an undo that is not allowed is left, with the command that a person would type.
func TestCommandMayNotBeRun(t *testing.T) {
	change := shell(t, "", "rm \"$WHAT\"", "")
	what := "the effect"
	change.Command.Env = []command.Variable{{Name: "WHAT", Value: &what}, {Name: "TOKEN"}}
	change.Command.Directory = "/somewhere else"
	a := New(nil, "run-1", nil, &diary{})
	a.MayRun = func(*inject.Change) error { return assert.AnError }
	a.Adopt([]*inject.Change{change})
	left := a.UndoAll(t.Context())
	require.Len(t, left, 1)
	require.ErrorIs(t, left[0].Err, assert.AnError)
	assert.Equal(t, []string{`cd '/somewhere else' && WHAT='the effect' /bin/sh -c 'rm "$WHAT"'`}, left[0].Commands)
	assert.True(t, a.Left())
}

// TestCommandKeepsSecrets: what a command says that knows a secret is recorded nowhere.
func TestCommandKeepsSecrets(t *testing.T) {
	t.Setenv("APPLY_TEST_TOKEN", "s3cr3t")
	change := shell(t, "echo $APPLY_TEST_TOKEN; exit 3", "echo $APPLY_TEST_TOKEN; exit 4", "")
	change.Command.Env = []command.Variable{{Name: "APPLY_TEST_TOKEN"}}
	_, left, err := carried(t, change)
	require.ErrorContains(t, err, "its output is not recorded")
	assert.NotContains(t, err.Error(), "s3cr3t")
	require.Len(t, left, 1)
	assert.NotContains(t, left[0].Err.Error(), "s3cr3t")
}
