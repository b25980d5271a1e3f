package cli

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/chaosctl/chaosctl/internal/version"
	"github.com/chaosctl/chaosctl/pkg/apply"
	"github.com/chaosctl/chaosctl/pkg/claim"
	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/deadman"
	"github.com/chaosctl/chaosctl/pkg/engine"
	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/journal"
	"github.com/chaosctl/chaosctl/pkg/load"
	"github.com/chaosctl/chaosctl/pkg/lock"
	"github.com/chaosctl/chaosctl/pkg/report"
)

// runOptions are what the flags of run say beyond the experiment.
type runOptions struct {
	out          string
	recoverFirst bool
	deadMan      bool
	// gameDay is the name of that which the run is part of; "" for none.
	gameDay string
	// follow is who else follows the run; nil is nobody.
	follow follow
	// repeat is how often each experiment is run, and require how many of these runs must pass.
	repeat, require int
	dead            deadman.Options
}

// follow gives a sink for the events of a run that is about to begin, and a function to call when it is over. Live counts its requests.
type follow func(id string, clock event.Clock, live *load.Live) (sink event.Sink, over func())

// runOne plans and runs one experiment, writes its reports and prints its summary. An error means that nothing was
// changed, or that the reports could not be made; its exit code tells.
func (a *app) runOne(ctx context.Context, c *cluster.Cluster, e chosen, options runOptions) (result *report.Result, err error) {
	if err := a.checkUndoTimeout(); err != nil {
		return nil, err
	}
	r, held, err := a.begin(ctx, c, e, options)
	if err != nil {
		return nil, err
	}
	var switched *deadman.Job
	if options.deadMan {
		if switched, err = deadman.Create(ctx, c.Client, held.Scope(), r.header.Run, options.dead); err != nil {
			err = errors.Join(err, held.Release(ctx, false))
			if ctx.Err() != nil {
				return nil, &ExitError{Code: report.ExitInterrupted, Err: err, Hint: "nothing was changed"}
			}
			err = &ExitError{Code: report.ExitRefused, Err: err, Hint: "nothing was changed; --dead-man needs an image with this program (--dead-man-image) and a ServiceAccount that may put things back (--dead-man-service-account, chaosctl rbac)"}
			return nil, err
		}
	}
	defer func() { r.over() }()
	left, err := r.execute(ctx, held)
	defer func() {
		if result != nil {
			a.remember(ctx, r.dir) // after what is to be done in the cluster
		}
	}()
	// The reports come first: an API server that does not answer must not keep them from a run that is about to be killed.
	defer func() {
		if releaseErr := held.Release(ctx, left); releaseErr != nil {
			fmt.Fprintf(a.Err, "warning: the run's lease and journal could not be removed from the cluster (%v); chaosctl recover --all does\n", releaseErr)
		}
		if switched != nil && !left {
			if err := switched.Remove(ctx); err != nil {
				fmt.Fprintf(a.Err, "warning: the dead man's Job could not be removed (%v); it ends by itself\n", err)
			}
		}
	}()
	if err != nil {
		return nil, err
	}
	result, err = a.writeReports(r.dir)
	if exit := new(ExitError); err != nil && !errors.As(err, &exit) {
		err = &ExitError{Code: report.ExitInternal, Err: err, Hint: "what was changed is in " + filepath.Join(r.dir, report.JournalFile) + ", and marked by the label chaosctl.dev/run"}
	}
	return result, err
}

// begin plans and takes the target. Where something of an earlier run was put back in between, it plans anew: the plan was
// made of what that run had left.
func (a *app) begin(ctx context.Context, c *cluster.Cluster, e chosen, options runOptions) (*recorded, *claim.Claim, error) {
	for {
		plan, err := a.prepare(ctx, c, e, options)
		if err != nil {
			return nil, nil, err
		}
		printPlan(a.Err, plan, colours(a.Err))
		base := time.Now()
		id := runID(e.Metadata.Name, base)
		r := &recorded{
			app: a, cluster: c, plan: plan, source: e.Source, approved: e.approved, gameDay: options.gameDay, follow: options.follow, over: func() {}, dir: filepath.Join(options.out, id), base: base,
			header: journal.Header{Version: journal.Version, Run: id, Cluster: plan.Cluster.UID, Began: base.UTC(), By: version.Version()},
		}
		held, err := a.claim(ctx, c, plan, r.header, options.recoverFirst)
		if !errors.Is(err, errPutBack) {
			return r, held, err
		}
	}
}

