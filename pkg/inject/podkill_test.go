package inject_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/inject"
)

func TestPodKill(t *testing.T) {
	v := &view{pods: []*cluster.Pod{pod("web-1", "node1"), pod("web-2", "node2"), pod("web-3", "node3"), pod("web-4", "node1", terminating), pod("other", "node1", in("lab"))}}
	one := planned(t, &inject.PodKill{Count: experiment.CountOf(1)}, v.scope())
	require.Len(t, one, 1)
	assert.Equal(t, "Pod", one[0].Object.Kind)
	assert.Equal(t, "ReplicaSet/web-5d", one[0].Object.Owner)
	assert.NotEmpty(t, one[0].Object.Node)
	assert.False(t, one[0].Reversible())

	all := planned(t, &inject.PodKill{Count: experiment.Count{All: true}}, v.scope())
	assert.ElementsMatch(t, []string{"0 delete web-1", "0 delete web-2", "0 delete web-3"}, names(all), "one that is on its way out is not chosen")
	half := experiment.Percent(0.7)
	assert.Len(t, planned(t, &inject.PodKill{Count: experiment.Count{Percent: &half}}, v.scope()), 2)

	chosen := map[string]bool{}
	for seed := range int64(30) {
		s := v.scope()
		s.Draw.Seed = seed
		chosen[planned(t, &inject.PodKill{Count: experiment.CountOf(1)}, s)[0].Object.Name] = true
	}
	assert.Len(t, chosen, 3, "every pod is somebody's victim")
}

func TestPodKillGrace(t *testing.T) {
	v := &view{pods: []*cluster.Pod{pod("web-1", "node1")}}
	grace := func(d time.Duration) *experiment.Duration { return (*experiment.Duration)(&d) }
	for _, c := range []struct {
		grace *experiment.Duration
		want  *int64
		what  string
	}{
		{nil, nil, "delete the pod"},
		{grace(0), new(int64), "delete the pod at once (grace period 0 s)"},
		{grace(90 * time.Second), func() *int64 { n := int64(90); return &n }(), "delete the pod (grace period 1m30s)"},
	} {
		changes := planned(t, &inject.PodKill{Count: experiment.CountOf(1), GracePeriod: c.grace}, v.scope())
		assert.Equal(t, c.want, changes[0].Delete.GracePeriodSeconds)
		assert.Equal(t, c.what, changes[0].What)
	}
}

func TestPodKillRefused(t *testing.T) {
	kill := &inject.PodKill{Count: experiment.CountOf(1)}
	refused(t, kill, (&view{}).scope(), "deployment/web in namespace shop has no pods")
	refused(t, kill, (&view{pods: []*cluster.Pod{pod("web-1", "node1", terminating)}}).scope(), "has no pods")
	refused(t, kill, (&view{pods: []*cluster.Pod{pod("web-1", "node1", annotated(cluster.ProtectAnnotation, "true"))}}).scope(), "opted out")
}
