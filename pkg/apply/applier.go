package apply

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/configdiff"
	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/inject"
	"github.com/chaosctl/chaosctl/pkg/journal"
)

// Recorder takes what happens to changes; an [event.Log] is one.
type Recorder interface{ Record(event.Payload) }

// Applier sends, proves and undoes the changes of one run. Its methods may be called by several goroutines at once.
type Applier struct {
	// UndoTimeout is how long each call of Undo may wait out an API server that does not answer.
	UndoTimeout time.Duration
	// Owner owns what is created; nil where nothing does.
	Owner *Owner
	// MayRun says why an undo command must not be run; nil runs all.
	MayRun func(*inject.Change) error

	cluster *cluster.Cluster
	journal journal.Journal
	log     Recorder
	run     string
	// dryRun is what requests carry in their field of that name: All, or nothing.
	dryRun []string

	proofs sync.WaitGroup
	// abandoned ends when nothing is to be waited for any more.
	abandoned context.Context
	abandon   context.CancelCauseFunc
	mu        sync.Mutex
	// reversible holds what was sent and may have to be undone, in the order of sending; applied says of which the server
	// has acknowledged, and doubtful of which a request got no answer.
	reversible        []*inject.Change
	applied, doubtful map[*inject.Change]bool
	// uids are those of objects that changes have created.
	uids map[*inject.Change]types.UID
	// open are the addresses that took a connection before a change that is to cut them off.
	open map[*inject.Change][]string
	// taken is closed for a change, where somebody waits for that, when it is about to be undone.
	taken map[*inject.Change]chan struct{}
	// waiting says that the API server does not answer, and that this was told.
	waiting bool
}

// New makes an applier for the run of that id.
func New(c *cluster.Cluster, run string, journal journal.Journal, log Recorder) *Applier {
	a := &Applier{
		UndoTimeout: DefaultUndoTimeout, cluster: c, journal: journal, log: log, run: run,
		applied: map[*inject.Change]bool{}, doubtful: map[*inject.Change]bool{},
		uids: map[*inject.Change]types.UID{}, taken: map[*inject.Change]chan struct{}{},
	}
	a.abandoned, a.abandon = context.WithCancelCause(context.Background())
	return a
}

// sideBySide is how many changes of one stage are sent at once: enough for a drain, gentle to the API server.
const sideBySide = 16

// Apply carries out changes stage by stage and returns when the server has acknowledged or refused all of them. Their
// effects are proved in the background; see [Applier.Wait]. A change that fails does not keep back those beside it,
// but the stages after it.
func (a *Applier) Apply(ctx context.Context, changes []inject.Change) error {
	for len(changes) > 0 {
		stage := changes[0].Stage
		for _, c := range changes {
			stage = min(stage, c.Stage)
		}
		var now, later []inject.Change
		for _, c := range changes {
			if c.Stage == stage {
				now = append(now, c)
			} else {
				later = append(later, c)
			}
		}
		if err := a.applyStage(ctx, now); err != nil {
			return err
		}
		changes = later
	}
	return nil
}

// applyStage records the intents of all changes, then sends them side by side.
func (a *Applier) applyStage(ctx context.Context, changes []inject.Change) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	// G1: nothing is sent before the intent is durable.
	if err := a.intend(ctx, changes); err != nil {
		for i := range changes {
			a.record(&changes[i], event.ChangeFailed, "not sent: "+err.Error())
		}
		return fmt.Errorf("%s and what goes with it was not sent, because the intent could not be recorded: %w", changes[0].ID, err)
	}
	var wait sync.WaitGroup
	slots := make(chan struct{}, sideBySide)
	errs := make([]error, len(changes))
	for i := range changes {
		slots <- struct{}{}
		wait.Go(func() {
			defer func() { <-slots }()
			errs[i] = a.apply(ctx, &changes[i])
		})
	}
	wait.Wait()
	return errors.Join(errs...)
}

