package inject_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/inject"
)

func TestQuotaSqueeze(t *testing.T) {
	ended := func(p *corev1.Pod) { p.Status.Phase = corev1.PodSucceeded }
	v := &view{pods: []*cluster.Pod{pod("web-1", "n1"), pod("web-2", "n2"), pod("job-1", "n1", ended), pod("other", "n1", in("lab"))}}
	quota := func(f *inject.QuotaSqueeze, s inject.Scope) (inject.Change, corev1.ResourceQuota) {
		changes := planned(t, f, s)
		require.Len(t, changes, 1)
		var q corev1.ResourceQuota
		require.NoError(t, json.Unmarshal(changes[0].Create.Manifest, &q))
		return changes[0], q
	}
	c, q := quota(&inject.QuotaSqueeze{}, v.scope())
	assert.Equal(t, "allow 2 pods in namespace shop, of which there are 2", c.What, "a pod that has ended takes no room, nor does one elsewhere")
	pods := q.Spec.Hard[corev1.ResourcePods]
	assert.Equal(t, int64(2), pods.Value())
	assert.Equal(t, c.Object.Name, q.Name)
	assert.True(t, c.Reversible())
	assert.Equal(t, "delete it", c.Undo())

	_, spare := quota(&inject.QuotaSqueeze{Spare: 3}, v.scope())
	pods = spare.Spec.Hard[corev1.ResourcePods]
	assert.Equal(t, int64(5), pods.Value())
	again := v.scope()
	again.Draw.Label += " again"
	other, _ := quota(&inject.QuotaSqueeze{}, again)
	assert.NotEqual(t, c.Object.Name, other.Object.Name, "each injection makes its own")
}
