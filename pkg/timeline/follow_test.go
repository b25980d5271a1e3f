package timeline

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
)

// server answers a feed's requests by a script, one entry for each watch, and writes down what the feed makes of it.
type server struct {
	mu      sync.Mutex
	pods    []string
	version string
	watches []func(watcher *watch.FakeWatcher) error
	diary   []string
	done    chan struct{}
}

func (s *server) note(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.diary = append(s.diary, fmt.Sprintf(format, args...))
}

func (s *server) feed() *feed {
	s.done = make(chan struct{})
	return &feed{
		resource: PodsResource,
		list: func(context.Context, metav1.ListOptions) (runtime.Object, error) {
			list := &corev1.PodList{ListMeta: metav1.ListMeta{ResourceVersion: s.version}}
			for _, uid := range s.pods {
				list.Items = append(list.Items, *podIn(uid))
			}
			return list, nil
		},
		watch: func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
			s.note("watch from %s", o.ResourceVersion)
			s.mu.Lock()
			defer s.mu.Unlock()
			if len(s.watches) == 0 {
				select {
				case <-s.done:
				default:
					close(s.done)
				}
				last := watch.NewFake()
				context.AfterFunc(ctx, last.Stop)
				return last, nil
			}
			next := s.watches[0]
			s.watches = s.watches[1:]
			watcher := watch.NewFake()
			if err := next(nil); err != nil {
				return nil, err
			}
			go func() {
				_ = next(watcher)
				watcher.Stop()
			}()
			return watcher, nil
		},
		observe: func(object runtime.Object, deleted, initial bool) {
			s.note("%s deleted=%v initial=%v", uidOf(object), deleted, initial)
		},
		interrupted: func(_, reason string) { s.note("interrupted: %s", reason) },
		resumed:     func(_ string, missed bool) { s.note("resumed, missed=%t", missed) },
	}
}

// delivers is a watch that passes events on and then ends.
func delivers(events ...watch.Event) func(*watch.FakeWatcher) error {
	return func(w *watch.FakeWatcher) error {
		if w != nil {
			for _, e := range events {
				w.Action(e.Type, e.Object)
			}
		}
		return nil
	}
}

// refused is a watch that cannot be made.
func refused(*watch.FakeWatcher) error { return errors.New("connection refused") }

func versioned(uid, version string) *corev1.Pod {
	p := podIn(uid)
	p.ResourceVersion = version
	return p
}

func TestFollow(t *testing.T) {
	expired := apierrors.NewResourceExpired("too old").Status()
	s := &server{pods: []string{"a"}, version: "10"}
	s.watches = []func(*watch.FakeWatcher) error{
		delivers(
			watch.Event{Type: watch.Added, Object: versioned("b", "11")},
			watch.Event{Type: watch.Bookmark, Object: versioned("", "15")},
			watch.Event{Type: watch.Deleted, Object: versioned("b", "16")},
		),
		refused, // an outage of three attempts is told once
		refused,
		refused,
		delivers(watch.Event{Type: watch.Modified, Object: versioned("a", "17")}),
		func(w *watch.FakeWatcher) error {
			if w != nil {
				s.mu.Lock()
				s.pods, s.version = []string{"c"}, "20"
				s.mu.Unlock()
				w.Action(watch.Error, &expired)
			}
			return nil
		},
	}
	f := s.feed()
	require.NoError(t, f.start(t.Context()))
	ctx, cancel := context.WithCancel(t.Context())
	finished := make(chan struct{})
	go func() {
		f.follow(ctx)
		close(finished)
	}()
	<-s.done
	cancel()
	<-finished
	assert.Equal(t, []string{
		"a deleted=false initial=true",
		"watch from 10", "b deleted=false initial=false", "b deleted=true initial=false",
		"watch from 16", "interrupted: connection refused", "watch from 16", "watch from 16",
		"watch from 16", "resumed, missed=false", "a deleted=false initial=false",
		"watch from 17", "interrupted: too old", "c deleted=false initial=false", "a deleted=true initial=false",
		"watch from 20", "resumed, missed=true",
	}, s.diary)
}

func TestFollowEndsWithContext(t *testing.T) {
	s := &server{watches: []func(*watch.FakeWatcher) error{refused}}
	f := s.feed()
	require.NoError(t, f.start(t.Context()))
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	f.follow(ctx) // returns while it waits for its next attempt
}
