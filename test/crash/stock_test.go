package crash

import (
	"context"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/chaosctl/chaosctl/test/internal/snapshot"
)

// stock has scenes for one fixture: an example gives back what it has left as it was. To set a new one takes the cluster longer
// than all that is done in it. It may be used by several goroutines at once.
type stock struct {
	// lasting is a test that outlives the examples.
	lasting *testing.T

	mu   sync.Mutex
	idle []*scene
}

// take gives a scene for one example, and what is in it. Without a stock it is a new one.
func (f *fixture) take(t *testing.T) (*scene, *snapshot.Snapshot) {
	t.Helper()
	lasting := t
	if f.stock != nil {
		if s := f.stock.pop(); s != nil {
			s.settle(t)
			return s, s.last
		}
		lasting = f.stock.lasting
	}
	s := newScene(t, lasting, f.scenery)
	before, err := s.look(t.Context())
	require.NoError(t, err)
	return s, before
}

func (s *stock) pop() *scene {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.idle) == 0 {
		return nil
	}
	last := s.idle[len(s.idle)-1]
	s.idle = s.idle[:len(s.idle)-1]
	return last
}

// giveBack takes back what others have done in a scene, and keeps it if nothing differs from before then. After is what is
// there by now.
func (f *fixture) giveBack(ctx context.Context, s *scene, before, after *snapshot.Snapshot) {
	if f.stock == nil {
		return
	}
	cleaned, err := s.clean(ctx, f, before, after)
	if cleaned && err == nil {
		after, err = s.look(ctx)
	}
	if err == nil && s.autoscaled { // what an example had the autoscaler do is not seen in a snapshot
		_, err = shared.client.AppsV1().Deployments(s.namespace).Patch(ctx, "web", types.MergePatchType, []byte(`{"spec":{"replicas":2}}`), metav1.PatchOptions{})
	}
	if err != nil || len(after.Marks) > 0 || len(snapshot.Differences(before.Objects, after.Objects)) > 0 {
		return
	}
	s.last = after
	f.stock.mu.Lock()
	defer f.stock.mu.Unlock()
	f.stock.idle = append(f.stock.idle, s)
}

// clean writes the objects of a fixture as they were, where they are not, and says whether there were any; from then on, one
// that was replaced counts as the one that was there before. An error says that one cannot be written.
func (s *scene) clean(ctx context.Context, f *fixture, before, after *snapshot.Snapshot) (cleaned bool, err error) {
	for i := range f.edits {
		if f.edits[i].Command != nil {
			continue
		}
		c := s.own(&f.edits[i])
		was, is := before.Objects[key(c)], after.Objects[key(c)]
		if was == nil || is == nil || snapshot.Difference(was, is) == "" {
			continue
		}
		was = was.DeepCopy()
		was.SetUID(is.GetUID())
		was.SetResourceVersion(is.GetResourceVersion())
		before.Objects[key(c)] = was
		if _, err := s.resource(c).Update(ctx, was, metav1.UpdateOptions{FieldManager: "somebody"}); err != nil {
			return true, err
		}
		cleaned = true
	}
	return cleaned, nil
}
