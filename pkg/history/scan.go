package history

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/chaosctl/chaosctl/pkg/compare"
	"github.com/chaosctl/chaosctl/pkg/report"
)

// stamp tells whether a result is still that which the index was made of.
type stamp struct{ modified, size int64 }

// Found is what is in the directory of all runs.
type Found struct {
	// results holds, by the directory, the stamp of each result.
	results map[string]stamp
	// Unfinished are the directories of runs that have no result: they are under way, or were killed.
	Unfinished []string
}

// Empty says that there is no run.
func (f *Found) Empty() bool { return len(f.results) == 0 && len(f.Unfinished) == 0 }

// Scan looks for runs right below a directory. It opens no file, and follows no symbolic link.
func Scan(out string) (*Found, error) {
	entries, err := os.ReadDir(out)
	if err != nil {
		return nil, err
	}
	found := &Found{results: map[string]stamp{}}
	for _, e := range entries {
		if !e.IsDir() || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		switch info, err := os.Lstat(filepath.Join(out, e.Name(), compare.ResultFile)); {
		case err == nil && info.Mode().IsRegular():
			found.results[e.Name()] = stamp{info.ModTime().UnixNano(), info.Size()}
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			return nil, err
		default:
			if _, err := os.Lstat(filepath.Join(out, e.Name(), report.EventsFile)); err == nil {
				found.Unfinished = append(found.Unfinished, e.Name())
			}
		}
	}
	return found, nil
}

// fold reads the result of a run, with its stamp from before that: one that is replaced meanwhile is read again next time.
func fold(out, dir string) (Run, stamp, error) {
	path := filepath.Join(out, dir, compare.ResultFile)
	info, err := os.Lstat(path)
	if err != nil {
		return Run{}, stamp{}, err
	}
	of := stamp{info.ModTime().UnixNano(), info.Size()}
	if !info.Mode().IsRegular() {
		return Run{}, of, fmt.Errorf("%s is no regular file", path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return Run{}, of, err
	}
	r := &report.Result{}
	if err := json.Unmarshal(text, r); err != nil {
		return Run{}, of, fmt.Errorf("%s is not a result of chaosctl: %w", path, err)
	}
	if r.Kind != "Result" || r.APIVersion != report.ResultVersion {
		return Run{}, of, fmt.Errorf("%s is not a result that this version reads: expected kind Result of %s, found %q of %q", path, report.ResultVersion, r.Kind, r.APIVersion)
	}
	return runOf(r, dir), of, nil
}
