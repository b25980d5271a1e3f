package leftover

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/chaosctl/chaosctl/pkg/apply"
	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/inject"
	"github.com/chaosctl/chaosctl/pkg/journal"
	"github.com/chaosctl/chaosctl/pkg/lock"
)

// Recovery puts back what runs have left.
type Recovery struct {
	Cluster *cluster.Cluster
	// UID is the cluster's own; see [journal.Header].
	UID string
	// Command is how this process was called, for others who find the Lease.
	Command string
	// DryRun sends every write with dryRun=All, so that the server checks it and nothing is changed.
	DryRun bool
	// UndoTimeout is how long an undo may wait out an API server that does not answer; as long as that of a run where it is zero.
	UndoTimeout time.Duration
	// Local reads the journal that this machine has of a run; nil where there is none. It may be nil.
	Local func(run string) ([]*inject.Change, error)
	// AllowCommands runs the undo commands that a journal in the cluster names.
	AllowCommands bool
	// Now leaves out the wait for a Lease that may still be alive.
	Now bool
	// Wait is told how long a Lease may still be alive; it may be nil.
	Wait func(s lock.State, left time.Duration)
}

// Outcome is what became of one run.
type Outcome struct {
	Run string
	// Items are the changes that were looked at, in the order in which they were undone.
	Items []Item
	// Notes are remarks: a damaged journal, a copied marker.
	Notes []string
	// Left says that something could not be put back.
	Left bool
}

// Item is what became of one change.
type Item struct {
	Object event.Object
	// Verb is the operation that was undone: patch, create or run agent in.
	Verb string
	// Fields are those that the change had set.
	Fields []string
	// State is undone, diverged or stuck.
	State   event.ChangeState
	Message string
}

// InProgress says that a run lives, so that it must not be undone under its feet.
type InProgress struct{ lock.State }

func (e *InProgress) Error() string {
	return fmt.Sprintf("%s is in progress, and puts things back itself: interrupt it, or order a stop by `chaosctl stop --all`", e.Holder)
}

// Recover puts one run's leftovers back. It does not begin while the run may be alive: then it waits for the run's Lease to
// expire, and returns an [*InProgress] if that is renewed instead.
func (r *Recovery) Recover(ctx context.Context, run *Run) (out *Outcome, err error) {
	out = &Outcome{Run: run.ID}
	held, err := r.takeOver(ctx, run)
	if err != nil {
		return nil, err
	}
	if held != nil {
		defer func() {
			if releaseErr := held.Release(context.WithoutCancel(ctx), err != nil || out.Left); releaseErr != nil && err == nil {
				out.Notes = append(out.Notes, fmt.Sprintf("the run's lease could not be given up, and expires by itself: %v", releaseErr))
			}
		}()
	}
	journals, changes, err := r.journals(ctx, run, out)
	if err != nil {
		return nil, err
	}
	r.undo(ctx, run, changes, out)
	if !out.Left && !r.DryRun {
		removeJournals(ctx, journals, out)
	}
	if held == nil && !out.Left && !r.DryRun {
		return out, r.clear(ctx, run)
	}
	return out, nil
}

// removeJournals is the last step of a recovery: as long as one of them is there, no new run begins.
func removeJournals(ctx context.Context, journals []*journal.Stored, out *Outcome) {
	for _, j := range journals {
		if err := j.Remove(ctx); err != nil {
			out.Left = true
			out.Notes = append(out.Notes, fmt.Sprintf("the run's journal %s could not be removed: %v", j, err))
		}
	}
}

