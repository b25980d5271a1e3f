package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/holiday"
	"github.com/chaosctl/chaosctl/pkg/schedule"
)

// timetable says when a game day runs. It reads the calendars that the document names, relative to its file.
func timetable(d experiment.Document) (*schedule.Timetable, error) {
	zone, err := schedule.LoadZone(d.GameDay.Spec.TimeZone)
	if err != nil {
		return nil, usage(err)
	}
	var holidays []schedule.Span
	for _, name := range d.GameDay.Calendars() {
		path := name
		if !filepath.IsAbs(name) {
			path = filepath.Join(filepath.Dir(d.File), name)
		}
		file, err := os.Open(path)
		if err != nil {
			return nil, usage(fmt.Errorf("%s: the calendar of spec.windows.exclude cannot be read: %w", d.File, err))
		}
		spans, err := holiday.Read(file, zone)
		file.Close()
		var broken *holiday.Error
		switch {
		case errors.As(err, &broken):
			return nil, experiment.Problems{{
				File: path, Line: broken.Line, Column: 1, Message: broken.Message, Hint: "it is the calendar of " + d.File,
			}}
		case err != nil:
			return nil, usage(fmt.Errorf("%s: %w", path, err))
		}
		holidays = append(holidays, spans...)
	}
	table, err := d.GameDay.Timetable(holidays)
	if err != nil {
		return nil, usage(err)
	}
	return table, nil
}
