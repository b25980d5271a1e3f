package truth

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/chaosctl/chaosctl/test/internal/shop"
)

// stand is a shop with a weakness in a namespace of its own, to which one fault after the other is done.
type stand struct {
	*weakness
	namespace string
	place     place
	// spread is how many pods of each service the nodes had at first, without the names of the nodes.
	spread map[string][]int
}

// newStand waits for a place and deploys the shop there. It goes when the test ends.
func newStand(t *testing.T, w *weakness) *stand {
	t.Helper()
	s := &stand{weakness: w, place: take(t), namespace: shop.Namespace(w.overlay)}
	t.Cleanup(func() { shared.Remove(t, s.namespace) })
	shared.Deploy(t, s.place.manifests(t, w.overlay), s.namespace)
	s.spread = spreadOf(s.pods(t))
	return s
}

func (s *stand) pods(t *testing.T) []corev1.Pod {
	t.Helper()
	list, err := shared.Client.CoreV1().Pods(s.namespace).List(t.Context(), metav1.ListOptions{})
	require.NoError(t, err)
	return list.Items
}

// spreadOf counts the pods of each service by node, the most first.
func spreadOf(pods []corev1.Pod) map[string][]int {
	byNode := map[string]map[string]int{}
	for i := range pods {
		app := pods[i].Labels["app"]
		if byNode[app] == nil {
			byNode[app] = map[string]int{}
		}
		byNode[app][pods[i].Spec.NodeName]++
	}
	spread := map[string][]int{}
	for app, nodes := range byNode {
		for _, n := range nodes {
			spread[app] = append(spread[app], n)
		}
		slices.SortFunc(spread[app], func(a, b int) int { return b - a })
	}
	return spread
}

// fullest is the node that has the most pods of the frontend, and its zone.
func (s *stand) fullest(t *testing.T) (node, zone string) {
	t.Helper()
	on := map[string]int{}
	for _, p := range s.pods(t) {
		if p.Labels["app"] == "frontend" {
			on[p.Spec.NodeName]++
		}
	}
	for name := range on {
		if on[name] > on[node] {
			node = name
		}
	}
	n, err := shared.Client.CoreV1().Nodes().Get(t.Context(), node, metav1.GetOptions{})
	require.NoError(t, err)
	return node, n.Labels[corev1.LabelTopologyZone]
}

// settlesWithin bounds the wait for a shop that does not come back to what it was.
const settlesWithin = 3 * time.Minute

// settle makes a shop what it was before the last fault: pods whose containers have restarted, or have had an agent, are
// replaced, since kubelets wait longer before each restart; so are those of a service whose pods are on other nodes than at first. It
// waits until nothing is on its way out, and the shop serves.
func (s *stand) settle(t *testing.T, f *fault) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), settlesWithin)
	defer cancel()
	if f.live {
		done := make(chan struct{})
		defer close(done)
		s.touchUntil(t, done)
	}
	waiting := ""
	err := wait.PollUntilContextCancel(ctx, 300*time.Millisecond, true, func(ctx context.Context) (bool, error) {
		pods := s.pods(t)
		var used, leaving []corev1.Pod
		for i := range pods {
			switch {
			case pods[i].DeletionTimestamp != nil:
				leaving = append(leaving, pods[i])
			case isUsed(&pods[i]):
				used = append(used, pods[i])
			}
		}
		if waiting = fmt.Sprintf("%d pods are used and %d on their way out", len(used), len(leaving)); len(leaving) > 0 {
			return false, nil
		}
		if len(used) > 0 {
			return false, s.replace(ctx, used)
		}
		shared.Await(t, s.namespace)
		pods = s.pods(t)
		for app, spread := range spreadOf(pods) {
			if f.nodes && !slices.Equal(spread, s.spread[app]) {
				waiting = fmt.Sprintf("the pods of %s are spread as %v, and were as %v", app, spread, s.spread[app])
				return false, s.replace(ctx, slices.DeleteFunc(pods, func(p corev1.Pod) bool { return p.Labels["app"] != app }))
			}
		}
		return true, nil
	})
	require.NoError(t, err, "the shop does not come back to what it was: %s", waiting)
}

// isUsed says that a pod is not as a new one.
func isUsed(p *corev1.Pod) bool {
	return len(p.Spec.EphemeralContainers) > 0 || slices.ContainsFunc(p.Status.ContainerStatuses, func(c corev1.ContainerStatus) bool { return c.RestartCount > 0 })
}

// replace deletes pods at once, for others to come.
func (s *stand) replace(ctx context.Context, pods []corev1.Pod) error {
	for i := range pods {
		err := shared.Client.CoreV1().Pods(s.namespace).Delete(ctx, pods[i].Name, metav1.DeleteOptions{GracePeriodSeconds: new(int64(0))})
		if err != nil {
			return err
		}
	}
	return nil
}

// touchUntil changes an annotation of the pods every second, so that kubelets look at them and bring their files up to date, for
// which they take up to a minute and a half otherwise. It returns at once, and ends with the test too.
func (s *stand) touchUntil(t *testing.T, ended <-chan struct{}) {
	ctx, cancel := context.WithCancel(t.Context())
	stopped := make(chan struct{})
	t.Cleanup(func() { cancel(); <-stopped })
	go func() {
		defer close(stopped)
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-ended:
				return
			case <-ctx.Done():
				return
			case now := <-tick.C:
				s.touch(ctx, now)
			}
		}
	}()
}

// touch does what it can: a pod that has gone meanwhile need not see anything.
func (s *stand) touch(ctx context.Context, now time.Time) {
	pods := shared.Client.CoreV1().Pods(s.namespace)
	list, err := pods.List(ctx, metav1.ListOptions{})
	if err != nil {
		return
	}
	patch := fmt.Appendf(nil, `{"metadata":{"annotations":{"truth.chaosctl.dev/touched":"%d"}}}`, now.UnixNano())
	for i := range list.Items {
		_, _ = pods.Patch(ctx, list.Items[i].Name, types.MergePatchType, patch, metav1.PatchOptions{})
	}
}
