package target_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/target"
)

func TestWhere(t *testing.T) {
	yes := true
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: "web-0", Namespace: "shop", Labels: map[string]string{"app": "web", "track": "canary"}, CreationTimestamp: metav1.NewTime(now.Add(-time.Minute)),
			OwnerReferences: []metav1.OwnerReference{{Kind: "ReplicaSet", Name: "web-5d9c", Controller: &yes}},
		},
		Spec: corev1.PodSpec{NodeName: "node1"}, Status: corev1.PodStatus{Phase: corev1.PodRunning},
	}
	age := func(d time.Duration) *experiment.Duration { return (*experiment.Duration)(&d) }
	for name, c := range map[string]struct {
		where *target.Where
		want  bool
	}{
		"no conditions":          {nil, true},
		"a label":                {&target.Where{Labels: map[string]string{"track": "canary"}}, true},
		"another label":          {&target.Where{Labels: map[string]string{"track": "stable"}}, false},
		"a field":                {&target.Where{Fields: "status.phase=Running,spec.nodeName!=node2"}, true},
		"another field":          {&target.Where{Fields: "metadata.name=web-1"}, false},
		"a broken field":         {&target.Where{Fields: "status.phase"}, false},
		"one of the names":       {&target.Where{Names: []string{"db-*", "web-?"}}, true},
		"none of the names":      {&target.Where{Names: []string{"web"}}, false},
		"a broken pattern":       {&target.Where{Names: []string{"["}}, false},
		"one of the nodes":       {&target.Where{Nodes: []string{"node2", "node1"}}, true},
		"none of the nodes":      {&target.Where{Nodes: []string{"node2"}}, false},
		"a zone":                 {&target.Where{Zones: []string{"z1"}}, true},
		"another zone":           {&target.Where{Zones: []string{"z2"}}, false},
		"the owner":              {&target.Where{Owner: "replicaset/web-5d9c"}, true},
		"another owner":          {&target.Where{Owner: "replicaset/web"}, false},
		"old enough":             {&target.Where{OlderThan: age(time.Minute)}, true},
		"too young":              {&target.Where{OlderThan: age(2 * time.Minute)}, false},
		"young enough":           {&target.Where{YoungerThan: age(time.Minute)}, true},
		"too old":                {&target.Where{YoungerThan: age(time.Second)}, false},
		"the phase":              {&target.Where{Phase: "Running"}, true},
		"another phase":          {&target.Where{Phase: "Pending"}, false},
		"all conditions count":   {&target.Where{Phase: "Running", Nodes: []string{"node2"}}, false},
		"all conditions are met": {&target.Where{Phase: "Running", Nodes: []string{"node1"}, Names: []string{"web-0"}}, true},
	} {
		assert.Equal(t, c.want, c.where.Match(cluster.PodOf(pod), "z1", now), name)
	}
	assert.False(t, (&target.Where{Owner: "replicaset/web"}).Match(&cluster.Pod{}, "", now), "without an owner")
	assert.True(t, (&target.Where{Zones: []string{"z1"}}).NeedsZones())
	assert.False(t, (*target.Where)(nil).NeedsZones())
	assert.True(t, target.OptedOut(map[string]string{cluster.ProtectAnnotation: "true"}))
	assert.False(t, target.OptedOut(map[string]string{cluster.ProtectAnnotation: "no"}))
}

func TestCheckDuration(t *testing.T) {
	spec := experiment.Spec{Steady: experiment.Steady{For: experiment.Duration(10 * time.Second)}, Recovery: experiment.Recovery{Timeout: experiment.Duration(time.Minute)}}
	assert.NoError(t, target.CheckDuration(&spec), "no limit is set")
	spec.Guard.MaxDuration = experiment.Duration(80 * time.Second)
	assert.NoError(t, target.CheckDuration(&spec), "exactly")
	spec.Guard.MaxDuration--
	assert.ErrorContains(t, target.CheckDuration(&spec), "the run may take 1m20s")
}

func TestCheckNamespace(t *testing.T) {
	percent := func(p experiment.Percent) *experiment.Percent { return &p }
	for name, c := range map[string]struct {
		guard   experiment.Guard
		states  string // h is hit, p is being taken away by others, n is not ready
		missing int
		refused bool
	}{
		"half":                              {experiment.Guard{}, "hhrr", 0, false},
		"more than half":                    {experiment.Guard{}, "hhhr", 0, true},
		"an empty namespace":                {experiment.Guard{}, "", 0, false},
		"opened for the target":             {experiment.Guard{MaxAffected: percent(1)}, "hhhh", 0, false},
		"a narrow target does not narrow":   {experiment.Guard{MaxAffected: percent(0.1)}, "hhrr", 0, false},
		"its own limit":                     {experiment.Guard{MaxAffectedOfNamespace: percent(0.25)}, "hhrr", 0, true},
		"with those of others":              {experiment.Guard{}, "hprr", 0, false},
		"too many with those of others":     {experiment.Guard{}, "hppr", 0, true},
		"too many with those not ready":     {experiment.Guard{}, "hnnr", 0, true},
		"too many with those missing":       {experiment.Guard{}, "hrr", 2, true},
		"others alone are no reason":        {experiment.Guard{}, "pppr", 2, false},
		"its own limit comes before others": {experiment.Guard{MaxAffected: percent(1), MaxAffectedOfNamespace: percent(0.25)}, "hhrr", 0, true},
	} {
		loss := target.Loss{Now: map[types.UID]bool{}, Pending: map[types.UID]bool{}}
		var pods []cluster.Present
		for i, state := range c.states {
			uid := types.UID(strconv.Itoa(i))
			loss.Now[uid], loss.Pending[uid] = state == 'h', state == 'p'
			pods = append(pods, cluster.Present{UID: uid, Ready: state != 'n'})
		}
		err := target.CheckNamespace(c.guard, "shop", pods, c.missing, loss)
		assert.Equal(t, c.refused, err != nil, "%s: %v", name, err)
	}
}
