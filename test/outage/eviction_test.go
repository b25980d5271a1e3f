package outage

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/chaosctl/chaosctl/pkg/apply"
	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/inject"
	"github.com/chaosctl/chaosctl/pkg/journal"
)

// diary keeps what happens to changes.
type diary struct {
	mu     sync.Mutex
	states []event.ChangeState
}

func (d *diary) Record(p event.Payload) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if c, ok := p.(event.ChangeUpdated); ok {
		d.states = append(d.states, c.State)
	}
}

func (d *diary) has(state event.ChangeState) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Contains(d.states, state)
}

type noJournal struct{}

func (noJournal) Append(context.Context, ...journal.Entry) error { return nil }

// TestEvictionsTellBudgetsFromOverload proves that the same answer, 429, is told apart: a budget blocks, which is
// recorded and tried until it allows; a server that is asked too much is waited for, and blocks nothing. It needs no
// binary, since nodes can be drained only where there are some.
func TestEvictionsTellBudgetsFromOverload(t *testing.T) {
	t.Parallel()
	s, g := newScene(t, 0), newGate(t)
	budgets := shared.client.PolicyV1().PodDisruptionBudgets(s.namespace)
	one := intstr.FromInt32(1)
	_, err := budgets.Create(t.Context(), &policyv1.PodDisruptionBudget{
		ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec:       policyv1.PodDisruptionBudgetSpec{MinAvailable: &one, Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "web"}}},
	}, metav1.CreateOptions{})
	require.NoError(t, err)
	eventually(t, "the budget counts", func() bool {
		b, err := budgets.Get(t.Context(), "web", metav1.GetOptions{})
		require.NoError(t, err)
		return b.Status.ObservedGeneration == b.Generation && b.Status.CurrentHealthy == 1
	})
	pods, err := shared.client.CoreV1().Pods(s.namespace).List(t.Context(), metav1.ListOptions{})
	require.NoError(t, err)
	pod := pods.Items[0]

	var refused atomic.Int64
	overload := func(w http.ResponseWriter, r *http.Request) {
		if refused.Add(1) > 2 {
			g.upstream.ServeHTTP(w, r)
			return
		}
		// Without Retry-After, which makes client-go itself send the request again.
		http.Error(w, "Too many requests, please try again later.", http.StatusTooManyRequests)
	}
	g.rules(evicts, overload)
	loader := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(&clientcmd.ClientConfigLoadingRules{ExplicitPath: g.kubeconfig}, nil)
	c, err := cluster.Connect(loader, "test", nil)
	require.NoError(t, err)
	d := &diary{}
	change := inject.Change{
		ID: "evict", Evict: &inject.Evict{Timeout: time.Minute},
		Object: inject.Object{Resource: corev1.SchemeGroupVersion.WithResource("pods"), Kind: "Pod", Namespace: s.namespace, Name: pod.Name, UID: pod.UID},
	}
	done := make(chan error, 1)
	go func() { done <- apply.New(c, "run", noJournal{}, d).Apply(t.Context(), []inject.Change{change}) }()
	eventually(t, "the budget blocks", func() bool {
		if refused.Load() < 3 {
			assert.False(t, d.has(event.ChangeBlocked), "overload is taken for a budget")
		}
		return d.has(event.ChangeBlocked)
	})
	require.NoError(t, budgets.Delete(t.Context(), "web", metav1.DeleteOptions{}))
	require.NoError(t, <-done)
	assert.True(t, d.has(event.ChangeApplied))
	assert.Greater(t, refused.Load(), int64(3))
	_, err = shared.client.CoreV1().Pods(s.namespace).Get(t.Context(), pod.Name, metav1.GetOptions{})
	assert.Error(t, err, "the pod was not evicted")
}
