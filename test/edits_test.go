package e2e

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/chaosctl/chaosctl/pkg/report"
)

// TestUndoKeepsWhatPeopleEdit proves that the undo restores what chaosctl wrote, and nothing else: what a person writes
// during the run is theirs, and stays.
func TestUndoKeepsWhatPeopleEdit(t *testing.T) {
	t.Parallel()
	takeRoom(t, 1)
	s := newShop(t, shared, healthy)
	const mended = `{"products": [{"name": "Kettle", "price": 3990}]}`
	for _, edit := range []struct {
		name, key, value string
		undo             report.UndoState
	}{
		{"an edit of another key", "mode", "closed", report.UndoClean},
		{"an edit of the same key", "catalogue.json", mended, report.UndoDiverged},
	} {
		t.Run(edit.name, func(t *testing.T) {
			before := s.configMap(t)
			experiment := quiet("edit", "deployment/catalogue", "configCorrupt: {configMap: catalogue-config, key: catalogue.json}", "5s")
			p := start(t, s.cluster, "run", "-f", file(t, experiment), "-n", s.namespace)
			p.Says(t, "proved  patch configmap")
			edited := s.configMap(t)
			assert.NotEqual(t, before.Data["catalogue.json"], edited.Data["catalogue.json"])
			edited.Data[edit.key] = edit.value
			_, err := s.client.CoreV1().ConfigMaps(s.namespace).Update(t.Context(), edited, metav1.UpdateOptions{})
			require.NoError(t, err)

			p.Exit(t)
			r := p.Result(t)
			assert.Equal(t, edit.undo, r.Undo)
			require.Len(t, r.Changes, 1)
			assert.False(t, r.Changes[0].UndoneAt.Before(r.Windows.Fault.End), "the fault window holds nothing of the undo")
			assert.True(t, r.Windows.Recovery.Start.Before(r.Changes[0].UndoneAt), "the recovery begins with the undo")
			want := before.DeepCopy()
			want.Data[edit.key] = edit.value
			assertSameContent(t, want, s.configMap(t))
			assert.Empty(t, s.marks(t))
		})
	}
}

// TestDriftIsSeen: a controller that sets a fault back and lets it in again, as some do that reconcile in turns, leaves no
// trace in the end; the run has seen it all the same, and claims nothing (G16).
func TestDriftIsSeen(t *testing.T) {
	t.Parallel()
	takeRoom(t, 1)
	s := newShop(t, shared, healthy)
	before := s.configMap(t)
	experiment := quiet("drift", "deployment/catalogue", "configCorrupt: {configMap: catalogue-config, key: catalogue.json}", "5m")
	p := start(t, s.cluster, "run", "-f", file(t, experiment), "-n", s.namespace)
	p.Says(t, "proved  patch configmap")
	broken := s.configMap(t).Data["catalogue.json"]
	write := func(value string) {
		c := s.configMap(t)
		c.Data["catalogue.json"] = value
		_, err := s.client.CoreV1().ConfigMaps(s.namespace).Update(t.Context(), c, metav1.UpdateOptions{})
		require.NoError(t, err)
	}
	write(before.Data["catalogue.json"])
	p.Says(t, "somebody else works against the fault")
	write(broken)
	p.Interrupt(t)
	r := p.Result(t)
	require.Len(t, r.Changes, 1)
	assert.Equal(t, "unproved", r.Changes[0].Proof)
	assert.Equal(t, report.UndoClean, r.Undo)
	assertSameContent(t, before, s.configMap(t))
	assert.Empty(t, s.marks(t))
}
