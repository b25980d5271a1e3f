package target_test

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/target"
)

// podsOf makes pods u0, u1, …: r is ready, n is not, t is ready and terminating.
func podsOf(states string) []corev1.Pod {
	var pods []corev1.Pod
	for i, state := range states {
		p := corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "web-" + strconv.Itoa(i), UID: types.UID("u" + strconv.Itoa(i))}}
		if state != 'n' {
			p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
		}
		if state == 't' {
			p.DeletionTimestamp = &metav1.Time{}
		}
		pods = append(pods, p)
	}
	return pods
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
		want    string
	}{
		"nothing of the target":            {experiment.Guard{}, 1, "n", []types.UID{"other"}, ""},
		"nothing at all":                   {experiment.Guard{MinReady: number(5)}, 3, "rrr", nil, ""},
		"one of three":                     {experiment.Guard{}, 3, "rrr", []types.UID{"u0"}, ""},
		"half is allowed":                  {experiment.Guard{}, 4, "rrrr", []types.UID{"u0", "u1"}, ""},
		"more than half":                   {experiment.Guard{}, 3, "rrr", []types.UID{"u0", "u1"}, "would affect 2 of 3 pods at once (66.7%); the guard allows 50% (guard.maxAffected)"},
		"the last one":                     {experiment.Guard{}, 1, "r", []types.UID{"u0"}, "would leave 0 of 1 ready; the guard asks for 1 (guard.minReady)"},
		"the last ready one":               {experiment.Guard{}, 3, "rnn", []types.UID{"u0"}, "would leave 0 of 1 ready"},
		"one that is not ready":            {experiment.Guard{}, 3, "rnn", []types.UID{"u1"}, ""},
		"none was ready":                   {experiment.Guard{}, 3, "nnn", []types.UID{"u1"}, "would leave 0 of 0 ready"},
		"terminating ones do not serve":    {experiment.Guard{}, 3, "rtt", []types.UID{"u0"}, "would leave 0 of 1 ready"},
		"a share of what is asked for":     {experiment.Guard{}, 4, "rrn", []types.UID{"u0", "u2"}, ""},
		"a share of more than asked for":   {experiment.Guard{MaxAffected: percent(0.4)}, 2, "rrrrr", []types.UID{"u0", "u1"}, ""},
		"a file's own minimum":             {experiment.Guard{MinReady: number(3)}, 3, "rrr", []types.UID{"u0"}, "would leave 2 of 3 ready; the guard asks for 3"},
		"a file's own share":               {experiment.Guard{MaxAffected: percent(0.25)}, 3, "rrr", []types.UID{"u0"}, "(33.3%); the guard allows 25%"},
		"a third is a third, rounded down": {experiment.Guard{MaxAffected: percent(0.333333)}, 3, "rrr", []types.UID{"u0"}, "would affect 1 of 3"},
		"opened":                           {open, 2, "rr", []types.UID{"u0", "u1"}, ""},
		"opened by share alone":            {experiment.Guard{MaxAffected: percent(1)}, 2, "rr", []types.UID{"u0", "u1"}, "would leave 0 of 2 ready"},
		"closed by a share of nothing":     {experiment.Guard{MaxAffected: percent(0)}, 9, "rrrrrrrrr", []types.UID{"u0"}, "the guard allows 0%"},
	} {
		t.Run(name, func(t *testing.T) {
			hit := map[types.UID]bool{}
			for _, uid := range c.hit {
				hit[uid] = true
			}
			err := target.CheckRadius(c.guard, c.desired, podsOf(c.pods), hit)
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
