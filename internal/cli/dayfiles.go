package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/monitor"
	"github.com/chaosctl/chaosctl/pkg/report"
	"github.com/chaosctl/chaosctl/pkg/schedule"
	"github.com/chaosctl/chaosctl/pkg/web"
)

// dayFile is a file that may hold game days.
type dayFile struct {
	path string
	// named says that the user has named the file itself, and not its directory.
	named bool
}

// dayFiles lists the files that a name stands for: itself, or the YAML files of a directory, of which there may be none.
func dayFiles(name string) ([]dayFile, error) {
	if name == "-" {
		return []dayFile{{name, true}}, nil
	}
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return []dayFile{{name, true}}, nil
	}
	paths, err := yamlFiles(name)
	if err != nil {
		return nil, err
	}
	all := make([]dayFile, len(paths))
	for i, path := range paths {
		all[i] = dayFile{path, false}
	}
	return all, nil
}

// gameDaysIn loads the game days of a file. A file of experiments that stands in a directory holds none: it is left to the game
// days that name it.
func (a *app) gameDaysIn(file dayFile, options runOptions) ([]*gameDay, error) {
	which := selection{files: []string{file.path}}
	documents, err := which.documents(a)
	if err != nil {
		return nil, err
	}
	isDay := func(d experiment.Document) bool { return d.GameDay != nil }
	switch days := slices.ContainsFunc(documents, isDay); {
	case !days && file.named:
		return nil, usage(fmt.Errorf("%s holds no GameDay: experiments are run by chaosctl run -f", file.path))
	case !days:
		return nil, nil
	}
	var all []*gameDay
	for _, d := range documents {
		if !isDay(d) {
			return nil, usage(fmt.Errorf("%s holds a GameDay and the experiment %s: move that to a file of its own, which the game day names", file.path, d.Experiment.Metadata.Name))
		}
		day, err := a.gameDayOf(file.path, d, options)
		if err != nil {
			return nil, err
		}
		all = append(all, day)
	}
	return all, nil
}

// gameDayOf is the game day of a document, with its experiments and its calendars.
func (a *app) gameDayOf(path string, d experiment.Document, options runOptions) (*gameDay, error) {
	experiments, err := a.members(d)
	if err != nil {
		return nil, err
	}
	table, err := timetable(d)
	if err != nil {
		return nil, err
	}
	return &gameDay{
		GameDay: d.GameDay, app: a, voice: a.Err, file: path, document: d, experiments: experiments, table: table,
		clock: schedule.SystemClock{}, out: options.out, index: report.IndexFile, monitor: monitor.New(), board: web.NewBoard(),
	}, nil
}

// members loads the experiments of a game day; files are found relative to its own.
func (a *app) members(d experiment.Document) ([]chosen, error) {
	var all []chosen
	for _, m := range d.GameDay.Spec.Experiments {
		which := selection{}
		var builtins []string
		if m.File != "" {
			which.files = []string{filepath.Join(filepath.Dir(d.File), m.File)}
		} else {
			builtins = []string{m.Builtin}
		}
		loaded, err := which.load(a, builtins)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", d.File, err)
		}
		for _, c := range loaded {
			if m.Target != nil {
				c.Spec.Target = *m.Target
				if err := experiment.Validate(c.Experiment); err != nil {
					return nil, fmt.Errorf("%s, with the target of %s: %w", c.Source, d.File, err)
				}
			}
			c.day = d.GameDay
			if m.Hold == experiment.Before {
				c.awaits = &awaited{m.Patience()}
			}
			all = append(all, c)
		}
	}
	return all, nil
}

// sameName refuses game days of one name: they would be taken for one in metrics, in what is remembered, and by people.
func sameName(one, other *gameDay) error {
	first := one.document
	p := experiment.Problem{
		File: other.document.File, Line: other.document.Line, Column: other.document.Column, Path: "metadata.name",
		Message: fmt.Sprintf("%q is the name of another game day too, in %s:%d:%d", other.Metadata.Name, first.File, first.Line, first.Column),
		Hint:    "give one of them another name, or leave one out",
	}
	return experiment.Problems{p}
}