// clear removes the Lease of another recovery of the same run that has died meanwhile. One that lives does so itself, and
// is waited for no longer than its Lease lasts.
func (r *Recovery) clear(ctx context.Context, run *Run) error {
	if run.Lease == nil {
		return nil
	}
	state := *run.Lease
	err := r.read(ctx, &state)
	for began, renewed := time.Now(), state.Renewed; err == nil && !r.Now && !state.Dead(time.Now()) && time.Since(began) < lock.Duration; {
		if !state.Renewed.Equal(renewed) {
			return nil
		}
		if err = pause(ctx, time.Second); err == nil {
			err = r.read(ctx, &state)
		}
	}
	if err == nil {
		err = lock.Remove(ctx, r.Cluster.Client, state)
	}
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		return nil
	}
	return err
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// takeOver fences the run off by taking its Lease. It returns nil where there is none to take: the run has no Lease, this is
// a dry run, or somebody else recovers it at the same time, which does no harm.
func (r *Recovery) takeOver(ctx context.Context, run *Run) (*lock.Held, error) {
	if run.Lease == nil || r.DryRun {
		return nil, nil
	}
	state := *run.Lease
	for {
		if err := r.await(ctx, &state); err != nil {
			if apierrors.IsNotFound(err) {
				return nil, nil // the run has ended in order, or was recovered
			}
			return nil, err
		}
		if state.Holder.Recovering && !r.Now && !state.Dead(time.Now()) {
			return nil, nil
		}
		holder := lock.Self(run.ID, r.Command)
		holder.Recovering, holder.JournalNamespace, holder.Journal = true, state.Holder.JournalNamespace, state.Holder.Journal
		held, err := lock.TakeOver(ctx, r.Cluster.Client, state, holder)
		switch {
		case err == nil:
			return held, nil
		case apierrors.IsNotFound(err):
			return nil, nil
		case !apierrors.IsConflict(err):
			return nil, fmt.Errorf("the lease of run %s cannot be taken over: %w", run.ID, err)
		}
		if err := r.read(ctx, &state); err != nil {
			if apierrors.IsNotFound(err) {
				return nil, nil
			}
			return nil, err
		}
	}
}

