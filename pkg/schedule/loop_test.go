package schedule_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/schedule"
)

// stepClock is a clock that jumps to whatever is waited for.
type stepClock struct{ now time.Time }

func (c *stepClock) Now() time.Time { return c.now }

func (c *stepClock) Wait(ctx context.Context, until time.Time) error {
	if until.After(c.now) {
		c.now = until
	}
	return ctx.Err()
}

// hourly is a loop over an hourly schedule, from 9:10 on.
func hourly(t *testing.T) (*schedule.Loop, *stepClock) {
	t.Helper()
	s, err := schedule.Parse("0 * * * *", "")
	require.NoError(t, err)
	clock := &stepClock{time.Date(2026, 11, 24, 9, 10, 0, 0, time.UTC)}
	return &schedule.Loop{Clock: clock, Table: &schedule.Timetable{Schedule: s}}, clock
}

// diary runs the loop, and writes down what it says. Runs take what took says.
func diary(ctx context.Context, l *schedule.Loop, clock *stepClock, took ...time.Duration) (lines []string, over bool) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	l.Waiting = func(r schedule.Run) { lines = append(lines, "wait "+r.Start.Format("15:04")) }
	l.Missed = func(m schedule.Missed) {
		lines = append(lines, fmt.Sprintf("missed %d %s-%s: %s", m.Count, m.From.Format("15:04"), m.To.Format("15:04"), m.Cause))
	}
	over = l.Run(ctx, func(_ context.Context, r schedule.Run) {
		lines = append(lines, "run "+r.At.Format("15:04")+" at "+clock.now.Format("15:04"))
		clock.now = clock.now.Add(took[0])
		if took = took[1:]; len(took) == 0 {
			cancel()
		}
	})
	return lines, over
}

func TestLoop(t *testing.T) {
	const m = time.Minute
	for name, c := range map[string]struct {
		queue    bool
		deadline time.Duration
		took     []time.Duration
		want     []string
	}{
		"short runs": {
			took: []time.Duration{m, m},
			want: []string{"wait 10:00", "run 10:00 at 10:00", "wait 11:00", "run 11:00 at 11:00"},
		},
		"a long run: what passed meanwhile is left out": {
			took: []time.Duration{150 * m, m},
			want: []string{"wait 10:00", "run 10:00 at 10:00", "missed 2 11:00-12:00: another was under way", "wait 13:00", "run 13:00 at 13:00"},
		},
		"a run that ends on the hour does not miss it": {
			took: []time.Duration{60 * m, m},
			want: []string{"wait 10:00", "run 10:00 at 10:00", "run 11:00 at 11:00"},
		},
		"queued: what passed meanwhile comes later": {
			queue: true,
			took:  []time.Duration{150 * m, m, m, m},
			want:  []string{"wait 10:00", "run 10:00 at 10:00", "run 11:00 at 12:30", "run 12:00 at 12:31", "wait 13:00", "run 13:00 at 13:00"},
		},
		"queued, with patience for the last one": {
			queue: true, deadline: 45 * m,
			took: []time.Duration{150 * m, m, m},
			want: []string{"wait 10:00", "run 10:00 at 10:00", "missed 1 11:00-11:00: it would begin later than its deadline, after another", "run 12:00 at 12:30", "wait 13:00", "run 13:00 at 13:00"},
		},
		"queued behind one that was queued": {
			queue: true,
			took:  []time.Duration{90 * m, 90 * m, m, m},
			want:  []string{"wait 10:00", "run 10:00 at 10:00", "run 11:00 at 11:30", "run 12:00 at 13:00", "run 13:00 at 13:01"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			l, clock := hourly(t)
			l.Queue, l.Deadline = c.queue, c.deadline
			lines, over := diary(t.Context(), l, clock, c.took...)
			assert.Equal(t, c.want, lines)
			assert.False(t, over)
		})
	}
}

// TestLoopMakesUp: what was due while nothing ran is made up for within its deadline.
func TestLoopMakesUp(t *testing.T) {
	const late = ": it would begin later than its deadline: this program was not running, the machine asleep, or its clock was set"
	for name, c := range map[string]struct {
		since, deadline time.Duration
		want            []string
	}{
		"nothing was due":                {since: 5 * time.Minute, want: []string{"wait 10:00", "run 10:00 at 10:00"}},
		"too late for the default":       {since: 30 * time.Minute, want: []string{"missed 1 09:00-09:00" + late, "wait 10:00", "run 10:00 at 10:00"}},
		"within the deadline":            {since: 30 * time.Minute, deadline: 10 * time.Minute, want: []string{"run 09:00 at 09:10"}},
		"the last of several":            {since: 180 * time.Minute, deadline: 10 * time.Minute, want: []string{"missed 2 07:00-08:00" + late, "run 09:00 at 09:10"}},
		"the clock was set back an hour": {since: -50 * time.Minute, want: []string{"wait 11:00", "run 11:00 at 11:00"}},
	} {
		t.Run(name, func(t *testing.T) {
			l, clock := hourly(t)
			l.Since, l.Deadline = clock.now.Add(-c.since), c.deadline
			lines, _ := diary(t.Context(), l, clock, time.Minute)
			assert.Equal(t, c.want, lines)
		})
	}
}

