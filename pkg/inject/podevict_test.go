package inject_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/types"

	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/inject"
	"github.com/chaosctl/chaosctl/pkg/target"
)

func TestPodEvict(t *testing.T) {
	v := &view{pods: []*cluster.Pod{pod("web-1", "n1"), pod("web-2", "n2"), pod("web-3", "n3", terminating), pod("other", "n1", in("lab"))}}
	one := planned(t, &inject.PodEvict{Count: experiment.CountOf(1), Timeout: experiment.Duration(time.Minute)}, v.scope())
	require.Len(t, one, 1)
	assert.Equal(t, &inject.Evict{Timeout: time.Minute}, one[0].Evict)
	assert.Equal(t, "evict the pod, as budgets allow", one[0].What)
	assert.Equal(t, []types.UID{one[0].Object.UID}, one[0].Removed())
	assert.False(t, one[0].Reversible())

	half := experiment.Percent(0.5)
	assert.Len(t, planned(t, &inject.PodEvict{Count: experiment.Count{Percent: &half}}, v.scope()), 1)
	at := experiment.Duration(0)
	all := planned(t, &inject.PodEvict{Count: experiment.Count{All: true}, GracePeriod: &at}, v.scope())
	assert.ElementsMatch(t, []string{"0 evict web-1", "0 evict web-2"}, names(all), "one that is on its way out is not chosen")
	assert.Equal(t, new(int64), all[0].Evict.GracePeriodSeconds)
	assert.Equal(t, "evict the pod at once (grace period 0 s), as budgets allow", all[0].What)

	where := &inject.PodEvict{Count: experiment.Count{All: true}, Where: &target.Where{Nodes: []string{"n2"}}}
	assert.Equal(t, []string{"0 evict web-2"}, names(planned(t, where, v.scope())))
	refused(t, where, (&view{pods: v.pods[:1]}).scope(), "conditions of where")
	refused(t, where, (&view{}).scope(), "has no pods")
}