// await returns when the holder of a Lease can be taken for dead. Since clocks may be apart, that is when a Lease was not
// renewed for its whole duration by the clock of this process.
func (r *Recovery) await(ctx context.Context, state *lock.State) error {
	began, renewed := time.Now(), state.Renewed
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for !r.Now && !state.Dead(time.Now()) && !state.Holder.Recovering {
		left := lock.Duration - time.Since(began)
		if left <= 0 {
			return nil
		}
		if r.Wait != nil {
			r.Wait(*state, left)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		if err := r.read(ctx, state); err != nil {
			return err
		}
		if !state.Renewed.Equal(renewed) && !state.Holder.Recovering {
			return &InProgress{*state}
		}
	}
	return nil
}

func (r *Recovery) read(ctx context.Context, state *lock.State) error {
	lease, err := r.Cluster.Client.CoordinationV1().Leases(state.Scope.Namespace).Get(ctx, state.Scope.Name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	run := state.Holder.Run
	if *state, err = lock.ReadState(lease); err == nil && state.Holder.Run != run {
		return apierrors.NewNotFound(coordinationv1.Resource("leases"), state.Scope.Name) // another run has begun since, in order
	}
	return err
}

// journals reads the run's journals, and returns the changes that they name, in order. A journal of another cluster, or of
// a newer version, is an error: nothing must be done on its account, nor beside it.
func (r *Recovery) journals(ctx context.Context, run *Run, out *Outcome) ([]*journal.Stored, []*inject.Change, error) {
	references := run.journals
	if run.Lease != nil {
		first := reference{run.Lease.Holder.JournalNamespace, run.Lease.Holder.Journal}
		references = slices.DeleteFunc(slices.Clone(references), func(r reference) bool { return r == first })
		references = append([]reference{first}, references...)
	}
	var stored []*journal.Stored
	var changes []*inject.Change
	for _, ref := range references {
		j, err := journal.ReadSecret(ctx, r.Cluster.Client.CoreV1().Secrets(ref.namespace), ref.name)
		switch {
		case apierrors.IsNotFound(err):
			continue
		case err != nil:
			out.Left = true // it may name more than the marks do, and stays
			out.Notes = append(out.Notes, fmt.Sprintf("the journal, the Secret %s/%s, cannot be read (%v): what could be put back is what the objects' own marks tell", ref.namespace, ref.name, err))
			continue
		}
		if j.Header.Run != "" && j.Header.Run != run.ID {
			continue // its own run's, which came later to the same target
		}
		if j.Damage != nil {
			out.Left = true
			out.Notes = append(out.Notes, fmt.Sprintf("the journal is damaged (%v): what could be put back is what is readable of it, and what the objects' own marks tell; "+
				"look at what the experiment changes, put back by hand what is still broken, then drop the journal by `chaosctl recover %s --abandon`", j.Damage, run.ID))
		}
		stored = append(stored, j)
		if j.Header.Run == "" {
			continue
		}
		if err := j.Header.Check(r.UID); err != nil {
			return stored, nil, &Foreign{err}
		}
		for _, e := range j.Entries {
			changes = append(changes, e.Change)
		}
	}
	return stored, changes, nil
}

// Foreign is the error of a journal that this chaosctl must not act upon here.
type Foreign struct{ Err error }

func (f *Foreign) Error() string { return f.Err.Error() }

// Unwrap gives the reason.
func (f *Foreign) Unwrap() error { return f.Err }

// undo undoes what the journal and the marks name.
func (r *Recovery) undo(ctx context.Context, run *Run, changes []*inject.Change, out *Outcome) {
	known := map[string]bool{}
	for _, c := range changes {
		known[c.ID] = true
	}
	for _, m := range run.Objects {
		for _, c := range m.Changes {
			if !known[c.ID] {
				changes = append(changes, c)
			}
		}
	}
	changes, mayRun := r.commands(run.ID, changes, out)
	ledger := &ledger{changes: map[string]*inject.Change{}}
	for _, c := range changes {
		ledger.changes[c.ID] = c
	}
	applier := apply.New(r.Cluster, run.ID, nil, ledger)
	if r.UndoTimeout > 0 {
		applier.UndoTimeout = r.UndoTimeout
	}
	applier.MayRun = mayRun
	if r.DryRun {
		applier.DryRun()
	}
	applier.Adopt(changes)
	if len(applier.UndoAll(ctx)) > 0 {
		out.Left = true
	}
	if !r.DryRun { // what remains is what the undo has left
		r.dropAllRemains(ctx, applier, run.Objects, out)
	}
	out.Items, out.Notes = ledger.items, append(out.Notes, ledger.notes...)
}

// sideBySide is how many objects are looked at once more at the same time.
const sideBySide = 16

// dropAllRemains looks once more at those objects that bear more than marks of the run: the undo of a mark takes the label off.
func (r *Recovery) dropAllRemains(ctx context.Context, applier *apply.Applier, objects []Marked, out *Outcome) {
	remains := make([]Outcome, len(objects))
	var all errgroup.Group
	all.SetLimit(sideBySide)
	for i, m := range objects {
		if !m.Plain {
			all.Go(func() error {
				r.dropRemains(ctx, applier, m, &remains[i])
				return nil
			})
		}
	}
	_ = all.Wait() // each tells its own errors
	for _, one := range remains {
		out.Left = out.Left || one.Left
		out.Notes = append(out.Notes, one.Notes...)
	}
}

// dropRemains removes what says nothing of the object: marks that came from elsewhere, and a label without a mark.
func (r *Recovery) dropRemains(ctx context.Context, applier *apply.Applier, m Marked, out *Outcome) {
	what := "the label " + apply.RunLabel + " without a mark"
	if len(m.Copies) > 0 {
		what = "a copy of another object's mark"
	}
	dropped, broken, err := applier.DropRemains(ctx, m.Object)
	for _, name := range broken {
		out.Left = true
		out.Notes = append(out.Notes, fmt.Sprintf("%s has an annotation %s that cannot be read: look at it, and remove it together with the label %s", describe(m.Object), name, apply.RunLabel))
	}
	switch {
	case err != nil:
		out.Left = true
		out.Notes = append(out.Notes, fmt.Sprintf("%s bears %s, which could not be removed: %v", describe(m.Object), what, err))
	case dropped:
		out.Notes = append(out.Notes, fmt.Sprintf("%s bore %s, which was removed; its content is as it was found", describe(m.Object), what))
	}
}

// Newest sorts runs so that the newest is undone first.
func Newest(runs []*Run) {
	slices.SortFunc(runs, func(a, b *Run) int { return cmp.Compare(b.ID, a.ID) })
}
