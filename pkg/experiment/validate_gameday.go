package experiment

import (
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

func (g *GameDay) validate(f *findings) {
	g.Metadata.validate(f)
	g.Spec.validateSchedule(f)
	if name := g.Spec.TimeZone; name == "" || name == "Local" {
		f.refuse("spec.timeZone", "", "%s is not a time zone: expected an IANA name, such as Europe/Lisbon", quote(name))
	} else if _, err := time.LoadLocation(name); err != nil {
		f.refuse("spec.timeZone", "", "%s is not a time zone that is known here: expected an IANA name, such as Europe/Lisbon", quote(name))
	}
	if len(g.Spec.Experiments) == 0 {
		f.refuse("spec.experiments", "", "a game day without an experiment does nothing: expected one at the least")
	}
	for i, experiment := range g.Spec.Experiments {
		experiment.validate(f, element("spec.experiments", i))
	}
}

func (s GameDaySpec) validateSchedule(f *findings) {
	const path = "spec.schedule"
	// The parser takes a zone before the fields, and panics where nothing follows it.
	if strings.HasPrefix(s.Schedule, "TZ=") || strings.HasPrefix(s.Schedule, "CRON_TZ=") {
		f.refuse(path, "write the zone as spec.timeZone", "the schedule has a time zone: expected five fields, or a name such as @daily")
		return
	}
	schedule, err := cron.ParseStandard(s.Schedule)
	if err != nil {
		f.refuse(path, "write minute, hour, day, month and weekday, or a name such as @daily", "%s is not a schedule: %v", quote(s.Schedule), err)
		return
	}
	// Any instant does as a start: the search covers the next leap year.
	if schedule.Next(time.Date(2025, time.January, 1, 0, 0, 0, 0, time.UTC)).IsZero() {
		f.refuse(path, "", "%s never comes: no such day is in the calendar", quote(s.Schedule))
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