// sleeper is a clock of a machine that sleeps through what is waited for.
type sleeper struct {
	stepClock
	sleeps time.Duration
}

func (c *sleeper) Wait(ctx context.Context, until time.Time) error {
	c.sleeps, until = 0, until.Add(c.sleeps)
	return c.stepClock.Wait(ctx, until)
}

func TestLoopAfterSleep(t *testing.T) {
	for name, c := range map[string]struct {
		sleeps time.Duration
		want   []string
	}{
		"a little late":    {30 * time.Second, []string{"wait 10:00", "run 10:00 at 10:00"}},
		"a day late":       {24 * time.Hour, []string{"wait 10:00", "missed 24 10:00-09:00", "run 10:00 at 10:00"}},
		"several years on": {50_000 * time.Hour, []string{"wait 10:00", "missed 1000 10:00-18:00", "wait 19:00", "run 19:00 at 19:00"}},
	} {
		t.Run(name, func(t *testing.T) {
			l, _ := hourly(t)
			clock := &sleeper{stepClock{time.Date(2026, 11, 24, 9, 10, 0, 0, time.UTC)}, c.sleeps}
			l.Clock = clock
			if c.sleeps > 10_000*time.Hour {
				clock.sleeps += time.Minute + time.Second // not on the hour
			}
			start := time.Now()
			lines, _ := diary(t.Context(), l, &clock.stepClock, time.Minute)
			for i := range lines {
				lines[i], _, _ = strings.Cut(lines[i], ": it would begin")
			}
			assert.Equal(t, c.want, lines)
			assert.Less(t, time.Since(start), 10*time.Second)
		})
	}
}

// setClock is a clock that somebody sets while it is waited for, or while a run is under way.
type setClock struct {
	stepClock
	inWait time.Duration
	// set is by how much it was set since it was made.
	set time.Duration
}

func (c *setClock) put(by time.Duration) { c.now, c.set = c.now.Add(by), c.set+by }

func (c *setClock) Wait(ctx context.Context, until time.Time) error {
	c.now = c.now.Add(until.Sub(c.now) / 2)
	c.put(c.inWait)
	c.inWait = 0
	return c.stepClock.Wait(ctx, until)
}

// Elapsed is right for a run in which the clock is set once, as here.
func (c *setClock) Elapsed(since time.Time) time.Duration {
	if took := c.now.Sub(since); took-c.set == runTook {
		return runTook
	}
	return c.now.Sub(since)
}

const runTook = 5 * time.Minute

