package recovery

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"

	"github.com/chaosctl/chaosctl/pkg/apply"
	"github.com/chaosctl/chaosctl/pkg/claim"
	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/inject"
	"github.com/chaosctl/chaosctl/pkg/journal"
	"github.com/chaosctl/chaosctl/pkg/leftover"
	"github.com/chaosctl/chaosctl/pkg/lock"
)

// world is one run, its objects, and the others who change them.
type world struct {
	t         require.TestingT
	cluster   *cluster.Cluster // of the others, and of those who look
	uid       string           // the cluster's
	namespace string
	run       string
	things    []*thing
	changes   []*change // all that the run has tried, in order

	process *process // the run's; nil before it has started
	// journalled says that the journal is there.
	journalled bool
}

// process is the one of a run: what is lost when it is killed.
type process struct {
	*mortal
	ctx     context.Context
	applier *apply.Applier
	claim   *claim.Claim
}

// start starts the run.
func (w *world) start() {
	ctx, cancel := context.WithCancel(context.Background())
	connection, mortal := connect(w.t, cancel)
	scope := lock.Scope{Namespace: w.namespace, Name: "chaosctl-deployment-" + w.run}
	holder := lock.Self(w.run, "chaosctl run")
	holder.JournalNamespace, holder.Journal = w.namespace, scope.JournalName()
	header := journal.Header{Version: journal.Version, Run: w.run, Cluster: w.uid, Began: time.Now(), By: "test"}
	held, err := claim.Take(ctx, connection.Client, connection.Watch, scope, holder, header)
	require.NoError(w.t, err)
	w.process = &process{mortal: mortal, ctx: ctx, claim: held, applier: apply.New(connection, w.run, held.Journal, nobody{})}
	mortal.died = func() { cancel(); w.process.applier.Abandon() }
	w.journalled = true
}

// nobody is told what happens.
type nobody struct{}

func (nobody) Record(event.Payload) {}

func (w *world) resource(o *thing) dynamic.ResourceInterface {
	if o.kind.namespaced {
		return w.cluster.Dynamic.Resource(o.kind.resource).Namespace(w.namespace)
	}
	return w.cluster.Dynamic.Resource(o.kind.resource)
}

// create makes an object anew, with the label and the annotations of one that was there before, or with none.
func (w *world) create(o *thing, values []string, like *unstructured.Unstructured) {
	object := o.kind.object(w.namespace, o.name, values)
	if like != nil {
		object.SetLabels(like.GetLabels())
		object.SetAnnotations(like.GetAnnotations())
	}
	made, err := w.resource(o).Create(context.Background(), object, metav1.CreateOptions{})
	require.NoError(w.t, err)
	o.uid, o.exists, o.values, o.marks, o.copied, o.labelled = made.GetUID(), true, o.kind.values(made), map[string]bool{}, false, false
	if like != nil {
		marks, labelled := marksOf(made)
		o.copied, o.labelled = len(marks) > 0, labelled
	}
}

// marksOf are the annotations by which an object is marked, and whether it bears the label.
func marksOf(o metav1.Object) (marks map[string]string, labelled bool) {
	marks = map[string]string{}
	for name, value := range o.GetAnnotations() {
		if strings.HasPrefix(name, "chaosctl.dev/") {
			marks[name] = value
		}
	}
	return marks, o.GetLabels()[apply.RunLabel] != ""
}

// plan makes a change of what is there, or of what was not: a stale plan.
func (w *world) plan(o *thing, fields []int, originals, values []string) *change {
	c := &change{on: o, fields: fields, original: slices.Clone(originals), value: values}
	c.Change = inject.Change{
		ID: fmt.Sprintf("f/%d/%s", len(w.changes), strings.ToLower(o.kind.name)), Fault: "f", What: "a change",
		Object: inject.Object{Resource: o.kind.resource, Kind: o.kind.name, Name: o.name, UID: o.uid},
		Edit:   &inject.Edit{},
	}
	if o.kind.namespaced {
		c.Object.Namespace = w.namespace
	}
	for i, f := range fields {
		edited := inject.Field{Path: o.kind.fields[f].path}
		if originals[i] != "" {
			edited.Original = json.RawMessage(originals[i])
		}
		if values[i] != "" {
			edited.Value = json.RawMessage(values[i])
		}
		c.Edit.Fields = append(c.Edit.Fields, edited)
	}
	return c
}

