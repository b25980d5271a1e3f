package schedule

import (
	"cmp"
	"slices"
	"sort"
	"strings"
	"time"
)

// Window is a part of the calendar that comes again. What it does not name does not limit it; days and dates are those
// on which its hours begin.
type Window struct {
	Days  Days
	Hours Hours
	Dates Dates
}

// Has says whether a wall-clock time, written as if it were UTC, is in the window.
func (w Window) Has(wall time.Time) bool {
	if len(w.Hours) == 0 {
		return w.on(wall)
	}
	minute := wall.Hour()*60 + wall.Minute()
	return slices.ContainsFunc(w.Hours, func(s Stretch) bool {
		if s.From < s.To {
			return s.From <= minute && minute < s.To && w.on(wall)
		}
		return minute >= s.From && w.on(wall) || minute < s.To && w.on(wall.AddDate(0, 0, -1))
	})
}

// on says whether a day is one of the window's.
func (w Window) on(day time.Time) bool {
	return (w.Days == 0 || w.Days.Has(day.Weekday())) && (len(w.Dates) == 0 || w.Dates.Has(day.Date()))
}

func (w Window) String() string {
	var words []string
	for _, text := range []string{w.Days.String(), w.Hours.String(), w.Dates.String()} {
		if text != "" {
			words = append(words, text)
		}
	}
	return strings.Join(words, " ")
}

// Kind is the kind of reason for which nothing runs.
type Kind string

// The kinds. A program may rely on them; the words that go with them are for people.
const (
	// Outside is a time that no window allows.
	Outside Kind = "window"
	// Excluded is a time that the calendar of a file leaves out.
	Excluded Kind = "excluded"
	// Holiday is a time for which a calendar of holidays has an event.
	Holiday Kind = "holiday"
	// Freeze is a time between two instants.
	Freeze Kind = "freeze"
	// Suspended is a schedule that somebody has suspended.
	Suspended Kind = "suspended"
)

// Reason says why nothing runs.
type Reason struct {
	Kind Kind
	// Why is for people, and a part of a sentence: it is outside of the windows.
	Why string
}

// Exclusion is a window in which nothing runs.
type Exclusion struct {
	Window
	// Name says what for, for people; it may be empty.
	Name string
}

// Span is a time from one instant to another, which is not part of it, in which nothing runs. An instant that is zero is
// open.
type Span struct {
	From, To time.Time
	// Kind is Holiday or Freeze.
	Kind Kind
	Name string
}

// Windows say when something may run. They are not changed once they are made, so that all may read them.
type Windows struct {
	zone    *time.Location
	allow   []Window
	exclude []Exclusion
	// spans are sorted by where they begin.
	spans []Span
	// longest is the length of the longest span with two ends; open are those with one.
	longest time.Duration
	open    []Span
	// edges are the instants at which spans begin and end, clocks the times of day at which windows may; both in order.
	edges  []time.Time
	clocks []int
}

// NewWindows makes windows by the clocks of a zone. Where none is allowed by name, all time is but what is excluded.
func NewWindows(zone *time.Location, allow []Window, exclude []Exclusion, spans []Span) *Windows {
	w := &Windows{zone: zone, allow: allow, exclude: exclude, clocks: []int{0}}
	for _, s := range spans {
		if s.From.IsZero() || s.To.IsZero() {
			w.open = append(w.open, s)
		} else {
			w.spans = append(w.spans, s)
			w.longest = max(w.longest, s.To.Sub(s.From))
		}
		for _, edge := range []time.Time{s.From, s.To} {
			if !edge.IsZero() {
				w.edges = append(w.edges, edge)
			}
		}
	}
	slices.SortStableFunc(w.spans, func(a, b Span) int { return a.From.Compare(b.From) })
	slices.SortFunc(w.edges, time.Time.Compare)
	all := slices.Clone(allow)
	for _, e := range exclude {
		all = append(all, e.Window)
	}
	for _, window := range all {
		for _, s := range window.Hours {
			w.clocks = append(w.clocks, s.From, s.To%endOfDay)
		}
	}
	slices.Sort(w.clocks)
	w.clocks = slices.Compact(w.clocks)
	return w
}

