package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/chaosctl/chaosctl/internal/version"
	"github.com/chaosctl/chaosctl/pkg/report"
)

// suite keeps the index of several experiments up to date while they are run, so that it is there also if this process is
// killed between two of them.
type suite struct {
	app *app
	out string
	// file is the name of the index in that directory.
	file string
	page report.Suite
	told bool
}

// newSuite begins an index in which nothing has run yet.
func (a *app) newSuite(name string, all []chosen, out string) *suite {
	s := &suite{app: a, out: out, file: report.IndexFile, page: report.Suite{Name: name, Version: version.Version()}}
	for _, e := range all {
		s.page.Entries = append(s.page.Entries, report.SuiteEntry{
			Experiment: e.Metadata.Name, Promise: string(e.Spec.Promise), Target: e.Spec.Target.String(), Why: "it was not its turn yet",
		})
	}
	return s
}

// ran takes down the result of an experiment.
func (s *suite) ran(i int, r *report.Result) {
	s.page.Entries[i] = report.EntryOf(r, r.RunID)
	s.write()
}

// refused takes down why an experiment was not run.
func (s *suite) refused(i, code int, err error) {
	s.page.Entries[i].ExitCode, s.page.Entries[i].Why = code, err.Error()
	s.write()
}

// write makes the index. That it cannot be written changes nothing of the outcome.
func (s *suite) write() {
	err := os.MkdirAll(s.out, 0o755)
	if err == nil {
		err = writeFile(filepath.Join(s.out, s.file), func(w io.Writer) error { return report.WriteSuite(w, &s.page) })
	}
	if err != nil && !s.told {
		s.told = true
		fmt.Fprintf(s.app.Err, "warning: the index of the runs could not be written: %v\n", err)
	}
}

// where says where the index is, if it is.
func (s *suite) where() {
	if !s.told {
		fmt.Fprintf(s.app.Out, "Index:   %s\n", filepath.Join(s.out, s.file))
	}
}

// index makes the index of a directory of runs again, from their results: of each experiment on each workload the newest run.
func (a *app) index(dir string) error {
	names, err := filepath.Glob(filepath.Join(dir, "*", "result.json"))
	if err != nil || len(names) == 0 {
		return usage(fmt.Errorf("%s is neither the directory of a run nor one of several: it holds no %s, and no directory with a result.json", dir, report.EventsFile))
	}
	s := &suite{app: a, out: dir, file: report.IndexFile, page: report.Suite{Version: version.Version()}}
	code := report.ExitPass
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		var r report.Result
		if err := json.Unmarshal(text, &r); err != nil {
			return usage(fmt.Errorf("%s is not a result of chaosctl: %w", name, err))
		}
		entry := report.EntryOf(&r, filepath.Base(filepath.Dir(name)))
		same := func(other report.SuiteEntry) bool {
			return other.Experiment == entry.Experiment && other.Target == entry.Target && other.Promise == entry.Promise
		}
		switch i := slices.IndexFunc(s.page.Entries, same); {
		case i < 0:
			s.page.Entries = append(s.page.Entries, entry)
		case s.page.Entries[i].StartedAt.Before(entry.StartedAt):
			s.page.Entries[i] = entry
		}
	}
	for _, e := range s.page.Entries {
		code = worseCode(code, e.ExitCode)
		fmt.Fprintf(a.Out, "%s %s: %s\n", e.Verdict.Sign(), e.Experiment, e.Why)
	}
	s.write()
	if s.told {
		return &ExitError{Code: worseCode(report.ExitInternal, code), Err: errors.New("the index was not written"), Shown: true}
	}
	s.where()
	return exitWith(code)
}
