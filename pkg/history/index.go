package history

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"time"

	_ "modernc.org/sqlite" // the driver
)

// File is the name of the index, in the directory that holds the runs.
const File = "history.db"

// patience is how long one process waits for another that uses the index.
const patience = 3 * time.Second

// Index is an index that is open. Its errors are of type [Trouble] where the index is to blame. It may be used by several
// goroutines, and by several processes, at once.
type Index struct {
	db   *sql.DB
	path string
	// out is the directory that holds the runs.
	out string
}

// Open opens the index of a directory, which it makes where it is missing; the directory must be there.
func Open(ctx context.Context, out string) (*Index, error) {
	return open(ctx, out, patience)
}

func open(ctx context.Context, out string, patience time.Duration) (*Index, error) {
	source, err := sourceOf(out, patience)
	if err != nil {
		return nil, err
	}
	return connect(ctx, filepath.Join(out, File), out, source)
}

// sourceOf is what the driver opens.
func sourceOf(out string, patience time.Duration) (string, error) {
	path, err := filepath.Abs(filepath.Join(out, File))
	if err != nil {
		return "", err
	}
	options := url.Values{
		"_pragma": {fmt.Sprintf("busy_timeout(%d)", patience.Milliseconds()), "foreign_keys(1)"},
		"_txlock": {"immediate"}, "_dqs": {"0"}, "_defensive": {"1"},
	}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + options.Encode(), nil
}

// OpenMemory gives an index of a directory that is kept nowhere, for a caller who cannot have the other. It is empty until it is
// brought in step.
func OpenMemory(ctx context.Context, out string) (*Index, error) {
	return connect(ctx, "in memory", out, "file::memory:?_pragma=foreign_keys(1)")
}

func connect(ctx context.Context, path, out, source string) (*Index, error) {
	x, err := dial(path, out, source)
	if err != nil {
		return nil, err
	}
	if err := prepare(ctx, x.db); err != nil {
		return nil, errors.Join(x.trouble(err), x.Close())
	}
	return x, nil
}

// dial gives an index of which nothing has been read yet.
func dial(path, out, source string) (*Index, error) {
	x := &Index{path: path, out: out}
	db, err := sql.Open("sqlite", source)
	if err != nil {
		return nil, x.trouble(err)
	}
	db.SetMaxOpenConns(1) // what is in memory belongs to one connection, and a single command has no use for more
	x.db = db
	return x, nil
}

// Close closes the index.
func (x *Index) Close() error { return x.trouble(x.db.Close()) }

// Rebuild makes the index of a directory anew from the results that are there. It replaces one of a newer version, and
// one that is broken, which it sets aside as history.db.broken, but no database of another program.
func Rebuild(ctx context.Context, out string) (*Synced, error) {
	found, err := Scan(out)
	if err != nil {
		return nil, err
	}
	x, err := emptied(ctx, out)
	if errors.Is(err, ErrBroken) {
		if err := setAside(out); err != nil {
			return nil, err
		}
		x, err = Open(ctx, out)
	}
	if err != nil {
		return nil, err
	}
	synced, err := x.Sync(ctx, found)
	return synced, errors.Join(err, x.Close())
}

// setAside renames an index that is broken: it may be a file of somebody's that is called so. What is left of a transaction goes
// first, since it would be played back into the new file.
func setAside(out string) error {
	path := filepath.Join(out, File)
	if err := os.Remove(path + "-journal"); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return os.Rename(path, path+".broken")
}

// emptied opens the index without what it holds.
func emptied(ctx context.Context, out string) (*Index, error) {
	source, err := sourceOf(out, patience)
	if err != nil {
		return nil, err
	}
	x, err := dial(filepath.Join(out, File), out, source)
	if err != nil {
		return nil, err
	}
	err = x.write(ctx, func(tx *sql.Tx) error {
		if _, err := usable(ctx, tx); err != nil && !errors.Is(err, ErrNewer) {
			return err
		}
		return remake(ctx, tx)
	})
	if err != nil {
		return nil, errors.Join(err, x.Close())
	}
	return x, nil
}

// Synced is what bringing an index in step came to.
type Synced struct {
	// Runs is how many the index holds now; Read and Gone are how many of them were read, and how many were taken out.
	Runs, Read, Gone int
	// Unreadable are the errors of results that could not be read: they are not in the index.
	Unreadable []error
}

// Sync brings the index in step with what was found: results that it does not have, or that were made again since, are read,
// and runs whose directories are gone are taken out. Results are read before the index is locked.
func (x *Index) Sync(ctx context.Context, found *Found) (*Synced, error) {
	rows, err := x.db.QueryContext(ctx, `SELECT dir, modified, size FROM runs`)
	if err != nil {
		return nil, x.trouble(err)
	}
	type row struct {
		dir string
		stamp
	}
	known, err := collect(rows, func(r *row) []any { return []any{&r.dir, &r.modified, &r.size} })
	if err != nil {
		return nil, x.trouble(err)
	}
	had := map[string]stamp{}
	for _, k := range known {
		had[k.dir] = k.stamp
	}
	synced := &Synced{}
	var read []Run
	var stamps []stamp
	var gone []string
	for _, dir := range slices.Sorted(maps.Keys(found.results)) {
		if is, ok := had[dir]; ok && is == found.results[dir] {
			continue
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		run, of, err := fold(x.out, dir)
		if err != nil {
			synced.Unreadable = append(synced.Unreadable, err)
			if _, ok := had[dir]; ok {
				gone = append(gone, dir)
			}
			continue
		}
		read, stamps = append(read, run), append(stamps, of)
	}
	for _, k := range known {
		if _, ok := found.results[k.dir]; !ok {
			gone = append(gone, k.dir)
		}
	}
	synced.Read, synced.Gone, synced.Runs = len(read), len(gone), len(found.results)-len(synced.Unreadable)
	if len(read)+len(gone) == 0 {
		return synced, nil
	}
	return synced, x.write(ctx, func(tx *sql.Tx) error {
		for _, dir := range gone {
			if _, err := tx.ExecContext(ctx, `DELETE FROM runs WHERE dir = ?`, dir); err != nil {
				return err
			}
		}
		for i := range read {
			if err := put(ctx, tx, &read[i], stamps[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

// Record takes in the run whose directory has that name, below that of the index.
func (x *Index) Record(ctx context.Context, dir string) error {
	run, of, err := fold(x.out, dir)
	if err != nil {
		return err
	}
	return x.write(ctx, func(tx *sql.Tx) error { return put(ctx, tx, &run, of) })
}

// write does all that is in do, or nothing.
func (x *Index) write(ctx context.Context, do func(*sql.Tx) error) error {
	tx, err := x.db.BeginTx(ctx, nil)
	if err != nil {
		return x.trouble(err)
	}
	if err := do(tx); err != nil {
		_ = tx.Rollback() // the error that counts is the first one
		return x.trouble(err)
	}
	return x.trouble(tx.Commit())
}