// TestLoopWhenTheClockIsSet: nothing runs twice, nothing is made up for that nobody waited for, and it goes on.
func TestLoopWhenTheClockIsSet(t *testing.T) {
	const late = ": it would begin later than its deadline: this program was not running, the machine asleep, or its clock was set"
	for name, c := range map[string]struct {
		inWait, inRun time.Duration
		queue         bool
		want          []string
	}{
		"back an hour in a wait":                    {inWait: -time.Hour, want: []string{"wait 10:00", "run 10:00 at 10:00", "wait 11:00", "run 11:00 at 11:00"}},
		"forward a day in a wait":                   {inWait: 24 * time.Hour, want: []string{"wait 10:00", "missed 24 10:00-09:00" + late, "wait 10:00", "run 10:00 at 10:00", "wait 11:00", "run 11:00 at 11:00"}},
		"back an hour in a run":                     {inRun: -time.Hour, want: []string{"wait 10:00", "run 10:00 at 10:00", "wait 11:00", "run 11:00 at 11:00"}},
		"back an hour in a run, with a queue":       {inRun: -time.Hour, queue: true, want: []string{"wait 10:00", "run 10:00 at 10:00", "wait 11:00", "run 11:00 at 11:00"}},
		"forward a day, and half an hour, in a run": {inRun: 24*time.Hour + 30*time.Minute, want: []string{"wait 10:00", "run 10:00 at 10:00", "missed 24 11:00-10:00" + late, "wait 11:00", "run 11:00 at 11:00"}},
		"forward as much, with a queue":             {inRun: 24*time.Hour + 30*time.Minute, queue: true, want: []string{"wait 10:00", "run 10:00 at 10:00", "missed 24 11:00-10:00" + late, "wait 11:00", "run 11:00 at 11:00"}},
		"forward by some seconds, as by daily care": {inRun: 40 * time.Second, want: []string{"wait 10:00", "run 10:00 at 10:00", "wait 11:00", "run 11:00 at 11:00"}},
	} {
		t.Run(name, func(t *testing.T) {
			l, _ := hourly(t)
			clock := &setClock{stepClock: stepClock{time.Date(2026, 11, 24, 9, 10, 0, 0, time.UTC)}, inWait: c.inWait}
			l.Clock, l.Queue = clock, c.queue
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var lines []string
			l.Waiting = func(r schedule.Run) { lines = append(lines, "wait "+r.Start.Format("15:04")) }
			l.Missed = func(m schedule.Missed) {
				lines = append(lines, fmt.Sprintf("missed %d %s-%s: %s", m.Count, m.From.Format("15:04"), m.To.Format("15:04"), m.Cause))
			}
			ran := map[time.Time]bool{}
			l.Run(ctx, func(_ context.Context, r schedule.Run) {
				lines = append(lines, "run "+r.At.Format("15:04")+" at "+clock.now.Format("15:04"))
				assert.False(t, ran[r.At], "%s runs twice", r.At)
				ran[r.At] = true
				if len(ran) == 2 {
					cancel()
				}
				clock.now = clock.now.Add(runTook)
				clock.set = 0
				clock.put(c.inRun)
				c.inRun = 0
			})
			assert.Equal(t, c.want, lines)
		})
	}
}

func TestLoopEndsWithContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	l, clock := hourly(t)
	l.Waiting = func(schedule.Run) { cancel() }
	assert.False(t, l.Run(ctx, func(context.Context, schedule.Run) { t.Error("nobody waits any more") }))
	assert.Equal(t, 10, clock.now.Hour())
}

func TestLoopEndsWithSchedule(t *testing.T) {
	var at schedule.Moment
	require.NoError(t, at.UnmarshalText([]byte("2026-11-24T10:30")))
	for name, c := range map[string]struct {
		parse func() (schedule.Schedule, error)
		want  []string
	}{
		"never": {func() (schedule.Schedule, error) { return schedule.Parse("0 0 31 2 *", "") }, nil},
		"once":  {func() (schedule.Schedule, error) { return schedule.Once(at, "UTC") }, []string{"wait 10:30", "run 10:30 at 10:30"}},
		"past":  {func() (schedule.Schedule, error) { return schedule.Once(at, "Asia/Tokyo") }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			l, clock := hourly(t)
			var err error
			l.Table.Schedule, err = c.parse()
			require.NoError(t, err)
			lines, over := diary(t.Context(), l, clock, time.Minute, time.Minute)
			assert.Equal(t, c.want, lines)
			assert.True(t, over)
		})
	}
}