// Closed is the reason why nothing may run at an instant, nil where something may. A nil w is always open.
func (w *Windows) Closed(at time.Time) *Reason {
	if w == nil || w.isOpen(at) {
		return nil
	}
	if s := w.spanAt(at); s != nil {
		why := "it is " + cmp.Or(s.Name, "a holiday")
		if s.Kind == Freeze {
			why = "it is within a freeze"
			if s.Name != "" {
				why += ": " + s.Name
			}
		}
		return &Reason{s.Kind, why}
	}
	wall := wallOf(at, w.zone)
	for _, e := range w.exclude {
		if e.Has(wall) {
			why := e.String() + " is excluded"
			if e.Name != "" {
				why += ": " + e.Name
			}
			return &Reason{Excluded, why}
		}
	}
	all := make([]string, len(w.allow))
	for i, window := range w.allow {
		all[i] = window.String()
	}
	return &Reason{Outside, "it is outside of " + strings.Join(all, " and ")}
}

// isOpen is whether something may run at an instant, without the words.
func (w *Windows) isOpen(at time.Time) bool {
	if w.spanAt(at) != nil {
		return false
	}
	wall := wallOf(at, w.zone)
	for i := range w.exclude {
		if w.exclude[i].Has(wall) {
			return false
		}
	}
	return len(w.allow) == 0 || slices.ContainsFunc(w.allow, func(window Window) bool { return window.Has(wall) })
}

// spanAt is a span that an instant is in.
func (w *Windows) spanAt(at time.Time) *Span {
	for i, s := range w.open {
		if !at.Before(s.From) && (s.To.IsZero() || at.Before(s.To)) {
			return &w.open[i]
		}
	}
	for i := sort.Search(len(w.spans), func(i int) bool { return w.spans[i].From.After(at) }) - 1; i >= 0; i-- {
		if at.Before(w.spans[i].To) {
			return &w.spans[i]
		}
		if at.Sub(w.spans[i].From) > w.longest {
			break
		}
	}
	return nil
}

// horizonYears is how far windows are looked for: over the longest time between two days of February 29th.
const horizonYears = 9

// Opens is the first instant from at on at which something may run; zero where there is none for nine years.
func (w *Windows) Opens(at time.Time) time.Time {
	return w.search(at, true)
}

// Closes is the first instant from at on at which nothing may run; zero where there is none for nine years.
func (w *Windows) Closes(at time.Time) time.Time {
	return w.search(at, false)
}

func (w *Windows) search(at time.Time, open bool) time.Time {
	if w == nil {
		if open {
			return at
		}
		return time.Time{}
	}
	for end := at.AddDate(horizonYears, 0, 0); at.Before(end); at = w.edge(at) {
		if w.isOpen(at) == open {
			return at
		}
	}
	return time.Time{}
}

// edge is the next instant after at at which windows may open or close.
func (w *Windows) edge(at time.Time) time.Time {
	var next time.Time
	consider := func(candidate time.Time) {
		if candidate.After(at) && (next.IsZero() || candidate.Before(next)) {
			next = candidate
		}
	}
	if i := sort.Search(len(w.edges), func(i int) bool { return w.edges[i].After(at) }); i < len(w.edges) {
		consider(w.edges[i])
	}
	_, changes := at.In(w.zone).ZoneBounds()
	consider(changes)
	// A day of clocks that were put back over midnight shows the day before again. Clocks that are put forward or back
	// lie near: what is further away is not looked at.
	wall := wallOf(at, w.zone)
	for days := -1; days <= 2; days++ {
		year, month, day := wall.AddDate(0, 0, days).Date()
		for _, minutes := range w.clocks {
			face := time.Date(year, month, day, 0, minutes, 0, 0, time.UTC)
			if face.Before(wall.Add(-longestRepeat)) {
				continue
			}
			if !next.IsZero() && face.After(wallOf(next, w.zone).Add(longestRepeat)) {
				return next
			}
			for _, instant := range shown(face, w.zone) {
				consider(instant)
			}
		}
	}
	return next
}
