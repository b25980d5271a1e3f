package history

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/chaosctl/chaosctl/pkg/compare"
	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/report"
)

// settled is how long a run must be over before it may be removed: it still writes reports, and lets go of its target.
const settled = time.Minute

// doomed begins the name of a directory that is being removed. One that is found later was left by a process that ended meanwhile.
const doomed = ".removing-"

// Pruned is what removing runs came to.
type Pruned struct {
	// Removed are the runs that were removed, or that would be; Bytes is the size of their files.
	Removed []Run
	Bytes   int64
	// Spared are those that were not, and why.
	Spared []Spared
}

// Spared is a run that was not removed.
type Spared struct {
	Run
	Reason string
}

// Prune removes the directories of runs that need not be kept, and takes them out of the index, which must be in step. It removes
// a directory only if that is one of a run for sure, holds nothing else, and the run is over and has put everything back. It
// follows no symbolic link. A process that ends in the middle leaves no half of a run: a directory is renamed first, and what
// is left of it is removed the next time. A dry run changes nothing. Errors are of single directories: the others are
// removed all the same.
func (x *Index) Prune(ctx context.Context, keep Keep, now time.Time, dryRun bool) (*Pruned, error) {
	all, err := x.Runs(ctx, Query{})
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(x.out)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	var errs []error
	if !dryRun {
		errs = append(errs, sweep(root))
	}
	pruned := &Pruned{}
	for _, r := range keep.Spare(all) {
		if ctx.Err() != nil {
			errs = append(errs, ctx.Err())
			break
		}
		size, reason := removable(root, &r, now)
		if reason != "" {
			pruned.Spared = append(pruned.Spared, Spared{r, reason})
			continue
		}
		if !dryRun {
			if err := remove(root, r.Dir); err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", filepath.Join(x.out, r.Dir), err))
				continue
			}
		}
		pruned.Removed = append(pruned.Removed, r)
		pruned.Bytes += size
	}
	if !dryRun && len(pruned.Removed) > 0 {
		if found, err := Scan(x.out); err == nil {
			_, _ = x.Sync(context.WithoutCancel(ctx), found) // where it cannot be written, whoever reads it next brings it in step
		}
	}
	return pruned, errors.Join(errs...)
}

func remove(root *os.Root, dir string) error {
	if err := root.Rename(dir, doomed+dir); err != nil {
		return err
	}
	return root.RemoveAll(doomed + dir)
}

// sweep removes what a process has left that ended while it removed runs.
func sweep(root *os.Root) error {
	entries, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		return err
	}
	var errs []error
	for _, e := range entries {
		if e.IsDir() && strings.HasPrefix(e.Name(), doomed) {
			errs = append(errs, root.RemoveAll(e.Name()))
		}
	}
	return errors.Join(errs...)
}

// removable gives the size of a run's files, or says why its directory may not be removed.
func removable(root *os.Root, r *Run, now time.Time) (size int64, reason string) {
	if info, err := root.Lstat(r.Dir); err != nil {
		return 0, fmt.Sprintf("it cannot be looked at: %v", err)
	} else if !info.IsDir() {
		return 0, "it is no directory"
	}
	dir, err := root.OpenRoot(r.Dir)
	if err != nil {
		return 0, fmt.Sprintf("it cannot be looked at: %v", err)
	}
	defer dir.Close()
	entries, err := fs.ReadDir(dir.FS(), ".")
	if err != nil {
		return 0, fmt.Sprintf("it cannot be looked at: %v", err)
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() || !slices.Contains(filesOfARun(), strings.TrimSuffix(e.Name(), ".tmp")) {
			return 0, fmt.Sprintf("it holds %s, which is no file of a run", e.Name())
		}
		size += info.Size()
	}
	return size, unsettled(dir, r, now)
}

// filesOfARun are all that a run, and report, write into its directory.
func filesOfARun() []string {
	return []string{report.EventsFile, report.SamplesFile, report.JournalFile, compare.ResultFile, "report.html", "junit.xml", "summary.md"}
}

// unsettled says why a run may not be forgotten yet, by what its directory says now.
func unsettled(dir *os.Root, r *Run, now time.Time) string {
	text, err := dir.ReadFile(compare.ResultFile)
	if err != nil {
		return fmt.Sprintf("it has no result: %v", err)
	}
	var result report.Result
	switch err := json.Unmarshal(text, &result); {
	case err != nil || result.Kind != "Result":
		return "its result cannot be read"
	case result.RunID != r.Dir:
		return "somebody has renamed it: its run is " + result.RunID
	case result.Undo != report.UndoClean && result.Undo != report.UndoDiverged:
		return "not everything was put back (see chaosctl status); once it is, remove the directory by hand"
	case now.Sub(result.EndedAt) < settled:
		return "it has only just ended"
	}
	switch over, err := isOver(dir); {
	case err != nil:
		return fmt.Sprintf("it is not known to be over: %v", err)
	case !over:
		return "it is not known to be over: its log has no end, as of one that is under way or was killed"
	}
	return ""
}

// isOver says whether the log of a run has its end, which is among the last of its lines.
func isOver(dir *os.Root) (bool, error) {
	const most = 64 << 10
	file, err := dir.Open(report.EventsFile)
	if err != nil {
		return false, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return false, err
	}
	tail, err := io.ReadAll(io.NewSectionReader(file, max(0, info.Size()-most), most))
	if err != nil {
		return false, err
	}
	for line := range bytes.Lines(tail) {
		var e event.Event
		if json.Unmarshal(line, &e) != nil {
			continue // the end of a line that begins before, or one that is torn
		}
		if _, ended := e.Payload.(event.RunEnded); ended {
			return true, nil
		}
	}
	return false, nil
}
