package inject_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/command"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/inject"
)

func TestExec(t *testing.T) {
	t.Setenv("EXEC_TEST_TOKEN", "s3cr3t")
	t.Chdir(t.TempDir())
	require.NoError(t, os.WriteFile("provider", nil, 0o700))
	directory, err := os.Getwd()
	require.NoError(t, err)
	provider := filepath.Join(directory, "provider")
	fault := &inject.Exec{
		Argv: []string{"./provider", "block", "it all"}, Undo: []string{"./provider", "unblock"},
		Env: []command.Variable{{Name: "EXEC_TEST_TOKEN"}}, Timeout: experiment.Duration(time.Second),
	}
	changes := planned(t, fault, (&view{}).scope())
	require.Equal(t, []string{"0 run provider"}, names(changes))
	c := changes[0]
	assert.Equal(t, "run ./provider block 'it all' on this machine; what it does to what is its own affair", c.What)
	assert.Equal(t, "run "+provider+" unblock", c.Undo())
	assert.True(t, c.Reversible())
	assert.False(t, c.InCluster())
	assert.Empty(t, c.Needs(), "no request goes to the API server")
	assert.Equal(t, []string{provider, "block", "it all"}, c.Command.Argv, "recover may be called elsewhere")
	assert.Equal(t, directory, c.Command.Directory)
	text, err := json.Marshal(c)
	require.NoError(t, err)
	assert.NotContains(t, string(text), "s3cr3t", "a journal has names of variables")
	var back inject.Change
	require.NoError(t, json.Unmarshal(text, &back))
	assert.Equal(t, c, back, "a journal has all of it")

	fault.Undo, fault.Lasting = nil, true
	c = planned(t, fault, (&view{}).scope())[0]
	assert.False(t, c.Reversible())
	assert.Contains(t, c.Undo(), "cannot be undone")
	fault.Proof = []string{"./no-such-program"}
	_, err = fault.Plan(t.Context(), (&view{}).scope())
	assert.ErrorContains(t, err, "cannot be run on this machine")
}