// inject has the run make a change.
func (w *world) inject(c *change) {
	if w.process.isDead() {
		return
	}
	w.changes = append(w.changes, c)
	err := w.process.applier.Apply(w.process.ctx, []inject.Change{c.Change})
	if w.process.isDead() {
		w.learn()
		return
	}
	switch {
	case !w.journalled:
		require.Error(w.t, err, "a run whose journal is gone has injected %s", c.ID)
	case !c.possible():
		require.Error(w.t, err, "%s was made on %s", c.ID, c.on)
	default:
		require.NoError(w.t, err, "%s on %s", c.ID, c.on)
		if c.here() && !c.holds(c.value) {
			c.made()
		}
	}
}

// undo has the run undo all.
func (w *world) undo() {
	if w.process.isDead() {
		return
	}
	left := w.process.applier.UndoAll(w.process.ctx)
	if w.process.isDead() {
		w.learn()
		return
	}
	require.Empty(w.t, left)
	undoneAll(w.pending())
}

// pending are the changes that the run has made, and not undone.
func (w *world) pending() []*change {
	var all []*change
	for _, c := range w.changes {
		if c.pending {
			all = append(all, c)
		}
	}
	return all
}

// learn finds out which changes were made, or undone, by a process that died meanwhile: the marks tell (G2).
func (w *world) learn() {
	for _, o := range w.things {
		object := w.get(o)
		if object == nil || object.GetUID() != o.uid {
			continue
		}
		marks, _ := marksOf(object)
		for _, c := range w.changes {
			_, marked := marks[apply.MarkName(w.run, c.ID)]
			if c.on == o && c.here() && marked && !o.marks[c.ID] {
				require.True(w.t, c.possible(), "%s was made on %s", c.ID, o)
				c.made()
			}
		}
		for _, c := range slices.Backward(w.changes) {
			_, marked := marks[apply.MarkName(w.run, c.ID)]
			if c.on == o && c.here() && !marked && o.marks[c.ID] {
				c.undone()
			}
		}
		// What others have left of the marks may be gone, or not.
		_, o.labelled = marksOf(object)
		o.copied = len(marks) > len(o.marks)
	}
}

func (w *world) get(o *thing) *unstructured.Unstructured {
	object, err := w.resource(o).Get(context.Background(), o.name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	require.NoError(w.t, err)
	return object
}

func (w *world) patch(o *thing, patch []byte) {
	_, err := w.resource(o).Patch(context.Background(), o.name, types.MergePatchType, patch, metav1.PatchOptions{FieldManager: "others"})
	require.NoError(w.t, err)
}

// others set a field.
func (w *world) others(o *thing, f int, value string) {
	if o.exists {
		w.patch(o, patchOf(o.kind.fields[f].path, value))
		o.values[f] = value
	}
}

// busy are others who write another field of an object until the end is called.
func (w *world) busy(o *thing) (end func()) {
	if !o.exists {
		return func() {}
	}
	over := make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		for i := range 5 { // in quick succession, then as often as not to take the machine
			w.patch(o, patchOf(o.kind.other, fmt.Sprintf("%q", fmt.Sprint(i))))
		}
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-over:
				return
			case at := <-tick.C:
				w.patch(o, patchOf(o.kind.other, fmt.Sprintf("%q", at)))
			}
		}
	})
	return func() { close(over); all.Wait() }
}

// unmark removes marks, as somebody does who does not know what they are for.
func (w *world) unmark(o *thing, annotations, label bool) {
	object := w.get(o)
	if object == nil {
		return
	}
	metadata := map[string]any{}
	if marks, _ := marksOf(object); annotations {
		nothing := map[string]any{}
		for name := range marks {
			nothing[name] = nil
		}
		metadata["annotations"] = nothing
		o.marks, o.copied = map[string]bool{}, false
	}
	// By its label an object is found where the journal is gone.
	if label && (w.journalled && !o.copied || annotations) {
		metadata["labels"] = map[string]any{apply.RunLabel: nil}
		o.labelled = false
	}
	patch, err := json.Marshal(map[string]any{"metadata": metadata})
	require.NoError(w.t, err)
	w.patch(o, patch)
}

// garble damages a mark of the object.
func (w *world) garble(o *thing) {
	object := w.get(o)
	if object == nil || !w.journalled || o.copied {
		return // nobody could tell any more what it was
	}
	marks, _ := marksOf(object)
	for name := range marks {
		w.patch(o, patchOf([]string{"metadata", "annotations", name}, `"{"`))
		return
	}
}

