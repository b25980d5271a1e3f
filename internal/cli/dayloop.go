package cli

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/report"
	"github.com/chaosctl/chaosctl/pkg/schedule"
)

// dayLoop runs a game day at each instant of its schedule, and goes over to another version of it between two runs.
type dayLoop struct {
	// day is the version that is in force, for the loop's own goroutine.
	day *gameDay
	// changes holds the one change that was not taken yet; nil where none can come. latest is what was given last.
	changes chan schedule.Change
	latest  *gameDay
	// ending says that the last change was the end.
	ending bool

	// over is set while nothing is left to run, and rested told of it.
	over   atomic.Bool
	rested func()
	// worst is the worst exit code of all runs. It may be read when done is closed.
	worst int
	done  chan struct{}
}

// newDayLoop makes a loop that can be changed; rested is called when no run is left, and must not block.
func newDayLoop(day *gameDay, rested func()) *dayLoop {
	return &dayLoop{day: day, changes: make(chan schedule.Change, 1), latest: day, rested: rested, done: make(chan struct{})}
}

// change puts another version in force from the next run on; nil ends the loop, after the run that is under way. It does not
// wait, and is for one goroutine.
func (l *dayLoop) change(next *gameDay) {
	c := schedule.Change{End: next == nil}
	l.ending = next == nil
	select {
	case untaken := <-l.changes:
		c.Afresh = untaken.Afresh
	default:
	}
	if next != nil {
		c.Table, c.Queue, c.Deadline = next.table, next.queues(), next.deadline()
		c.Afresh = c.Afresh || scheduleText(next.GameDay) != scheduleText(l.latest.GameDay)
		c.Taken = func() { l.day = next }
		l.latest = next
	}
	l.changes <- c
}

// serve runs the game day until ctx or a change ends it, or, where none can come, nothing is left to run.
func (l *dayLoop) serve(ctx context.Context) {
	if l.done != nil {
		defer close(l.done)
	}
	defer func() { l.day.monitor.Next(l.day.Metadata.Name, time.Time{}) }()
	since, err := l.day.last.read(ctx)
	if err != nil && ctx.Err() == nil {
		l.day.say("warning: what was run last cannot be told (%v): nothing is made up for", err)
	}
	for l.loop(ctx, since).Run(ctx, l.run) {
		l.rest()
		if l.changes == nil && !l.day.Spec.Suspend {
			return
		}
		select {
		case <-ctx.Done():
			return
		case c := <-l.changes:
			if c.End {
				return
			}
			c.Taken()
		}
		l.over.Store(false)
		since = time.Time{} // from now on
	}
}

// rest says why nothing runs any more.
func (l *dayLoop) rest() {
	l.day.monitor.Next(l.day.Metadata.Name, time.Time{})
	if l.day.Spec.Suspend {
		l.day.say("it is suspended: nothing runs")
		return
	}
	l.day.say("no run is left: its schedule is over, or its windows stay closed")
	if l.rested != nil {
		l.over.Store(true)
		l.rested()
	}
}

// loop goes by the version that is in force.
func (l *dayLoop) loop(ctx context.Context, since time.Time) *schedule.Loop {
	return &schedule.Loop{
		Clock: l.day.clock, Table: l.day.table, Queue: l.day.queues(), Deadline: l.day.deadline(), Since: since, Changes: l.changes,
		Waiting: func(next schedule.Run) {
			l.day.say("next run at %s", next.Start.Format(time.RFC3339))
			l.day.monitor.Next(l.day.Metadata.Name, next.Start)
		},
		Missed: func(m schedule.Missed) {
			l.day.monitor.Missed(l.day.Metadata.Name, m.Count)
			l.day.say("%s", missedWords(m))
			l.day.tellMissed(m)
			l.remember(ctx, m.To)
		},
	}
}

// run is one run by the schedule.
func (l *dayLoop) run(ctx context.Context, run schedule.Run) {
	day := l.day
	if !l.remember(ctx, run.At) {
		day.monitor.Missed(day.Metadata.Name, 1)
		return
	}
	now := day.clock.Now()
	if reason := day.table.Windows.Closed(now); reason != nil {
		day.say("the run of %s is left out: %s", run.At.Format(time.RFC3339), reason.Why)
		return
	}
	day.say("run of %s begins %s late", run.At.Format(time.RFC3339), now.Sub(run.Start).Round(time.Millisecond))
	day.scheduled = true
	l.worst = worseCode(l.worst, day.runAll(ctx))
}

// remember says whether what is about to be run may be.
func (l *dayLoop) remember(ctx context.Context, at time.Time) bool {
	err := l.day.last.write(ctx, at)
	switch {
	case err == nil:
		return true
	case l.day.last.strict():
		l.day.say("the run of %s is left out, since another replica could run it too: %v", at.Format(time.RFC3339), err)
		return false
	}
	l.day.say("warning: what is run cannot be remembered (%v; see --state): started again, this program may run it twice", err)
	return true
}

// err is an error where something was left behind; verdicts have been told, and are none.
func (l *dayLoop) err() error {
	if l.worst == report.ExitUndoIncomplete {
		return exitWith(l.worst)
	}
	return nil
}

func (d *gameDay) queues() bool { return d.Spec.Concurrency == experiment.Queue }

// deadline is how late a run may begin; zero leaves it to the loop.
func (d *gameDay) deadline() time.Duration {
	if d.Spec.StartingDeadline == nil {
		return 0
	}
	return d.Spec.StartingDeadline.Std()
}

func (d *gameDay) say(format string, args ...any) {
	fmt.Fprintf(d.voice, "game day %s: "+format+"\n", append([]any{d.Metadata.Name}, args...)...)
}

func missedWords(m schedule.Missed) string {
	from, to := m.From.Format(time.RFC3339), m.To.Format(time.RFC3339)
	switch {
	case m.Count == 1:
		return fmt.Sprintf("the run of %s was missed: %s", from, m.Cause)
	case m.Count >= schedule.MostMissed:
		return fmt.Sprintf("more than %d runs from %s to %s were missed: %s", schedule.MostMissed, from, to, m.Cause)
	}
	return fmt.Sprintf("%d runs from %s to %s were missed: %s", m.Count, from, to, m.Cause)
}
