package experiment

import (
	"errors"
	"strings"
	"time"

	"github.com/chaosctl/chaosctl/pkg/schedule"
)

func (g *GameDay) validate(f *findings) {
	g.Metadata.validate(f)
	if name := g.Spec.TimeZone; name == "" || name == "Local" {
		f.refuse("spec.timeZone", "", "%s is not a time zone: expected an IANA name, such as Europe/Lisbon", quote(name))
	} else if _, err := time.LoadLocation(name); err != nil {
		f.refuse("spec.timeZone", "", "%s is not a time zone that is known here: expected an IANA name, such as Europe/Lisbon", quote(name))
	}
	if s := g.Spec.StartingDeadline; s != nil {
		positive(f, "spec.startingDeadline", *s)
	}
	if g.Spec.Windows != nil {
		g.Spec.Windows.validate(f, "spec.windows", g.Spec.TimeZone)
	}
	g.validateSchedule(f)
	if len(g.Spec.Experiments) == 0 {
		f.refuse("spec.experiments", "", "a game day without an experiment does nothing: expected one at the least")
	}
	for i, experiment := range g.Spec.Experiments {
		experiment.validate(f, element("spec.experiments", i))
	}
	g.validateNotify(f)
}

func (g *GameDay) validateSchedule(f *findings) {
	const path = "spec.schedule"
	s := &g.Spec
	switch {
	case s.Schedule == "" && s.At.IsZero():
		if f.sound("spec.at") {
			f.refuse(path, "", "the game day does not say when it runs: expected schedule or at")
		}
		return
	case s.Schedule != "" && !s.At.IsZero():
		f.refuse("spec.at", "", "schedule and at exclude each other: expected one")
		return
	case s.Schedule == "":
		g.validateReach(f, "spec.at")
		return
	// The parser takes a zone before the fields, and panics where nothing follows it.
	case strings.HasPrefix(s.Schedule, "TZ="), strings.HasPrefix(s.Schedule, "CRON_TZ="):
		f.refuse(path, "write the zone as spec.timeZone", "the schedule has a time zone: expected five or six fields, or a name such as @daily")
		return
	}
	parsed, err := schedule.Parse(s.Schedule, "UTC")
	if err != nil {
		f.refuse(path, "write minute, hour, day, month and weekday, or a name such as @daily", "%s is not a schedule: %v", quote(s.Schedule), reasonOf(err))
		return
	}
	// Any instant does as a start: the search covers the next leap year.
	if parsed.Next(anyStart()).IsZero() {
		f.refuse(path, "", "%s never comes: no such day is in the calendar", quote(s.Schedule))
		return
	}
	g.validateReach(f, path)
}

// reasonOf is what the parser says, without what repeats the schedule.
func reasonOf(err error) error {
	for errors.Unwrap(err) != nil {
		err = errors.Unwrap(err)
	}
	return err
}

// anyStart is an instant to look for the times of a schedule from, so that files are right or wrong whenever one asks.
func anyStart() time.Time { return time.Date(2025, time.January, 1, 0, 0, 0, 0, time.UTC) }

// validateReach refuses windows that no time of the schedule falls into. Freezes and holidays end, and so do not count;
// @every counts from when somebody begins to, and so may fall anywhere.
func (g *GameDay) validateReach(f *findings, path string) {
	s := &g.Spec
	if s.Windows == nil || strings.HasPrefix(s.Schedule, "@every") || !f.sound("spec.windows") || !f.sound("spec.timeZone") || !f.sound(path) || len(f.problems) > 0 {
		return
	}
	lasting := *g
	lasting.Spec.Suspend = false
	lasting.Spec.Windows = &Windows{Allow: s.Windows.Allow}
	for _, e := range s.Windows.Exclude {
		if e.hasTimes() {
			lasting.Spec.Windows.Exclude = append(lasting.Spec.Windows.Exclude, e)
		}
	}
	table, err := lasting.Timetable(nil)
	if err != nil {
		return // it is told elsewhere
	}
	starts := s.Windows.starts()
	if !s.At.IsZero() {
		starts = []time.Time{s.At.In(time.UTC).AddDate(0, 0, -2)}
	}
	for _, start := range starts {
		if _, ok := table.NextOpen(start); ok {
			return
		}
	}
	f.refuse("spec.windows", "compare them with "+strings.TrimPrefix(path, "spec."), "no run of the game day falls into its windows, so that nothing would ever run")
}

// starts are instants before those that windows name by date.
func (w *Windows) starts() []time.Time {
	all := []time.Time{anyStart()}
	for _, window := range w.Allow {
		for _, r := range window.Dates {
			if r.From.Year != 0 {
				all = append(all, time.Date(r.From.Year, r.From.Month, r.From.Day-2, 0, 0, 0, 0, time.UTC))
			}
		}
	}
	return all
}

// mostWindows is more than anybody reads; a file with many more is made to cost time.
const mostWindows = 200

func (w *Windows) validate(f *findings, path, zone string) {
	if len(w.Allow)+len(w.Exclude) == 0 {
		f.refuse(path, "", "the windows are empty: expected allow or exclude")
	}
	if n := len(w.Allow) + len(w.Exclude); n > mostWindows {
		f.refuse(path, "", "there are %d windows: expected %d at most", n, mostWindows)
	}
	for i, window := range w.Allow {
		if !window.hasTimes() {
			f.refuse(element(child(path, "allow"), i), "", "the window is empty: expected days, hours or dates")
		}
	}
	for i, exclusion := range w.Exclude {
		exclusion.validate(f, element(child(path, "exclude"), i), zone)
	}
}

func (x Exclusion) validate(f *findings, path, zone string) {
	freeze := !x.From.IsZero() || !x.To.IsZero()
	kinds := 0
	for _, is := range []bool{x.hasTimes(), freeze, x.Calendar != ""} {
		if is {
			kinds++
		}
	}
	switch {
	case kinds == 0:
		f.refuse(path, "", "the exclusion is empty: expected days, hours or dates, or from and to, or calendar")
	case kinds > 1:
		f.refuse(path, "make several of it", "days, hours and dates, from and to, and calendar exclude each other: expected one of the three")
	}
	if x.From.IsZero() || x.To.IsZero() || !f.sound("spec.timeZone") {
		return
	}
	if location, err := schedule.LoadZone(zone); err == nil && !x.From.In(location).Before(x.To.In(location)) {
		f.refuse(child(path, "to"), "", "the freeze ends at %s, before it begins at %s: expected a later instant", x.To, x.From)
	}
}

func (x GameDayExperiment) validate(f *findings, path string) {
	switch {
	case x.File == "" && x.Builtin == "":
		f.refuse(path, "", "the entry names no experiment: expected file or builtin")
	case x.File != "" && x.Builtin != "":
		f.refuse(path, "", "file and builtin exclude each other: expected one")
	}
	if x.Target != nil {
		x.Target.validate(f, child(path, "target"))
	}
}
