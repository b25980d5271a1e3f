package apply

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/chaosctl/chaosctl/pkg/agent"
	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/inject"
)

// inPod runs an agent in an ephemeral container, and takes that back by stopping it. The container stays in the pod's list,
// ended: Kubernetes takes none out.
type inPod struct {
	a *Applier
	c *inject.Change
}

const (
	// agentPatience is how long an agent may take to run: its image may have to be pulled.
	agentPatience = time.Minute
	// stopPatience is how long one attempt to tell it to stop may take.
	stopPatience = 5 * time.Second
	// agentClocks is by how much the clock of a node may be behind, on which an agent ends by itself.
	agentClocks = 5 * time.Second
	// agentLook is how often its state is looked at while it is waited for.
	agentLook = 200 * time.Millisecond
)

// container is its name: another for each run and change, since a pod keeps those of earlier ones.
func (p inPod) container() string {
	return "chaosctl-" + strings.TrimPrefix(MarkName(p.a.run, p.c.ID), undoPrefix)
}

// send marks the pod, then adds the container. They cannot be one write (G2): ephemeral containers have a subresource that
// takes nothing else. So the mark comes first, and the second write holds on to the resource version that it was made for:
// when the mark is gone, it comes to nothing (G5).
func (p inPod) send(ctx context.Context) (outcome, error) {
	a, c := p.a, p.c
	ctx, cancel := context.WithTimeout(ctx, sendPatience)
	defer cancel()
	err := a.update(ctx, c, func() { a.mayBeApplied(c) }, func(object *unstructured.Unstructured) (bool, error) {
		if other := object.GetLabels()[RunLabel]; other != "" && other != a.run {
			return false, fmt.Errorf("run %s has changed it and not put it back yet: if that run is over, chaosctl recover %s does", other, other)
		}
		if marked(object, a.run, c) {
			return false, nil
		}
		return true, mark(object, a.run, c)
	})
	if apierrors.IsNotFound(err) {
		return outcome{skipped: "the object was gone before"}, nil
	}
	if err != nil {
		return outcome{}, err
	}
	if err = p.add(ctx); apierrors.IsNotFound(err) {
		return outcome{skipped: "the object was gone before"}, nil
	}
	return outcome{}, err
}

// add adds the container to a pod that is marked, as none is by a dry run.
func (p inPod) add(ctx context.Context) error {
	a, c := p.a, p.c
	container := c.Agent.Container(p.container(), time.Now().Add(c.Agent.For))
	return a.update(ctx, c, func() { a.sent(c) }, func(object *unstructured.Unstructured) (bool, error) {
		if a.dryRun == nil && !marked(object, a.run, c) {
			return false, errors.New("its mark was removed meanwhile")
		}
		return addContainer(object, container)
	}, "ephemeralcontainers")
}

// addContainer says whether it was not there yet.
func addContainer(object *unstructured.Unstructured, container corev1.EphemeralContainer) (bool, error) {
	all, _, err := unstructured.NestedSlice(object.Object, "spec", "ephemeralContainers")
	if err != nil {
		return false, err
	}
	for _, other := range all {
		if m, ok := other.(map[string]any); ok && m["name"] == container.Name {
			return false, nil
		}
	}
	added, err := runtime.DefaultUnstructuredConverter.ToUnstructured(&container)
	if err != nil {
		return false, err
	}
	return true, unstructured.SetNestedSlice(object.Object, append(all, added), "spec", "ephemeralContainers")
}

// observe waits until the kubelet says that the agent runs, or has done what it had to do, or that its effect is there. One that
// confirms is asked.
func (p inPod) observe(ctx context.Context) (string, error) {
	taken := p.a.takenChannel(p.c)
	var last error
	var seen string
	err := wait.PollUntilContextTimeout(ctx, agentLook, agentPatience, true, func(ctx context.Context) (bool, error) {
		select {
		case <-taken:
			return false, errUndone
		default:
		}
		object, err := p.a.get(ctx, p.c.Object)
		if err != nil {
			last = err
			return false, nil //nolint:nilerr // it is read again
		}
		if object == nil {
			return false, errors.New("the pod is gone")
		}
		s, err := p.state(object)
		if err != nil {
			return false, err
		}
		if p.c.Lasting() {
			seen, last, err = p.done(s)
			return seen != "", err
		}
		if r := s.ended(); r != nil {
			return false, fmt.Errorf("the agent has %s", r)
		}
		if last = s.waiting(); last == nil && p.c.Agent.Confirms {
			last = p.confirmed(ctx)
		}
		seen = fmt.Sprintf("the agent runs, in the container %s", p.container())
		return last == nil, nil
	})
	switch {
	case errors.Is(err, errUndone):
		return "", errors.Join(last, errors.New("the fault was over before its effect was seen"))
	case wait.Interrupted(err):
		return "", fmt.Errorf("not seen within %s: %w", agentPatience, cmp.Or(last, err))
	case err != nil:
		return "", err
	}
	return seen, nil
}

// done says what was seen of what an agent does that is done at once, or what is still missing. An error is final.
func (p inPod) done(s agentState) (seen string, missing, err error) {
	r := s.ended()
	switch t := s.status.Terminated; {
	case p.c.Agent.Ends != "" && s.target != "":
		return s.target, nil, nil
	case r != nil && r.End == agent.Done && p.c.Agent.Ends == "":
		return "the agent has " + r.String(), nil, nil
	case r != nil && r.End != agent.Done && t.Message != "":
		return "", nil, fmt.Errorf("the agent has %s", r)
	case r != nil: // the kubelet may have more to tell, of the other container
		return "", fmt.Errorf("the agent has %s", r), nil
	}
	return "", cmp.Or(s.waiting(), errors.New("the agent is at work")), nil
}

