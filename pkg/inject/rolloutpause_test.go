package inject_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/inject"
)

func TestRolloutPause(t *testing.T) {
	s := newThreeReplicas().scope()
	s.Workload.Rollout.MaxUnavailable = 3
	changes := planned(t, &inject.RolloutPause{}, s)
	require.Len(t, changes, 1)
	assert.Equal(t, "remove spec.paused", changes[0].Undo())
	assert.JSONEq(t, "true", string(changes[0].Edit.Fields[0].Value))
	assert.Empty(t, changes[0].Removed(), "a pause takes nobody away")

	s.Workload.Rollout.Paused = true
	refused(t, &inject.RolloutPause{}, s, "deployment/web is paused already")
	s.Workload.Kind = "StatefulSet"
	refused(t, &inject.RolloutPause{}, s, "statefulset/web cannot be paused")
	s.Workload.Kind = ""
	refused(t, &inject.RolloutPause{}, s, "a target that is a selector cannot be paused")
}
