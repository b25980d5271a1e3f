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
	"time"

	"github.com/chaosctl/chaosctl/pkg/apply"
	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/engine"
	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/load"
	"github.com/chaosctl/chaosctl/pkg/report"
)

// runOne plans and runs one experiment, writes its reports and prints its summary. An error means that nothing was
// changed, or that the reports could not be made; its exit code tells.
func (a *app) runOne(ctx context.Context, c *cluster.Cluster, e chosen, out string) (*report.Result, error) {
	if a.undoTimeout <= 0 {
		return nil, usage(fmt.Errorf("--undo-timeout is %s: an undo needs time", a.undoTimeout))
	}
	seed, err := seedOf(e)
	if err != nil {
		return nil, err
	}
	plan, err := engine.Prepare(ctx, c, e.Experiment, seed)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", e.Metadata.Name, err)
	}
	printPlan(a.Err, plan, colours(a.Err))
	base := time.Now()
	id := runID(e.Metadata.Name, base)
	dir := filepath.Join(out, id)
	if err := a.execute(ctx, c, plan, e.Source, id, dir, base); err != nil {
		return nil, err
	}
	result, err := a.writeReports(dir)
	if exit := new(ExitError); err != nil && !errors.As(err, &exit) {
		err = &ExitError{Code: report.ExitInternal, Err: err, Hint: "what was changed is in " + filepath.Join(dir, report.JournalFile) + ", and marked by the label chaosctl.dev/run"}
	}
	return result, err
}

// execute carries a plan out, recording it in a directory that it makes.
func (a *app) execute(ctx context.Context, c *cluster.Cluster, plan *engine.Plan, source, id, dir string, base time.Time) (err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return usage(fmt.Errorf("cannot create the directory of the run: %w (see --out)", err))
	}
	text, err := json.Marshal(plan.Experiment)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(text)
	live := load.NewLive()
	view := newView(a.Err, plan, live)
	log, err := event.CreateLog(filepath.Join(dir, report.EventsFile), event.NewClock(base), view)
	if err != nil {
		return err
	}
	journal, err := apply.CreateFileJournal(filepath.Join(dir, report.JournalFile))
	if err != nil {
		return errors.Join(err, log.Close())
	}
	file, err := os.OpenFile(filepath.Join(dir, report.SamplesFile), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return errors.Join(err, log.Close(), journal.Close())
	}
	samples := load.NewWriter(file)
	log.Record(event.RunStarted{
		RunID: id, Base: base.UTC(), Experiment: text, SHA256: hex.EncodeToString(sum[:]), Source: source, Seed: plan.Seed,
		Cluster: plan.Cluster, Environment: a.environment(),
	})
	log.Record(plan.Event())
	run := &engine.Run{Plan: plan, Log: log, Samples: samples, Applier: a.applier(c, id, journal, log), Observe: live.Add}
	ended := make(chan struct{})
	go func() {
		select {
		case <-a.Leave:
			run.Applier.Abandon()
		case <-ended:
		}
	}()
	stop := view.start(log.Clock)
	// How the run ended stands in the log, and so in the result.
	_ = run.Do(ctx)
	close(ended)
	stop()
	if err := errors.Join(samples.Close(), file.Close(), log.Close(), journal.Close()); err != nil {
		fmt.Fprintf(a.Err, "warning: the record of the run is not whole: %v\n", err)
	}
	return nil
}

func (a *app) applier(c *cluster.Cluster, run string, journal apply.Journal, log *event.Log) *apply.Applier {
	applier := apply.New(c, run, journal, log)
	applier.UndoTimeout = a.undoTimeout
	return applier
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
