package compare

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/chaosctl/chaosctl/pkg/report"
)

// ResultFile is the file of a run that is compared.
const ResultFile = "result.json"

// Run is a run with the place that it was read from.
type Run struct {
	Path   string
	Result *report.Result
}

// Set is the runs of one side.
type Set struct {
	Path string
	Runs []Run
	// Copies counts runs that were found a second time, and left out: a copy is no repeat.
	Copies int
}

// Read reads the runs of one side: path is a result.json, the directory of a run, or a directory with the directories of
// several runs anywhere below it. With experiment not empty, runs of other experiments are left out. An error says what is
// wrong with what file, and what to do.
func Read(path, experiment string) (*Set, error) {
	files, err := resultFiles(path)
	if err != nil {
		return nil, err
	}
	set := &Set{Path: path}
	seen := map[string]bool{}
	var others []string
	for _, file := range files {
		r, err := readResult(file)
		if err != nil {
			return nil, err
		}
		switch {
		case experiment != "" && r.Experiment.Name != experiment:
			others = append(others, r.Experiment.Name)
		case seen[r.RunID]:
			set.Copies++
		default:
			seen[r.RunID] = true
			set.Runs = append(set.Runs, Run{file, r})
		}
	}
	if len(set.Runs) == 0 {
		slices.Sort(others)
		return nil, fmt.Errorf("%s holds no run of the experiment %q, only of %s", path, experiment, strings.Join(slices.Compact(others), ", "))
	}
	if names := set.names(); len(names) > 1 {
		return nil, fmt.Errorf("%s holds runs of several experiments (%s): choose one by --experiment %s", path, strings.Join(names, ", "), names[0])
	}
	return set, nil
}

// names are those of the experiments, in order, each once.
func (s *Set) names() []string {
	return s.distinct(func(r *report.Result) string { return r.Experiment.Name })
}

// distinct gives the values of a property over all runs, in order, each once.
func (s *Set) distinct(of func(*report.Result) string) []string {
	var all []string
	for _, r := range s.Runs {
		all = append(all, of(r.Result))
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// resultFiles finds the results under a path, in order of their names, which begin with the time of the run.
func resultFiles(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	var found []string
	unfinished := ""
	err = filepath.WalkDir(path, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		switch file := filepath.Join(name, ResultFile); {
		case exists(file):
			found = append(found, file)
			return fs.SkipDir
		case exists(filepath.Join(name, report.EventsFile)):
			unfinished = name
			return fs.SkipDir
		}
		return nil
	})
	switch {
	case err != nil:
		return nil, err
	case unfinished != "":
		// A run that was killed may be the worst of all: it is not left out in silence.
		return nil, fmt.Errorf("the run in %s has no %s, as one that was killed: chaosctl report %s makes it", unfinished, ResultFile, unfinished)
	case len(found) == 0:
		return nil, fmt.Errorf("%s holds no run: expected a %s, the directory of a run, or a directory of several (see chaosctl run --out)", path, ResultFile)
	}
	return found, nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

func readResult(path string) (*report.Result, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	r := &report.Result{}
	if err := json.Unmarshal(text, r); err != nil {
		return nil, fmt.Errorf("%s is not a result of chaosctl: %w", path, err)
	}
	if r.Kind != "Result" || r.APIVersion != report.ResultVersion {
		return nil, fmt.Errorf("%s is not a result that this version reads: expected kind Result of %s, found %q of %q", path, report.ResultVersion, r.Kind, r.APIVersion)
	}
	return r, nil
}
