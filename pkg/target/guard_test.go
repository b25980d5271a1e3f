package target_test

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/target"
)

// podsOf makes pods u0, u1, …: r is ready, n is not, t is ready and terminating.
func podsOf(states string) []*cluster.Pod {
	var pods []*cluster.Pod
	for i, state := range states {
		p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "web-" + strconv.Itoa(i), UID: types.UID("u" + strconv.Itoa(i))}}
		if state != 'n' {
			p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
		}
		if state == 't' {
			p.DeletionTimestamp = &metav1.Time{}
		}
		pods = append(pods, cluster.PodOf(p))
	}
	return pods
}

func set(uids []types.UID) map[types.UID]bool {
	all := map[types.UID]bool{}
	for _, uid := range uids {
		all[uid] = true
	}
	return all
}

func TestCheckRadius(t *testing.T) {
	percent := func(p experiment.Percent) *experiment.Percent { return &p }
	number := func(n int) *int { return &n }
	open := experiment.Guard{MaxAffected: percent(1), MinReady: number(0)}
	for name, c := range map[string]struct {
		guard   experiment.Guard
		desired int
		pods    string
		hit     []types.UID
		pending []types.UID
		want    string
	}{
		"nothing of the target":            {experiment.Guard{}, 1, "n", []types.UID{"other"}, nil, ""},
		"nothing at all":                   {experiment.Guard{MinReady: number(5)}, 3, "rrr", nil, nil, ""},
		"one of three":                     {experiment.Guard{}, 3, "rrr", []types.UID{"u0"}, nil, ""},
		"half is allowed":                  {experiment.Guard{}, 4, "rrrr", []types.UID{"u0", "u1"}, nil, ""},
		"more than half":                   {experiment.Guard{}, 3, "rrr", []types.UID{"u0", "u1"}, nil, "would affect 2 of 3 pods at once (66.7%); the guard allows 50% (guard.maxAffected)"},
		"the last one":                     {experiment.Guard{}, 1, "r", []types.UID{"u0"}, nil, "would leave 0 of 1 ready; the guard asks for 1 (guard.minReady)"},
		"the last ready one":               {experiment.Guard{}, 3, "rnn", []types.UID{"u0"}, nil, "would leave 0 of 1 ready"},
		"one that is not ready":            {experiment.Guard{MaxAffected: percent(0.7)}, 3, "rnn", []types.UID{"u1"}, nil, ""},
		"none was ready":                   {experiment.Guard{}, 3, "nnn", []types.UID{"u1"}, nil, "would leave 0 of 0 ready"},
		"terminating ones do not serve":    {experiment.Guard{}, 3, "rtt", []types.UID{"u0"}, nil, "would leave 0 of 1 ready"},
		"a share of what is asked for":     {experiment.Guard{}, 4, "rrrn", []types.UID{"u0", "u3"}, nil, ""},
		"a share of more than asked for":   {experiment.Guard{MaxAffected: percent(0.4)}, 2, "rrrrr", []types.UID{"u0", "u1"}, nil, ""},
		"a file's own minimum":             {experiment.Guard{MinReady: number(3)}, 3, "rrr", []types.UID{"u0"}, nil, "would leave 2 of 3 ready; the guard asks for 3"},
		"a file's own share":               {experiment.Guard{MaxAffected: percent(0.25)}, 3, "rrr", []types.UID{"u0"}, nil, "(33.3%); the guard allows 25%"},
		"a third is a third, rounded down": {experiment.Guard{MaxAffected: percent(0.333333)}, 3, "rrr", []types.UID{"u0"}, nil, "would affect 1 of 3"},
		"opened":                           {open, 2, "rr", []types.UID{"u0", "u1"}, nil, ""},
		"opened by share alone":            {experiment.Guard{MaxAffected: percent(1)}, 2, "rr", []types.UID{"u0", "u1"}, nil, "would leave 0 of 2 ready"},
		"closed by a share of nothing":     {experiment.Guard{MaxAffected: percent(0)}, 9, "rrrrrrrrr", []types.UID{"u0"}, nil, "the guard allows 0%"},
		"what is missing counts":           {experiment.Guard{}, 4, "rrr", []types.UID{"u0", "u1"}, nil, "would affect 3 of 4 pods at once (75%), 1 of which unavailable without it; the guard allows 50%"},
		"what is not ready counts":         {experiment.Guard{}, 4, "rrnn", []types.UID{"u0"}, nil, "would affect 3 of 4 pods at once (75%), 2 of which unavailable without it"},
		"what is on its way out counts":    {experiment.Guard{}, 4, "rrrtt", []types.UID{"u0", "u1"}, nil, "would affect 3 of 5 pods at once (60%), 1 of which unavailable without it"},
		"what others take away counts":     {experiment.Guard{}, 4, "rrrr", []types.UID{"u0", "u1"}, []types.UID{"u2"}, "would affect 3 of 4 pods at once (75%), 1 of which unavailable without it"},
		"others leave too few ready":       {experiment.Guard{MinReady: number(3)}, 4, "rrrr", []types.UID{"u0"}, []types.UID{"u1"}, "would leave 2 of 3 ready"},
		"others take the same":             {experiment.Guard{}, 4, "rrrr", []types.UID{"u0", "u1"}, []types.UID{"u0"}, ""},
		"others alone are no reason":       {experiment.Guard{}, 4, "rrrr", nil, []types.UID{"u0", "u1", "u2"}, ""},
		"a rollout misses nobody":          {experiment.Guard{}, 3, "rrrn", []types.UID{"u0"}, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			err := target.CheckRadius(c.guard, c.desired, podsOf(c.pods), target.Loss{Now: set(c.hit), Pending: set(c.pending)})
			if c.want == "" {
				assert.NoError(t, err)
				return
			}
			var refusal *target.Refusal
			require.ErrorAs(t, err, &refusal)
			assert.Contains(t, refusal.Reason, c.want)
		})
	}
}

func TestCheckScope(t *testing.T) {
	shop, system := experiment.Target{Namespace: "shop"}, experiment.Target{Namespace: "kube-system"}
	for name, c := range map[string]struct {
		guard  experiment.Guard
		target experiment.Target
		want   string
	}{
		"open":                {experiment.Guard{}, shop, ""},
		"protected":           {experiment.Guard{}, system, "namespace kube-system is protected; guard.allowProtected: true opens it"},
		"protected, opened":   {experiment.Guard{AllowProtected: true}, system, ""},
		"pinned by context":   {experiment.Guard{Cluster: "lab"}, shop, ""},
		"pinned by UID":       {experiment.Guard{Cluster: "uid-1"}, shop, ""},
		"pinned to another":   {experiment.Guard{Cluster: "prod"}, shop, `the file is for cluster "prod" (guard.cluster), but this is context "lab", UID uid-1`},
		"opened, not unbound": {experiment.Guard{AllowProtected: true, Cluster: "prod"}, system, "guard.cluster"},
	} {
		t.Run(name, func(t *testing.T) {
			err := target.CheckScope(c.guard, c.target, "lab", "uid-1")
			if c.want == "" {
				assert.NoError(t, err)
			} else {
				assert.ErrorContains(t, err, c.want)
			}
		})
	}
	assert.True(t, target.Protected("kube-public"))
	assert.False(t, target.Protected("kubernetes-dashboard"))
}
