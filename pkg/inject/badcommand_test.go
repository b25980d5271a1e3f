package inject_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/inject"
)

func TestBadCommand(t *testing.T) {
	fault := &inject.BadCommand{Command: []string{"sh", "-c", "exit 1"}}
	changes := planned(t, fault, newThreeReplicas().scope())
	require.Len(t, changes, 1)
	assert.JSONEq(t, `["sh", "-c", "exit 1"]`, string(changes[0].Edit.Fields[0].Value))
	assert.Equal(t, "remove spec.template.spec.containers[name=web].command", changes[0].Undo(), "the image's own command was in force")

	s := newThreeReplicas().scope()
	s.Workload.Template.Spec.Containers[0].Command = []string{"/web", "--fast"}
	changes = planned(t, fault, s)
	assert.JSONEq(t, `["/web", "--fast"]`, string(changes[0].Edit.Fields[0].Original))
	s.Workload.Template.Spec.Containers[0].Command = fault.Command
	refused(t, fault, s, `has the command "sh -c exit 1" already`)
}