// remove deletes an object.
func (w *world) remove(o *thing) {
	if !o.exists {
		return
	}
	now := metav1.DeletePropagationBackground
	require.NoError(w.t, w.resource(o).Delete(context.Background(), o.name, metav1.DeleteOptions{PropagationPolicy: &now}))
	o.exists, o.marks, o.copied, o.labelled = false, map[string]bool{}, false, false
}

// replace deletes an object and makes it again, from a backup of what it is now, or as something new.
func (w *world) replace(o *thing, values []string, backup bool) {
	old := w.get(o)
	w.remove(o)
	if backup && old != nil && findable(old) {
		w.create(o, o.kind.values(old), old)
		return
	}
	w.create(o, values, nil)
}

// loseJournal deletes the journal.
func (w *world) loseJournal() {
	for _, o := range w.things {
		object := w.get(o)
		if object == nil {
			continue
		}
		if !findable(object) {
			return
		}
	}
	secrets := w.cluster.Client.CoreV1().Secrets(w.namespace)
	err := secrets.DeleteCollection(context.Background(), metav1.DeleteOptions{}, metav1.ListOptions{LabelSelector: journal.Label + "=" + w.run})
	require.NoError(w.t, err)
	w.journalled = false
}

// findable says that the marks of an object can be found and read without the journal.
func findable(o metav1.Object) bool {
	marks, labelled := marksOf(o)
	for _, text := range marks {
		if !labelled || !json.Valid([]byte(text)) {
			return false
		}
	}
	return true
}

// recovering is how what is left of a run is recovered.
type recovering struct {
	times int // side by side
	// again is how many times each of them does it once more.
	again int
	// beside says that the run itself undoes at the same time.
	beside bool
	// busy says that others write other fields of all objects meanwhile.
	busy bool
	// killedAt is the request with which a first one is killed; negative for none.
	killedAt   int
	carriedOut bool
}

// recover puts back what is found of the run.
func (w *world) recover(found *leftover.Found, how recovering) {
	w.process.dieAt(-1, false)
	run := found.Run(w.run)
	if run == nil {
		return // nothing may be left then, which is what the check looks at
	}
	for _, o := range w.things {
		if how.busy {
			defer w.busy(o)()
		}
	}
	if how.killedAt >= 0 {
		ctx, cancel := context.WithCancel(context.Background())
		connection, mortal := connect(w.t, cancel)
		mortal.dieAt(how.killedAt, how.carriedOut)
		dying := &leftover.Recovery{Cluster: connection, UID: w.uid, Now: true}
		go func() {
			defer cancel()
			_, _ = dying.Recover(ctx, run)
		}()
		<-ctx.Done() // of its work, or of its death
		mortal.die()
	}
	var all sync.WaitGroup
	for range how.times {
		all.Go(func() {
			for range how.again + 1 {
				r := &leftover.Recovery{Cluster: w.cluster, UID: w.uid, Now: true}
				outcome, err := r.Recover(context.Background(), run)
				if assert.NoError(w.t, err) {
					assert.False(w.t, outcome.Left, "%+v", outcome)
				}
			}
		})
	}
	if how.beside && !w.process.isDead() {
		all.Go(func() { assert.Empty(w.t, w.process.applier.UndoAll(w.process.ctx)) })
	}
	all.Wait()
	undoneAll(w.changes)
	for _, o := range w.things {
		require.Empty(w.t, o.marks)
		o.copied, o.labelled = false, false
	}
	w.journalled = false
}

// end has the run end in order.
func (w *world) end() {
	if w.process.isDead() {
		return
	}
	w.undo()
	require.NoError(w.t, w.process.claim.Release(w.process.ctx, w.process.applier.Left()))
	w.process.die()
	w.journalled = false
}

// check compares the objects with what the model knows of them.
func (w *world) check(step string) {
	for _, o := range w.things {
		object := w.get(o)
		require.Equal(w.t, o.exists, object != nil, "%s: %s", step, o)
		if object == nil {
			continue
		}
		require.Equal(w.t, o.uid, object.GetUID())
		require.Equal(w.t, o.values, o.kind.values(object), "%s: %s", step, o)
		marks, labelled := marksOf(object)
		require.Equal(w.t, o.labelled, labelled, "%s: the label of %s: %v", step, o, object.GetLabels())
		if !o.copied {
			require.Len(w.t, marks, len(o.marks), "%s: the marks of %s", step, o)
		}
		for id := range o.marks {
			require.Contains(w.t, marks, apply.MarkName(w.run, id), "%s: %s", step, o)
		}
	}
}
