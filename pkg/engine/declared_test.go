package engine

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/dynamic/fake"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/chaosctl/chaosctl/pkg/declared"
	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/verdict"
)

// declaredWith is the state of a Deployment that asks for so many replicas, and was written so many times.
func declaredWith(t *testing.T, replicas int32, generation int64) *declared.State {
	t.Helper()
	client := fake.NewSimpleDynamicClient(scheme.Scheme, &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: "web", Namespace: "shop", Generation: generation}, Spec: appsv1.DeploymentSpec{Replicas: &replicas},
	})
	s, err := declared.Read(context.Background(), client, declared.Subject{
		Resource: appsv1.SchemeGroupVersion.WithResource("deployments"), Kind: "Deployment", Namespace: "shop", Name: "web", Selector: labels.Everything(),
	})
	require.NoError(t, err)
	return s
}

// scriptedState answers with a state that the test changes.
type scriptedState struct {
	mu    sync.Mutex
	state *declared.State
	err   error
}

func (s *scriptedState) set(state *declared.State, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state, s.err = state, err
}

func (s *scriptedState) read(context.Context) (*declared.State, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state, s.err
}

// TestDeclarationTellsWhatIsNew: what is the same as at the look before is not told again, and the last one says so.
func TestDeclarationTellsWhatIsNew(t *testing.T) {
	r, recorded := logged(t, &Plan{})
	state := &scriptedState{}
	d := newDeclaration(r.Log, 50*time.Millisecond, state.read)
	d.before = declaredWith(t, 3, 1)
	two := event.Difference{Object: "deployment/web", Field: "spec.replicas", What: "is 2, was 3"}
	ctx, cancel := context.WithCancel(context.Background())
	look := func(s *declared.State, err error) {
		state.set(s, err)
		require.True(t, d.look(ctx))
	}
	look(declaredWith(t, 2, 2), nil)
	look(declaredWith(t, 2, 2), nil)
	alike, _ := d.state()
	assert.Zero(t, alike)
	look(nil, errors.New("away"))
	look(declaredWith(t, 3, 3), nil)
	first, _ := d.state()
	assert.NotZero(t, first)
	look(declaredWith(t, 3, 3), nil)
	same, _ := d.state()
	assert.Equal(t, first, same)
	look(declaredWith(t, 3, 5), nil) // somebody has changed it, and changed it back
	again, _ := d.state()
	assert.Greater(t, again, first)
	cancel()
	d.follow(ctx)
	told := func(c event.DeclaredCompared) event.Payload {
		c.Every = 0.5
		if c.Differences == nil {
			c.Differences = []event.Difference{}
		}
		return c
	}
	assert.Equal(t, []event.Payload{
		told(event.DeclaredCompared{Objects: 1, Differences: []event.Difference{two}, Moved: nil}),
		told(event.DeclaredCompared{Unread: "away"}),
		told(event.DeclaredCompared{Objects: 1, Moved: []string{"deployment/web"}}),
		told(event.DeclaredCompared{Objects: 1, Moved: []string{"deployment/web"}}),
		told(event.DeclaredCompared{Objects: 1, Last: true}),
	}, *recorded)
}

// TestAwaitDeclared: the recovery waits for what is declared, no longer than its patience and not where nobody asks.
func TestAwaitDeclared(t *testing.T) {
	asking := &Plan{Experiment: &experiment.Experiment{Spec: experiment.Spec{Expect: []experiment.Expectation{{Member: experiment.Member{Params: &verdict.Converged{}}}}}}}
	assert.True(t, asksDeclared(asking))
	assert.False(t, asksDeclared(&Plan{Experiment: &experiment.Experiment{}}))

	r, recorded := logged(t, asking)
	stop := r.followDeclared(context.Background())
	require.NoError(t, r.awaitDeclared(context.Background(), time.Now().Add(time.Hour)), "nobody asks")
	stop()
	assert.Empty(t, *recorded)

	state := &scriptedState{}
	state.set(declaredWith(t, 2, 2), nil)
	r.declared = newDeclaration(r.Log, 10*time.Millisecond, state.read)
	r.declared.before, r.declared.every = declaredWith(t, 3, 1), time.Millisecond
	stop = r.followDeclared(context.Background())
	require.NoError(t, r.awaitDeclared(context.Background(), time.Now().Add(30*time.Millisecond)), "patience ends")
	alike, _ := r.declared.state()
	assert.Zero(t, alike)
	state.set(declaredWith(t, 3, 3), nil)
	require.NoError(t, r.awaitDeclared(context.Background(), time.Now().Add(time.Hour)))
	alike, _ = r.declared.state()
	assert.GreaterOrEqual(t, time.Since(alike), 10*time.Millisecond)

	ctx, cancel := context.WithCancel(context.Background())
	state.set(declaredWith(t, 2, 4), nil)
	for {
		if alike, moved := r.declared.state(); !alike.IsZero() {
			<-moved
			continue
		}
		break
	}
	cancel()
	require.ErrorContains(t, r.awaitDeclared(ctx, time.Now().Add(time.Hour)), "interrupted")
	stop()
}

// TestDeclarationThatCouldNotBeRead: what could not be read before the first fault can be compared with nothing.
func TestDeclarationThatCouldNotBeRead(t *testing.T) {
	r, recorded := logged(t, &Plan{})
	r.declared = newDeclaration(r.Log, time.Second, (&scriptedState{}).read)
	r.declared.failed = errors.New("services cannot be listed")
	stop := r.followDeclared(context.Background())
	require.NoError(t, r.awaitDeclared(context.Background(), time.Now().Add(time.Hour)))
	stop()
	require.NotEmpty(t, *recorded)
	for _, p := range *recorded {
		assert.Equal(t, "services cannot be listed", p.(event.DeclaredCompared).Unread)
	}
}