// TestLoopChanges holds what a change does while a run is waited for, and while one is under way, from 9:10 on. The clock stops at
// each wait until the change has been taken there.
func TestLoopChanges(t *testing.T) {
	const m = time.Minute
	table := func(expression string, edit func(*schedule.Timetable)) *schedule.Timetable {
		s, err := schedule.Parse(expression, "")
		require.NoError(t, err)
		made := &schedule.Timetable{Schedule: s}
		if edit != nil {
			edit(made)
		}
		return made
	}
	closed := func(hours string) func(*schedule.Timetable) {
		return func(made *schedule.Timetable) {
			var h schedule.Hours
			require.NoError(t, h.UnmarshalText([]byte(hours)))
			made.Windows = schedule.NewWindows(time.UTC, nil, []schedule.Exclusion{{Window: schedule.Window{Hours: h}}}, nil)
		}
	}
	for name, c := range map[string]struct {
		first *schedule.Timetable
		queue bool
		took  time.Duration
		// during says that the change comes in the first run, else while that is waited for, after the clock has gone on by passes.
		during bool
		passes time.Duration
		change schedule.Change
		want   []string
	}{
		"another schedule, while waiting": {
			change: schedule.Change{Table: table("30 * * * *", nil), Afresh: true},
			want:   []string{"wait 10:00", "taken", "wait 09:30", "run 09:30 at 09:30"},
		},
		"another schedule does not make up for what it would have had": {
			during: true, took: 150 * m, change: schedule.Change{Table: table("15 * * * *", nil), Afresh: true, Deadline: time.Hour},
			want: []string{"wait 10:00", "run 10:00 at 10:00", "taken", "wait 13:15", "run 13:15 at 13:15"},
		},
		"windows that open again": {
			first: table("0 * * * *", closed("09:05-12:30")), passes: 111 * m, change: schedule.Change{Table: table("0 * * * *", nil), Deadline: time.Hour},
			want: []string{"wait 13:00", "taken", "wait 12:00", "run 12:00 at 12:00"},
		},
		"a jitter that is over": {
			first: table("0 * * * *", func(made *schedule.Timetable) { made.Jitter, made.Seed = 59*m, 5 }), passes: 52 * m,
			change: schedule.Change{Table: table("0 * * * *", nil), Deadline: 10 * m},
			want:   []string{"wait 10:11", "taken", "run 10:00 at 10:02"},
		},
		"an interval goes on": {
			first: table("@every 1h", nil), passes: 20 * m, change: schedule.Change{Table: table("@every 1h", closed("23:00-24:00"))},
			want: []string{"wait 10:10", "taken", "wait 10:10", "run 10:10 at 10:10"},
		},
		"what waits in the queue stays there": {
			queue: true, during: true, took: 90 * m, change: schedule.Change{Table: table("0 * * * *", nil), Queue: true},
			want: []string{"wait 10:00", "run 10:00 at 10:00", "taken", "run 11:00 at 11:30"},
		},
		"a queue that is closed": {
			queue: true, during: true, took: 90 * m, change: schedule.Change{Table: table("0 * * * *", nil)},
			want: []string{"wait 10:00", "run 10:00 at 10:00", "taken", "missed 1 11:00-11:00: another was under way", "wait 12:00", "run 12:00 at 12:00"},
		},
		"suspended": {
			change: schedule.Change{Table: table("0 * * * *", func(made *schedule.Timetable) { made.Suspended = true })},
			want:   []string{"wait 10:00", "taken", "over"},
		},
		"the end, while waiting":    {change: schedule.Change{End: true}, want: []string{"wait 10:00"}},
		"the end comes after a run": {during: true, took: 90 * m, change: schedule.Change{End: true}, want: []string{"wait 10:00", "run 10:00 at 10:00"}},
	} {
		t.Run(name, func(t *testing.T) {
			l, step := hourly(t)
			if c.first != nil {
				l.Table = c.first
			}
			l.Queue = c.queue
			changes := make(chan schedule.Change, 1)
			l.Changes = changes
			var lines []string
			taken := false
			c.change.Taken = func() { taken = true; lines = append(lines, "taken") }
			clock := &held{stepClock: step, held: func() bool { return !c.during && !taken }}
			l.Clock = clock
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			l.Waiting = func(r schedule.Run) {
				lines = append(lines, "wait "+r.Start.Format("15:04"))
				if !c.during && !taken {
					step.now = step.now.Add(c.passes)
					changes <- c.change
				}
			}
			l.Missed = func(m schedule.Missed) {
				lines = append(lines, fmt.Sprintf("missed %d %s-%s: %s", m.Count, m.From.Format("15:04"), m.To.Format("15:04"), m.Cause))
			}
			runs := 0
			over := l.Run(ctx, func(_ context.Context, r schedule.Run) {
				lines = append(lines, "run "+r.At.Format("15:04")+" at "+step.now.Format("15:04"))
				if runs++; c.during && runs == 1 {
					step.now = step.now.Add(c.took)
					changes <- c.change
					return
				}
				cancel()
			})
			if over {
				lines = append(lines, "over")
			}
			assert.Equal(t, c.want, lines)
		})
	}
}

// held is a clock that does not go on while a test holds it.
type held struct {
	*stepClock
	held func() bool
}

func (c *held) Wait(ctx context.Context, until time.Time) error {
	if c.held() {
		<-ctx.Done()
		return ctx.Err()
	}
	return c.stepClock.Wait(ctx, until)
}

func TestSystemClock(t *testing.T) {
	var clock schedule.SystemClock
	start := time.Now()
	require.NoError(t, clock.Wait(t.Context(), start.Add(-time.Hour)), "the past is not waited for")
	until := start.Add(20 * time.Millisecond)
	require.NoError(t, clock.Wait(t.Context(), until))
	assert.False(t, clock.Now().Before(until))
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(10*time.Millisecond, cancel)
	assert.ErrorIs(t, clock.Wait(ctx, start.Add(time.Hour)), context.Canceled)
}
