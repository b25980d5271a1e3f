package timeline

import (
	"context"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
)

// feed is one resource that is listed once and watched from then on.
type feed struct {
	resource string
	options  metav1.ListOptions
	list     func(context.Context, metav1.ListOptions) (runtime.Object, error)
	watch    func(context.Context, metav1.ListOptions) (watch.Interface, error)
	// observe takes an object's new state, or its last one when it was deleted. Initial objects were there before.
	observe func(object runtime.Object, deleted, initial bool)
	// interrupted is told when events may have been missed.
	interrupted func(resource, reason string)
	// resumed is told when the watch is back after that. What happened in between was missed, or else is seen late.
	resumed func(resource string, missed bool)

	// passing says that its objects are occurrences and no states: none is remembered, and no list tells of them.
	passing bool

	version string
	known   map[types.UID]runtime.Object
	// lost says that the watch broke off and is not back yet; missed, that it begins anew where it is then.
	lost, missed bool
}

// start reads the present state.
func (f *feed) start(ctx context.Context) error {
	f.known = map[types.UID]runtime.Object{}
	return f.relist(ctx, true)
}

func (f *feed) relist(ctx context.Context, initial bool) error {
	list, err := f.list(ctx, f.options)
	if err != nil {
		return err
	}
	accessor, err := meta.ListAccessor(list)
	if err != nil {
		return err
	}
	f.version = accessor.GetResourceVersion()
	vanished := f.known
	f.known = map[types.UID]runtime.Object{}
	err = meta.EachListItem(list, func(object runtime.Object) error {
		uid := uidOf(object)
		delete(vanished, uid)
		f.known[uid] = object
		f.observe(object, false, initial)
		return nil
	})
	for _, object := range vanished {
		f.observe(object, true, false)
	}
	return err
}

// follow watches until ctx ends. A watch that merely ended is resumed where it stopped. One that cannot be resumed at
// once says so, because what happens in between is seen late; so does one that the server cannot resume at all (410
// Gone): it starts over with a list, and what happened in between is lost.
func (f *feed) follow(ctx context.Context) {
	for ctx.Err() == nil {
		err := f.watchOnce(ctx)
		if ctx.Err() != nil || err == nil {
			continue
		}
		if !f.lost {
			f.lost = true
			f.interrupted(f.resource, err.Error())
		}
		if (apierrors.IsResourceExpired(err) || apierrors.IsGone(err)) && f.relist(ctx, false) == nil {
			f.missed = true
			continue
		}
		select {
		case <-time.After(retryDelay):
		case <-ctx.Done():
		}
	}
}

// retryDelay is between two attempts to watch, while the server does not answer.
const retryDelay = 200 * time.Millisecond

func (f *feed) watchOnce(ctx context.Context) error {
	options := f.options
	options.ResourceVersion = f.version
	options.AllowWatchBookmarks = true
	watcher, err := f.watch(ctx, options)
	if err != nil {
		return err
	}
	defer watcher.Stop()
	if f.lost {
		f.resumed(f.resource, f.missed)
		f.lost, f.missed = false, false
	}
	for e := range watcher.ResultChan() {
		if e.Type == watch.Error {
			return apierrors.FromObject(e.Object)
		}
		if accessor, err := meta.Accessor(e.Object); err == nil {
			f.version = accessor.GetResourceVersion()
		}
		switch e.Type {
		case watch.Added, watch.Modified:
			if !f.passing {
				f.known[uidOf(e.Object)] = e.Object
			}
			f.observe(e.Object, false, false)
		case watch.Deleted:
			delete(f.known, uidOf(e.Object))
			f.observe(e.Object, true, false)
		}
	}
	return nil
}

func uidOf(object runtime.Object) types.UID {
	accessor, err := meta.Accessor(object)
	if err != nil {
		return ""
	}
	return accessor.GetUID()
}
