package election

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	coordinationv1 "k8s.io/api/coordination/v1"
)

func leaseOf(holder string) *coordinationv1.Lease {
	lease := &coordinationv1.Lease{}
	lease.Namespace, lease.Name = "chaos", "serve"
	if holder != "" {
		lease.Spec.HolderIdentity = &holder
	}
	return lease
}

// TestPut: only the holder writes, it keeps what it does not write, and the oldest go where there are too many.
func TestPut(t *testing.T) {
	e := &Election{Namespace: "chaos", Name: "serve", Identity: "me"}
	at := time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)
	for holder, want := range map[string]string{"": "this replica does not lead any more", "other": "this replica does not lead any more: other does"} {
		lease := leaseOf(holder)
		var deposed *Deposed
		require.ErrorAs(t, e.put(lease, "shop", LastRun{"@daily", at}), &deposed)
		assert.EqualError(t, deposed, want)
		assert.Empty(t, lease.Annotations)
	}

	lease := leaseOf("me")
	lease.Annotations = map[string]string{"of": "others"}
	full := map[string]LastRun{}
	for i := range mostRemembered {
		full[fmt.Sprintf("day-%d", i)] = LastRun{"@daily", at.Add(time.Duration(i) * time.Second)}
	}
	text, err := json.Marshal(full)
	require.NoError(t, err)
	lease.Annotations[Annotation] = string(text)
	require.NoError(t, e.put(lease, "one-more", LastRun{"@daily", at.Add(2 * time.Hour)}))
	require.NoError(t, e.put(lease, "day-7", LastRun{"@hourly", at.Add(time.Hour)}))
	assert.Equal(t, "others", lease.Annotations["of"])
	all, err := lastRuns(lease)
	require.NoError(t, err)
	assert.Len(t, all, mostRemembered)
	assert.NotContains(t, all, "day-0")
	assert.Equal(t, LastRun{"@hourly", at.Add(time.Hour)}, all["day-7"])
	assert.Less(t, len(lease.Annotations[Annotation]), 128<<10, "an object's annotations may have 256 KiB")

	lease.Annotations[Annotation] = "{"
	_, err = lastRuns(lease)
	require.ErrorContains(t, err, "the annotation chaosctl.dev/last-runs of the Lease chaos/serve is broken")
	require.NoError(t, e.put(lease, "shop", LastRun{"@daily", at}), "it begins anew")
	all, err = lastRuns(lease)
	require.NoError(t, err)
	assert.Equal(t, map[string]LastRun{"shop": {"@daily", at}}, all)
}
