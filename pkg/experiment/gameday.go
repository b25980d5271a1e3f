package experiment

import (
	"time"

	"github.com/chaosctl/chaosctl/pkg/schedule"
)

// GameDay is one document of kind GameDay: experiments run in order, on a schedule.
type GameDay struct {
	// APIVersion is the version of the language.
	APIVersion string `json:"apiVersion"`
	// Kind is what the document holds.
	Kind     string      `json:"kind"`
	Metadata Metadata    `json:"metadata"`
	Spec     GameDaySpec `json:"spec"`
}

// GameDaySpec says when a game day runs, and what.
type GameDaySpec struct {
	// Schedule is a cron expression: minute, hour, day, month and weekday, with the second in front where there are six
	// fields; or a name such as @daily, or @every 6h.
	Schedule string `json:"schedule,omitempty" form:"schedule" choice:"when"`
	// At is the instant of a game day that runs once, in place of schedule: 2026-12-01T10:30 by the clocks of timeZone, or
	// with an offset of its own.
	At schedule.Moment `json:"at,omitzero" form:"moment" choice:"when"`
	// TimeZone is an IANA name; UTC unless told otherwise.
	TimeZone string `json:"timeZone" default:"UTC" form:"time-zone"`
	// StartingDeadline is how late a run may begin; later it is missed. Without it, a run that waits in the queue may wait
	// for any time, and any other may be 1m late.
	StartingDeadline *Duration `json:"startingDeadline,omitempty" form:"positive"`
	// Jitter is the longest time by which a run begins later than the schedule says, but never later than the next is due.
	Jitter Duration `json:"jitter,omitempty"`
	// Seed is what the jitter is drawn of, together with the instant; made of the game day's name unless told otherwise.
	Seed *int64 `json:"seed,omitempty"`
	// Concurrency says what becomes of a run whose time comes while the one before is under way: it is missed (forbid, the
	// default), or waits (queue).
	Concurrency Concurrency `json:"concurrency" default:"forbid"`
	// Suspend keeps the schedule from running anything. `chaosctl serve --once` still does.
	Suspend bool `json:"suspend,omitempty"`
	// Windows say when experiments may begin; at any time unless told otherwise.
	Windows *Windows `json:"windows,omitempty"`
	// Experiments are run one after another, in this order.
	Experiments []GameDayExperiment `json:"experiments"`
	// OnFailure says what a run that did not pass does to those after it: stop (the default) or continue. After one whose
	// undo is incomplete, or that was interrupted, nothing more is run.
	OnFailure OnFailure `json:"onFailure" default:"stop"`
	// History says how many runs are kept; all, unless told otherwise.
	History *History `json:"history,omitempty"`
	// Notify lists who is told how the game day goes; nobody, unless told otherwise.
	Notify []Notify `json:"notify,omitempty"`
}

// History says which of a game day's runs are kept.
type History struct {
	// Keep is how many runs of each experiment on each workload are kept, the newest. Directories of older ones are removed after
	// the game day, as by `chaosctl history prune`; never one of a run that is not over, or has not put everything back.
	Keep int `json:"keep" form:"one-or-more"`
}

// GameDayExperiment names one experiment of a game day: a file, or one of the built-in library.
type GameDayExperiment struct {
	// File is a path relative to the game day's own file.
	File string `json:"file,omitempty" form:"given" choice:"experiment"`
	// Builtin is the name of an experiment of the library; see `chaosctl list experiments`.
	Builtin string `json:"builtin,omitempty" form:"given" choice:"experiment"`
	// Target takes the place of the experiment's own.
	Target *Target `json:"target,omitempty"`
	// Hold has the experiment wait for a person's go before it begins (before): see `chaosctl approve`. Where nobody gives one, it is
	// not run.
	Hold Hold `json:"hold,omitempty"`
	// HoldFor is how long the go is waited for; 1h unless told otherwise. The end of the window ends it, too.
	HoldFor *Duration `json:"holdFor,omitempty" form:"positive"`
}

// Windows say when experiments of a game day may begin, by the clocks of its time zone. They are looked at when a run
// begins, and before each of its experiments.
type Windows struct {
	// Allow lists the times in which experiments may begin; any, where it is empty.
	Allow []Window `json:"allow,omitempty"`
	// Exclude lists the times in which none may, whatever is allowed.
	Exclude []Exclusion `json:"exclude,omitempty"`
	// OnEnd says what becomes of the experiment that is under way when a window ends: it goes on to its end (finish, the
	// default), or it is aborted and put back (undo). No other begins.
	OnEnd OnEnd `json:"onEnd" default:"finish"`
}

// Window is a part of the calendar. All that it names must hold.
type Window struct {
	// Days are days of the week: MON-FRI, or TUE,THU.
	Days schedule.Days `json:"days,omitzero" form:"days"`
	// Hours are begin and end by the clock: 09:00-17:00, or several with commas between. Hours that end before they begin
	// pass over midnight, and belong to the day on which they begin: with days FRI, 22:00-06:00 ends on Saturday.
	Hours schedule.Hours `json:"hours,omitzero" form:"hours"`
	// Dates are days of the calendar: 2026-12-25, 12-25 for every year, a range such as 2026-12-20/2027-01-04 with both of
	// its ends, or several with commas between.
	Dates schedule.Dates `json:"dates,omitzero" form:"dates"`
}

// Exclusion is a time in which no experiment begins: days, hours and dates that come again, a freeze from one instant to
// another, or the events of a calendar.
type Exclusion struct {
	Window
	// From is where a freeze begins, such as 2026-11-27T18:00; without it, it has begun.
	From schedule.Moment `json:"from,omitzero" form:"moment" excludes:"days,hours,dates,calendar"`
	// To is where a freeze ends; without it, it lasts until the file is changed.
	To schedule.Moment `json:"to,omitzero" form:"moment" excludes:"days,hours,dates,calendar"`
	// Calendar is an iCalendar file (.ics), relative to the game day's own file. Each of its events is a holiday.
	Calendar string `json:"calendar,omitempty" form:"given" excludes:"days,hours,dates"`
	// Reason says what for, and is shown where a run is left out.
	Reason string `json:"reason,omitempty"`
}

// Concurrency is what a game day does with a run while another is under way.
type Concurrency string

// The two ways.
const (
	Forbid Concurrency = "forbid"
	Queue  Concurrency = "queue"
)

// Values lists the ways for the loader.
func (Concurrency) Values() []string { return []string{string(Forbid), string(Queue)} }

// OnEnd is what becomes of a running experiment when its window ends.
type OnEnd string

// The two ways.
const (
	Finish OnEnd = "finish"
	Undo   OnEnd = "undo"
)

// Values lists the ways for the loader.
func (OnEnd) Values() []string { return []string{string(Finish), string(Undo)} }

// usualPatience is how long a go is waited for where the file does not say.
const usualPatience = time.Hour

// Patience is how long the experiment waits for a go.
func (e *GameDayExperiment) Patience() time.Duration {
	if e.HoldFor == nil {
		return usualPatience
	}
	return e.HoldFor.Std()
}

// Hold is when an experiment of a game day waits for a person.
type Hold string

// Before is the one way: it waits before anything of it begins.
const Before Hold = "before"

// Values lists the ways for the loader.
func (Hold) Values() []string { return []string{string(Before)} }

// OnFailure is what a game day does after a run that did not pass.
type OnFailure string

// The two ways to go on.
const (
	Stop     OnFailure = "stop"
	Continue OnFailure = "continue"
)

// Values lists the ways to go on for the loader.
func (OnFailure) Values() []string { return []string{string(Stop), string(Continue)} }
