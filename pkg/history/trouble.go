package history

import (
	"errors"
	"fmt"
	"strings"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// What keeps an index from being used.
var (
	// ErrNewer is that of an index which a newer version of this program has made.
	ErrNewer = errors.New("it was made by a newer version of chaosctl")
	// ErrForeign is that of a database of another program.
	ErrForeign = errors.New("it is a database of something else")
	// ErrBroken is that of a file which SQLite cannot read.
	ErrBroken = errors.New("it is broken")
	// ErrBusy is that of an index which another process did not let go of in time.
	ErrBusy = errors.New("another process holds it")
	// ErrFull is that of a disk without room.
	ErrFull = errors.New("the disk is full")
	// ErrUnwritable is that of a place where this process may not write.
	ErrUnwritable = errors.New("it cannot be written")
)

// Trouble is an error of an index. Nothing is lost by it: the runs are in their directories.
type Trouble struct {
	// Path is that of the index.
	Path string
	// Err is one of those above, or another.
	Err error
}

func (t *Trouble) Error() string {
	return fmt.Sprintf("the index of runs %s cannot be used: %v", t.Path, t.Err)
}

// Unwrap gives the cause.
func (t *Trouble) Unwrap() error { return t.Err }

// Mend says what to do.
func (t *Trouble) Mend() string {
	switch {
	case errors.Is(t.Err, ErrNewer):
		return "use that version, or have this one make the index anew from the runs by `chaosctl history --rebuild`"
	case errors.Is(t.Err, ErrForeign):
		return "move that file away: `chaosctl history` makes the index anew from the runs"
	case errors.Is(t.Err, ErrBroken):
		return "`chaosctl history --rebuild` makes it anew from the runs"
	case errors.Is(t.Err, ErrFull):
		return "make room, and the next `chaosctl history` brings the index up to date"
	case errors.Is(t.Err, ErrUnwritable):
		return "where it can be written, `chaosctl history` brings the index up to date"
	}
	return "the next `chaosctl history` brings the index up to date"
}

// trouble tells what an error of the database means for the index; errors of files that are no part of it stay as they are.
func (x *Index) trouble(err error) error {
	var known *Trouble
	if err == nil || errors.As(err, &known) {
		return err
	}
	var of *sqlite.Error
	if errors.As(err, &of) {
		switch of.Code() & 0xff { // without what extends it
		case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
			err = fmt.Errorf("%w (%w)", ErrBusy, err)
		case sqlite3.SQLITE_FULL:
			err = fmt.Errorf("%w (%w)", ErrFull, err)
		case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM:
			err = fmt.Errorf("%w (%w)", ErrUnwritable, err)
		case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_SCHEMA, sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_MISMATCH:
			err = fmt.Errorf("%w (%w)", ErrBroken, err)
		}
	}
	return &Trouble{Path: x.path, Err: err}
}

func quoted(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }
