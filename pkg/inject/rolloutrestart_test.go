package inject_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/inject"
)

func TestRolloutRestart(t *testing.T) {
	s := newThreeReplicas().scope()
	changes := planned(t, &inject.RolloutRestart{}, s)
	require.Len(t, changes, 1)
	f := changes[0].Edit.Fields[0]
	assert.Equal(t, "remove spec.template.metadata.annotations[chaosctl.dev/restart]", changes[0].Undo())
	assert.JSONEq(t, `"2a-fault/1"`, string(f.Value), "the seed and the injection, so that each is another")

	s.Workload.Template.Annotations = map[string]string{inject.RestartAnnotation: "earlier"}
	changes = planned(t, &inject.RolloutRestart{}, s)
	assert.JSONEq(t, `"earlier"`, string(changes[0].Edit.Fields[0].Original))
	s.Workload.Template.Annotations = map[string]string{inject.RestartAnnotation: "2a-fault/1"}
	refused(t, &inject.RolloutRestart{}, s, "bears the annotation of this restart already")
}