// prepare plans, after putting back what earlier runs have left: one that has died on the target, and, where the user wants
// that, others.
func (a *app) prepare(ctx context.Context, c *cluster.Cluster, e chosen, options runOptions) (*engine.Plan, error) {
	seed, err := seedOf(e)
	if err != nil {
		return nil, err
	}
	if _, err := c.Contact(ctx); err != nil {
		return nil, fmt.Errorf("%s: %w", e.Metadata.Name, err)
	}
	for {
		// Whoever may not look learns of that from the plan, with all else that is missing.
		if other, err := lock.Look(ctx, c.Client, lock.ScopeOf(e.Spec.Target)); err == nil && other != nil {
			if err := a.putBackFirst(ctx, c, e.Spec.Target, other, options.recoverFirst); err != nil {
				return nil, err
			}
		}
		plan, err := engine.Prepare(ctx, c, e.Experiment, seed)
		var marked *engine.Marked
		switch {
		case err == nil:
			return plan, nil
		case errors.As(err, &marked) && options.recoverFirst:
			if err := a.recoverFirst(ctx, c, "", marked.Run); err != nil {
				return nil, err
			}
		default:
			return nil, fmt.Errorf("%s: %w", e.Metadata.Name, err)
		}
	}
}

// recorded is a run with what it is recorded in.
type recorded struct {
	app     *app
	cluster *cluster.Cluster
	plan    *engine.Plan
	source  string
	// approved says who gave the run a go; empty where nobody was asked.
	approved string
	gameDay  string
	follow   follow
	// over is to be called when the run is over and its reports are written.
	over   func()
	dir    string
	base   time.Time
	header journal.Header
}

// execute carries the plan out, recording it in a directory that it makes. It says whether something was left behind. An
// error means that nothing was changed.
func (r *recorded) execute(ctx context.Context, held *claim.Claim) (left bool, err error) {
	if err := os.MkdirAll(r.dir, 0o755); err != nil {
		return false, usage(fmt.Errorf("cannot create the directory of the run: %w (see --out)", err))
	}
	text, err := json.Marshal(r.plan.Experiment)
	if err != nil {
		return false, err
	}
	sum := sha256.Sum256(text)
	live := load.NewLive()
	view := newView(r.app.Err, r.plan, live)
	clock, followers := event.NewClock(r.base), []event.Sink{view}
	if r.follow != nil {
		var sink event.Sink
		sink, r.over = r.follow(r.header.Run, clock, live)
		followers = append(followers, sink)
	}
	log, err := event.CreateLog(filepath.Join(r.dir, report.EventsFile), clock, followers...)
	if err != nil {
		return false, err
	}
	file, err := journal.CreateFile(filepath.Join(r.dir, report.JournalFile), r.header)
	if err != nil {
		return false, errors.Join(err, log.Close())
	}
	requests, err := os.OpenFile(filepath.Join(r.dir, report.SamplesFile), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return false, errors.Join(err, log.Close(), file.Close())
	}
	samples := load.NewWriter(requests)
	log.Record(event.RunStarted{
		RunID: r.header.Run, Base: r.base.UTC(), Experiment: text, SHA256: hex.EncodeToString(sum[:]), Source: r.source, GameDay: r.gameDay, Seed: r.plan.Seed,
		Cluster: r.plan.Cluster, Environment: r.app.environment(),
	})
	if r.approved != "" {
		log.Record(event.Noted{Level: "info", Message: "the run was " + r.approved})
	}
	log.Record(r.plan.Event())
	applier := apply.New(r.cluster, r.header.Run, journal.All{file, held.Journal}, log)
	applier.Owner = &apply.Owner{Namespace: held.Scope().Namespace, Reference: held.Reference()}
	applier.UndoTimeout = r.app.undoTimeout
	run := &engine.Run{Plan: r.plan, Log: log, Samples: samples, Applier: applier, Permit: held.Check, WatchDelays: held.WatchDelays, Observe: live.Add}
	stop := view.start(log.Clock)
	// How the run ended stands in the log, and so in the result.
	_ = r.watched(ctx, held, run)
	stop()
	if err := errors.Join(samples.Close(), requests.Close(), log.Close(), file.Close()); err != nil {
		fmt.Fprintf(r.app.Err, "warning: the record of the run is not whole: %v\n", err)
	}
	return applier.Left(), nil
}

// watched does the run, and ends it when its claim is lost or somebody orders a stop. It makes the undo give up waiting
// when the user leaves.
func (r *recorded) watched(ctx context.Context, held *claim.Claim, run *engine.Run) error {
	ctx, cancel := context.WithCancelCause(ctx)
	var watch sync.WaitGroup
	watch.Go(func() {
		held.Watch(ctx, func(reason error) {
			cancel(&engine.Stop{Outcome: event.Aborted, Reason: reason.Error()})
		})
	})
	ended := make(chan struct{})
	watch.Go(func() {
		select {
		case <-r.app.Leave:
			run.Applier.Abandon()
		case <-ended:
		}
	})
	err := run.Do(ctx)
	close(ended)
	cancel(nil)
	watch.Wait()
	return err
}

func seedOf(e chosen) (int64, error) {
	if e.Spec.Seed != nil {
		return *e.Spec.Seed, nil
	}
	// Short enough to be typed again.
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		return 0, err
	}
	return n.Int64(), nil
}

// runID is unique, sorts by time, and fits into a label's value.
func runID(name string, at time.Time) string {
	if len(name) > 36 {
		name = name[:36]
	}
	return fmt.Sprintf("%s-%s-%s", at.UTC().Format("20060102-150405"), name, strings.ToLower(rand.Text()[:4]))
}
