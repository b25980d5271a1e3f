package experiment

import (
	"hash/fnv"
	"time"

	"github.com/chaosctl/chaosctl/pkg/schedule"
)

// Timetable says when the game day runs. The holidays are those of the calendars that [GameDay.Calendars] names.
func (g *GameDay) Timetable(holidays []schedule.Span) (*schedule.Timetable, error) {
	s := &g.Spec
	times, err := schedule.Parse(s.Schedule, s.TimeZone)
	if !s.At.IsZero() {
		times, err = schedule.Once(s.At, s.TimeZone)
	}
	if err != nil {
		return nil, err
	}
	t := &schedule.Timetable{Schedule: times, Jitter: s.Jitter.Std(), Seed: g.seed(), Suspended: s.Suspend}
	if s.Windows != nil {
		t.Windows = s.Windows.in(times.Zone(), holidays)
	}
	return t, nil
}

// Calendars are the files of holidays that the game day names, as it names them.
func (g *GameDay) Calendars() []string {
	var all []string
	if g.Spec.Windows != nil {
		for _, e := range g.Spec.Windows.Exclude {
			if e.Calendar != "" {
				all = append(all, e.Calendar)
			}
		}
	}
	return all
}

// seed differs from game day to game day, so that those of one schedule do not begin together.
func (g *GameDay) seed() int64 {
	if g.Spec.Seed != nil {
		return *g.Spec.Seed
	}
	sum := fnv.New64a()
	sum.Write([]byte(g.Metadata.Name))
	return int64(sum.Sum64())
}

// in is the windows by the clocks of a zone.
func (w *Windows) in(zone *time.Location, holidays []schedule.Span) *schedule.Windows {
	var allow []schedule.Window
	for _, window := range w.Allow {
		allow = append(allow, window.window())
	}
	var exclude []schedule.Exclusion
	spans := append([]schedule.Span(nil), holidays...)
	for _, e := range w.Exclude {
		switch {
		case e.hasTimes():
			exclude = append(exclude, schedule.Exclusion{Window: e.window(), Name: e.Reason})
		case e.Calendar == "":
			spans = append(spans, e.freeze(zone))
		}
	}
	return schedule.NewWindows(zone, allow, exclude, spans)
}

func (w Window) window() schedule.Window {
	return schedule.Window{Days: w.Days, Hours: w.Hours, Dates: w.Dates}
}

// hasTimes says that days, hours or dates are named.
func (w Window) hasTimes() bool { return w.Days != 0 || len(w.Hours) > 0 || len(w.Dates) > 0 }

func (x Exclusion) freeze(zone *time.Location) schedule.Span {
	span := schedule.Span{Kind: schedule.Freeze, Name: x.Reason}
	if !x.From.IsZero() {
		span.From = x.From.In(zone)
	}
	if !x.To.IsZero() {
		span.To = x.To.In(zone)
	}
	return span
}