// intend waits out a server that does not answer, as long as sending a change may.
func (a *Applier) intend(ctx context.Context, changes []inject.Change) (err error) {
	defer recovered(&err)
	ctx, cancel := context.WithTimeout(ctx, sendPatience)
	defer cancel()
	entries := make([]journal.Entry, len(changes))
	for i := range changes {
		entries[i].Change = &changes[i]
	}
	var local *journal.LocalError
	err = retry(ctx, a.waits, func() error {
		if err := a.journal.Append(ctx, entries...); !errors.As(err, &local) {
			return err
		}
		return nil
	})
	if local != nil {
		return local
	}
	if err != nil {
		return err
	}
	for i := range changes {
		a.record(&changes[i], event.ChangeIntended, "")
	}
	return nil
}

// apply takes one change from its intent to the acknowledgement.
func (a *Applier) apply(ctx context.Context, c *inject.Change) (err error) {
	defer recovered(&err)
	if err := ctx.Err(); err != nil {
		return err
	}
	op, err := a.operation(c)
	if err != nil {
		return err
	}
	outcome, err := op.send(ctx)
	if err != nil {
		a.record(c, event.ChangeFailed, err.Error())
		return fmt.Errorf("%s %s %s: %w", c.Verb(), c.Object.Kind, c.Object.Name, err)
	}
	if outcome.skipped != "" {
		a.forget(c)
		a.record(c, event.ChangeSkipped, outcome.skipped)
		return nil
	}
	a.mu.Lock()
	a.applied[c] = true
	a.mu.Unlock()
	a.record(c, event.ChangeApplied, "")
	a.proofs.Go(func() { a.prove(context.WithoutCancel(ctx), c) })
	return nil
}

// recovered turns a panic into an error, so that the run ends by its undo (G7).
func recovered(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("internal error: %v\n%s", p, debug.Stack())
	}
}

// takenChannel is closed when the change is about to be undone.
func (a *Applier) takenChannel(c *inject.Change) <-chan struct{} {
	a.mu.Lock()
	defer a.mu.Unlock()
	taken := make(chan struct{})
	if slices.Contains(a.reversible, c) {
		a.taken[c] = taken
	} else {
		close(taken)
	}
	return taken
}

func (a *Applier) isReversible(c *inject.Change) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Contains(a.reversible, c)
}

// forget takes a change that was not made off the list of those to undo: what its field holds is somebody else's.
func (a *Applier) forget(c *inject.Change) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.reversible = slices.DeleteFunc(a.reversible, func(other *inject.Change) bool { return other == c })
}

// Wait returns when every applied change was proved, or its proof was given up, and all edits are undone: as long as they are
// not, they are watched.
func (a *Applier) Wait() { a.proofs.Wait() }

func (a *Applier) record(c *inject.Change, state event.ChangeState, message string) {
	object := c.Object.Event()
	if uid := a.created(c); uid != "" {
		object.UID = string(uid)
	}
	updated := event.ChangeUpdated{
		ID: c.ID, Fault: c.Fault, Object: object, Verb: c.Verb(), State: state, Message: message,
	}
	if state == event.ChangeIntended {
		updated.Config = configdiff.Of(c)
	}
	a.log.Record(updated)
}

// take removes and returns the changes to undo, in the order of their undo: newest first, save that a change waits
// for the one that it names in UndoAfter.
func (a *Applier) take(match func(*inject.Change) bool) []*inject.Change {
	a.mu.Lock()
	defer a.mu.Unlock()
	var taken, kept []*inject.Change
	for _, c := range a.reversible {
		if match(c) {
			taken = append(taken, c)
			if watched := a.taken[c]; watched != nil {
				close(watched)
				delete(a.taken, c)
			}
		} else {
			kept = append(kept, c)
		}
	}
	a.reversible = kept
	slices.Reverse(taken)
	return respectUndoAfter(taken)
}

// keep puts what could not be undone back onto the list.
func (a *Applier) keep(left []Leftover) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, l := range left {
		a.reversible = slices.Insert(a.reversible, 0, l.Change)
	}
}

func respectUndoAfter(changes []*inject.Change) []*inject.Change {
	byID := map[string]*inject.Change{}
	for _, c := range changes {
		byID[c.ID] = c
	}
	var ordered []*inject.Change
	seen := map[*inject.Change]bool{}
	var visit func(c *inject.Change)
	visit = func(c *inject.Change) {
		if seen[c] {
			return
		}
		seen[c] = true
		if first := byID[c.UndoAfter]; first != nil {
			visit(first)
		}
		ordered = append(ordered, c)
	}
	for _, c := range changes {
		visit(c)
	}
	return ordered
}