// confirmed asks the agent whether its task is in effect, and waits a little for the answer.
func (p inPod) confirmed(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, stopPatience)
	defer cancel()
	answer := &listener{heard: cancel}
	err := p.a.cluster.Attach(ctx, p.c.Object.Namespace, p.c.Object.Name, p.container(), strings.NewReader(agent.Ask+"\n"), answer)
	if answer.hasHeard() {
		return nil
	}
	return errors.Join(errors.New("the agent has not said that its task is in effect"), err)
}

// listener waits for the word that a task is in effect.
type listener struct {
	mu    sync.Mutex
	text  strings.Builder
	heard func()
}

func (l *listener) Write(said []byte) (int, error) {
	l.mu.Lock()
	l.text.Write(said)
	l.mu.Unlock()
	if l.hasHeard() {
		l.heard()
	}
	return len(said), nil
}

func (l *listener) hasHeard() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Contains(l.text.String(), agent.Started)
}

func (p inPod) lost(ctx context.Context) (string, error) {
	object, err := p.a.get(ctx, p.c.Object)
	if err != nil {
		return "", err
	}
	if object == nil {
		return "the pod was removed", nil
	}
	s, err := p.state(object)
	if err != nil {
		return "", err
	}
	if r := s.ended(); r != nil && !p.c.Lasting() {
		return "the agent has " + r.String(), nil
	}
	return "", nil
}

// undo stops the agent, waits for its end, and drops the mark.
func (p inPod) undo(ctx context.Context) error {
	a, c := p.a, p.c
	applied := a.wasApplied(c)
	last, was, err := p.unmark(ctx)
	switch {
	case apierrors.IsNotFound(err):
		a.record(c, event.ChangeUndone, "the object is gone, so there is nothing to undo")
		return nil
	case err != nil:
		return err
	}
	r := last.ended()
	if applied && r != nil && r.End != agent.Stopped && r.End != agent.Done {
		a.record(c, event.ChangeUnproved, fmt.Sprintf("the agent did not work to the end of the fault: it has %s", r))
	}
	switch {
	case last.ends.IsZero() && !was && !applied:
		a.record(c, event.ChangeUndone, "nothing of it is there: it was never made, or is undone already")
	case r == nil && !last.ends.IsZero():
		a.record(c, event.ChangeUndone, fmt.Sprintf("nobody tells how the agent ended, which it does by itself; that was due at %s", last.ends.Format(time.RFC3339)))
	case r != nil:
		a.record(c, event.ChangeUndone, "the agent has "+r.String())
	default:
		a.record(c, event.ChangeUndone, "")
	}
	return nil
}

// errAtWork is why a mark is not dropped.
var errAtWork = errors.New("the agent is at work")

// unmark drops the mark when there is no agent at work any more, which is looked at in the same write, and returns what there
// was of it, and whether the pod was marked. A change whose answer never came is fenced off first, as that of an edit is.
func (p inPod) unmark(ctx context.Context) (last agentState, was bool, err error) {
	a, c := p.a, p.c
	fenced := !a.isDoubtful(c)
	for {
		fence := false
		err = a.update(ctx, c, func() {}, func(object *unstructured.Unstructured) (bool, error) {
			var err error
			if last, err = p.state(object); err != nil {
				return false, err
			}
			if a.dryRun == nil && last.mayWork(time.Now()) {
				return false, errAtWork
			}
			if fence = !fenced && unfenced(object, a.run, c); fence {
				return true, mark(object, a.run, c)
			}
			marked, write := unmark(object, a.run, c)
			was = was || marked && fenced
			return write, nil
		})
		switch {
		case errors.Is(err, errAtWork):
			if err := p.stop(ctx, last.ends); err != nil {
				return last, was, err
			}
		case err != nil || !fence:
			return last, was, err
		default:
			fenced = true
		}
	}
}

// stop tells the agent to, and returns when it may not be at work any more.
func (p inPod) stop(ctx context.Context, ends time.Time) error {
	var unheard error
	for {
		told, cancel := context.WithTimeout(ctx, stopPatience)
		if err := p.a.cluster.Attach(told, p.c.Object.Namespace, p.c.Object.Name, p.container(), strings.NewReader(agent.Stop+"\n"), io.Discard); err != nil && told.Err() == nil {
			unheard = err
		}
		gone, err := p.awaitEnd(told)
		cancel()
		if gone || err != nil {
			return err
		}
		if ctx.Err() != nil {
			return fmt.Errorf("the agent is not seen to have ended, which it does by itself at %s: %w", ends.Format(time.RFC3339), errors.Join(unheard, context.Cause(ctx)))
		}
	}
}

// awaitEnd returns true when the agent is at work no more, and false when ctx ends.
func (p inPod) awaitEnd(ctx context.Context) (bool, error) {
	err := wait.PollUntilContextCancel(ctx, agentLook, true, func(ctx context.Context) (bool, error) {
		object, err := p.a.get(ctx, p.c.Object)
		if err != nil {
			return false, nil //nolint:nilerr // it is read again
		}
		if object == nil {
			return true, nil
		}
		s, err := p.state(object)
		return err == nil && !s.mayWork(time.Now()), err
	})
	if wait.Interrupted(err) {
		return false, nil
	}
	return err == nil, err
}

// byHand tells the agent to stop, and removes the mark.
func (p inPod) byHand(last bool) []string {
	tell := fmt.Sprintf("echo %s | kubectl -n %s attach -i %s -c %s", agent.Stop, p.c.Object.Namespace, p.c.Object.Name, p.container())
	return append([]string{tell}, edit(p).byHand(last)...)
}
