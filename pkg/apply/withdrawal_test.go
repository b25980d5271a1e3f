package apply

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/inject"
)

// withdrawn is the deletion of the settings.
func withdrawn(t *testing.T) *inject.Change {
	t.Helper()
	text, err := inject.Bare(object(t, settings)).MarshalJSON()
	require.NoError(t, err)
	return &inject.Change{
		ID: "f/1/a", Object: inject.Object{Kind: "ConfigMap", Namespace: "shop", Name: "settings", UID: "u1"}, Withdraw: &inject.Withdraw{Original: text},
	}
}

// TestIsOriginal: an object holds what is to be put back whatever its marks are and what the server says of it, and only then.
func TestIsOriginal(t *testing.T) {
	c := withdrawn(t)
	w := withdrawal{&Applier{run: "run-1"}, c}
	o := object(t, settings)
	assert.True(t, w.isOriginal(o))
	require.NoError(t, mark(o, "run-1", c))
	assert.True(t, w.isOriginal(o), "its marks are chaosctl's")
	o.SetUID("u2")
	o.SetResourceVersion("9")
	assert.True(t, w.isOriginal(o), "it may be another one that holds the same")
	o.SetLabels(map[string]string{RunLabel: "run-1", "theirs": "yes"})
	assert.False(t, w.isOriginal(o))
	o = object(t, settings)
	o.SetFinalizers([]string{"example.com/hold"})
	assert.False(t, w.isOriginal(o), "it would not go")
	o = object(t, settings)
	o.Object["data"] = map[string]any{"mode": "slow"}
	assert.False(t, w.isOriginal(o))
}

// TestWithdrawnIsMarked: as long as it is there, the object tells what was about to be done to it, and nothing of what it holds.
func TestWithdrawnIsMarked(t *testing.T) {
	c, o := withdrawn(t), object(t, settings)
	require.NoError(t, mark(o, "run-1", c))
	assert.NotContains(t, o.GetAnnotations()[MarkName("run-1", c.ID)], "fast")
	marks := ReadMarks(o, c.Object)
	require.Len(t, marks.Changes, 1)
	require.NotNil(t, marks.Changes[0].Withdraw)
	assert.Nil(t, marks.Changes[0].Withdraw.Original)
	assert.True(t, marks.Changes[0].Reversible())
	o.SetUID("u2")
	copied := ReadMarks(o, c.Object)
	assert.Empty(t, copied.Changes)
	assert.Len(t, copied.Copies, 1, "somebody has restored a backup")
}
