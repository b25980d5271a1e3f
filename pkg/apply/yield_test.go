package apply

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/chaosctl/chaosctl/pkg/inject"
)

const lease = `{"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"operator","namespace":"shop","uid":"u1","resourceVersion":"7"},
"spec":{"holderIdentity":"op-1","renewTime":"2026-11-26T12:00:02.000000Z","leaseDurationSeconds":15}}`

// steal takes the lease, as it was two seconds before.
func steal() *inject.Change {
	return &inject.Change{
		ID: "f/1/steal", Object: inject.Object{Kind: "Lease", Namespace: "shop", Name: "operator", UID: "u1"},
		Edit: &inject.Edit{Fields: []inject.Field{{
			Path: []string{"spec"}, Yields: true,
			Original: json.RawMessage(`{"holderIdentity":"op-1","renewTime":"2026-11-26T12:00:00.000000Z","leaseDurationSeconds":15}`),
			Value:    json.RawMessage(`{"holderIdentity":"chaosctl","renewTime":"2026-11-26T12:00:02.500000Z","leaseDurationSeconds":15}`),
		}}},
	}
}

// stolen is the lease after that.
func stolen(t *testing.T, c *inject.Change) *unstructured.Unstructured {
	t.Helper()
	o := object(t, lease)
	now, err := withOriginals(o, c)
	require.NoError(t, err)
	require.NoError(t, set(o, []string{"spec"}, c.Edit.Fields[0].Value))
	require.NoError(t, mark(o, "run-1", now))
	return o
}

func spec(t *testing.T, o *unstructured.Unstructured) string {
	t.Helper()
	return string(mustJSON(o.Object["spec"]))
}

const sinceTaken = `{"holderIdentity":"op-2","renewTime":"2026-11-26T12:00:19.000000Z","leaseDurationSeconds":15}`

// TestOriginalIsWhatIsThereWhenSent: a holder renews its Lease between the plan and the change, which is no reason not to make
// it; and what is restored is the newer, by the marker, whatever the journal has.
func TestOriginalIsWhatIsThereWhenSent(t *testing.T) {
	c := steal()
	o := object(t, lease)
	already, moved, err := compare(o, c.Edit.Fields)
	require.NoError(t, err)
	assert.False(t, already)
	assert.Empty(t, moved)

	fixed := steal()
	fixed.Edit.Fields[0].Yields = false
	_, moved, err = compare(o, fixed.Edit.Fields)
	require.NoError(t, err)
	assert.Equal(t, "spec", moved, "any other field must be as it was planned for")

	o = stolen(t, c)
	for _, by := range []*inject.Change{c, ReadMarks(o, c.Object).Changes[0]} {
		back := o.DeepCopy()
		left, write, err := restore(back, "run-1", by)
		require.NoError(t, err)
		assert.True(t, write)
		assert.Empty(t, left)
		assert.Equal(t, object(t, lease).Object["spec"], back.Object["spec"])
		assert.Empty(t, back.GetAnnotations())
		assert.Empty(t, back.GetLabels())
	}
}

// TestYields: what others have written since is theirs, and neither a divergence nor a sign that the fault did not last.
func TestYields(t *testing.T) {
	c := steal()
	o := stolen(t, c)
	require.NoError(t, set(o, []string{"spec"}, json.RawMessage(sinceTaken)))
	for name, by := range map[string]*inject.Change{"by the journal": c, "by the mark": ReadMarks(o, c.Object).Changes[0]} {
		t.Run(name, func(t *testing.T) {
			theirs := o.DeepCopy()
			left, write, err := restore(theirs, "run-1", by)
			require.NoError(t, err)
			assert.True(t, write, "the mark goes")
			assert.Equal(t, []string{"spec"}, left.yielded)
			assert.Empty(t, left.diverged)
			assert.Empty(t, left.lost())
			assert.JSONEq(t, sinceTaken, spec(t, theirs))
			assert.Empty(t, theirs.GetAnnotations())
		})
	}

	fixed := steal()
	fixed.Edit.Fields[0].Yields = false
	left, _, err := restore(o.DeepCopy(), "run-1", fixed)
	require.NoError(t, err)
	assert.Len(t, left.diverged, 1, "any other field that holds something else has diverged")

	// Exactly the original, written by somebody else, is theirs as much as anything.
	o = stolen(t, c)
	require.NoError(t, set(o, []string{"spec"}, mustJSON(object(t, lease).Object["spec"])))
	left, _, err = restore(o, "run-1", c)
	require.NoError(t, err)
	assert.Equal(t, remains{yielded: []string{"spec"}}, left)
}

// TestYieldsNotOursWithoutAMark: where somebody has taken the mark away and left the rest, it is told as with any field.
func TestYieldsNotOursWithoutAMark(t *testing.T) {
	c := steal()
	o := stolen(t, c)
	o.SetAnnotations(nil)
	left, _, err := restore(o, "run-1", c)
	require.NoError(t, err)
	assert.True(t, left.unmarked)
	assert.True(t, left.keepsOurs())
	assert.Empty(t, left.yielded)
	assert.JSONEq(t, string(c.Edit.Fields[0].Value), spec(t, o))
}

// TestYieldsByHand: a plain command would take from the new holder what is theirs.
func TestYieldsByHand(t *testing.T) {
	assert.Equal(t, []string{"chaosctl recover --all"}, (&Applier{run: "run-1"}).byHand(steal(), true))
}

// TestYieldingKeepsItsSubresource: who finds the mark restores by the same subresource by which it was written.
func TestYieldingKeepsItsSubresource(t *testing.T) {
	c := steal()
	c.Edit.Subresource = "status"
	marks := ReadMarks(stolen(t, c), c.Object)
	require.Len(t, marks.Changes, 1)
	assert.Equal(t, "status", marks.Changes[0].Subresource())
}
