package crash

import (
	"context"
	"sync"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

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

// take gives a scene for one example. Without a stock it is a new one.
func (f *fixture) take(t *testing.T) *scene {
	t.Helper()
	if f.stock == nil {
		return newScene(t, t, f.scenery)
	}
	if s := f.stock.pop(); s != nil {
		s.settle(t)
		return s
	}
	return newScene(t, f.stock.lasting, f.scenery)
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

// giveBack takes back what others have done in a scene, and keeps it if nothing differs from before then.
func (f *fixture) giveBack(ctx context.Context, s *scene, before *snapshot.Snapshot) {
	if f.stock == nil || s.clean(ctx, f, before) != nil {
		return
	}
	now, err := s.look(ctx)
	if err != nil || len(now.Marks) > 0 || len(snapshot.Differences(before.Objects, now.Objects)) > 0 {
		return
	}
	f.stock.mu.Lock()
	defer f.stock.mu.Unlock()
	f.stock.idle = append(f.stock.idle, s)
}

// clean writes the objects of a fixture as they were, where they are not. An error says that one cannot be.
func (s *scene) clean(ctx context.Context, f *fixture, before *snapshot.Snapshot) error {
	now, err := s.look(ctx)
	if err != nil {
		return err
	}
	for i := range f.edits {
		c := s.own(&f.edits[i])
		was, is := before.Objects[key(c)], now.Objects[key(c)]
		if was == nil || is == nil || snapshot.Difference(was, is) == "" {
			continue
		}
		was = was.DeepCopy()
		was.SetUID(is.GetUID())
		was.SetResourceVersion(is.GetResourceVersion())
		if _, err := s.resource(c).Update(ctx, was, metav1.UpdateOptions{FieldManager: "somebody"}); err != nil {
			return err
		}
	}
	return nil
}
