package recovery

import (
	"context"
	"crypto/rand"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"pgregory.net/rapid"

	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/leftover"
)

// sideBySide is how many sequences share the searches for leftovers, which look at all kinds of objects; and checks how
// often that is done, unless -rapid.checks says otherwise.
const (
	sideBySide = 40
	checks     = 26
)

// TestModel goes through random sequences of what a run, others and several recoveries do to the same objects, and
// compares each object with what a model says must be there: the original where the run's own value was still there,
// theirs otherwise. In the end nothing of chaosctl's may be left.
func TestModel(t *testing.T) {
	stage := &stage{cluster: immortal(t), namespace: newNamespace(t), uid: clusterUID(t)}
	began, sequences := time.Now(), 0
	rapid.Check(t, func(t *rapid.T) {
		scripts := make([]*script, sideBySide)
		for i := range scripts {
			scripts[i] = drawScript(t)
		}
		stage.play(t, scripts)
		sequences += len(scripts)
	})
	t.Logf("%d sequences in %s", sequences, time.Since(began).Round(time.Second))
}

// newNamespace makes one of the test's own.
func newNamespace(t *testing.T) string {
	t.Helper()
	name := "recovery-" + strings.ToLower(rand.Text()[:8])
	_, err := shared.client.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{})
	require.NoError(t, err)
	return name
}

// clusterUID is how the lab's cluster is told from others.
func clusterUID(t *testing.T) string {
	t.Helper()
	ns, err := shared.client.CoreV1().Namespaces().Get(t.Context(), metav1.NamespaceSystem, metav1.GetOptions{})
	require.NoError(t, err)
	return string(ns.UID)
}

// stage is where scripts are played.
type stage struct {
	cluster   *cluster.Cluster
	uid       string
	namespace string
}

// play plays scripts side by side. They wait for one another where they recover.
func (s *stage) play(t *rapid.T, scripts []*script) {
	worlds := make([]*world, len(scripts))
	defer func() {
		for _, w := range worlds {
			if w != nil {
				w.clear()
			}
		}
	}()
	s.each(t, func(c *checker, i int) { worlds[i] = s.world(c, scripts[i]) }, len(scripts))
	for n, more := 0, true; more; n++ {
		more = false
		s.each(t, func(c *checker, i int) {
			if w := worlds[i]; n < len(scripts[i].acts) {
				w.t = c
				w.check("before the act")
				for _, step := range scripts[i].acts[n].steps {
					w.do(step)
					w.check(step.what)
				}
			}
		}, len(worlds))
		found, err := leftover.Find(context.Background(), s.cluster, s.namespace)
		require.NoError(t, err)
		require.Empty(t, found.Hidden)
		s.each(t, func(c *checker, i int) {
			if n < len(scripts[i].acts) && scripts[i].acts[n].how.times > 0 {
				worlds[i].t = c
				worlds[i].recover(found, scripts[i].acts[n].how)
				worlds[i].check("recovery")
			}
		}, len(worlds))
		for _, script := range scripts {
			more = more || n+1 < len(script.acts)
		}
	}
	found, err := leftover.Find(context.Background(), s.cluster, s.namespace)
	require.NoError(t, err)
	for _, r := range found.Runs {
		assert.Fail(t, "something is left", "%s: lease %v, objects %v", r.ID, r.Lease, r.Objects)
	}
}

// world makes the one of a script.
func (s *stage) world(c *checker, script *script) *world {
	name := strings.ToLower(rand.Text()[:10])
	w := &world{t: c, cluster: s.cluster, uid: s.uid, namespace: s.namespace, run: "run-" + name}
	for i, k := range script.kinds {
		o := newThing(k, fmt.Sprintf("%s-%d", name, i))
		w.create(o, k.pick(script.values[i]), nil)
		w.things = append(w.things, o)
	}
	w.start()
	return w
}

// clear removes what a world consists of.
func (w *world) clear() {
	if w.process != nil {
		w.process.die()
	}
	for _, o := range w.things {
		w.remove(o)
	}
}

// each does something of each world at once, and fails the test when one of them has failed.
func (s *stage) each(t *rapid.T, do func(c *checker, i int), n int) {
	checkers := make([]*checker, n)
	var all sync.WaitGroup
	for i := range n {
		checkers[i] = &checker{}
		all.Go(func() { do(checkers[i], i) })
	}
	all.Wait()
	for i, c := range checkers {
		if len(c.failures) > 0 {
			t.Fatalf("sequence %d: %s", i, strings.Join(c.failures, "\n"))
		}
	}
}

// checker takes the failures of one sequence; those of rapid are for one goroutine.
type checker struct {
	mu       sync.Mutex
	failures []string
}

func (c *checker) Errorf(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failures = append(c.failures, fmt.Sprintf(format, args...))
}

// FailNow ends the goroutine that calls it.
func (c *checker) FailNow() { runtime.Goexit() }
