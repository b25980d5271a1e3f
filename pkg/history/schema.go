package history

import (
	"context"
	"database/sql"
	"fmt"
)

// An index bears the mark of this program and the version of its tables, where SQLite has places for both. The version counts what
// is kept of a result as well: where that changes, as by another rule for which runs are left out, all are to be read again.
const (
	applicationID = 0x63686173 // "chas"
	schemaVersion = 1
)

const schema = `
CREATE TABLE runs (
	dir        TEXT    PRIMARY KEY,
	modified   INTEGER NOT NULL, -- of the result, in nanoseconds since 1970
	size       INTEGER NOT NULL, -- of the result, in bytes
	run        TEXT    NOT NULL,
	experiment TEXT    NOT NULL,
	promise    TEXT    NOT NULL,
	target     TEXT    NOT NULL,
	game_day   TEXT    NOT NULL,
	source     TEXT    NOT NULL,
	sha256     TEXT    NOT NULL,
	seed       INTEGER NOT NULL,
	verdict    TEXT    NOT NULL,
	exit_code  INTEGER NOT NULL,
	undo       TEXT    NOT NULL,
	started    INTEGER NOT NULL, -- in nanoseconds since 1970; 0 where it is not known
	ended      INTEGER NOT NULL,
	cluster    TEXT    NOT NULL,
	kubernetes TEXT    NOT NULL,
	version    TEXT    NOT NULL,
	why        TEXT    NOT NULL,
	left_out   TEXT    NOT NULL
) STRICT;
CREATE INDEX runs_started ON runs (started);
CREATE TABLE figures (
	dir      TEXT    NOT NULL REFERENCES runs ON DELETE CASCADE,
	position INTEGER NOT NULL,
	metric   TEXT    NOT NULL,
	part     TEXT    NOT NULL, -- the stream, or the phase
	value    REAL    NOT NULL,
	at_least INTEGER NOT NULL,
	PRIMARY KEY (dir, position)
) STRICT, WITHOUT ROWID;
`

// prepare makes the tables where there are none. Those of an older version are made anew, since all that they hold stands in
// the results too; those of a newer one, or of another program, are left as they are, and refused.
func prepare(ctx context.Context, db *sql.DB) error {
	if ready, err := usable(ctx, db); ready || err != nil {
		return err
	}
	tx, err := db.BeginTx(ctx, nil) // takes the lock for writing at once: of several processes, one makes the tables
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // does nothing once it is committed
	if ready, err := usable(ctx, tx); ready || err != nil {
		return err
	}
	if err := remake(ctx, tx); err != nil {
		return err
	}
	return tx.Commit()
}

// queryer is a database, or a transaction.
type queryer interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// usable says that the tables are those of this version.
func usable(ctx context.Context, q queryer) (bool, error) {
	var of, version, tables int
	err := q.QueryRowContext(ctx, `SELECT (SELECT application_id FROM pragma_application_id), (SELECT user_version FROM pragma_user_version), (SELECT count(*) FROM sqlite_schema)`).Scan(&of, &version, &tables)
	switch {
	case err != nil:
		return false, err
	case tables > 0 && of != applicationID:
		return false, ErrForeign
	case version > schemaVersion:
		return false, fmt.Errorf("%w: its tables are of version %d, and this one knows up to %d", ErrNewer, version, schemaVersion)
	}
	return tables > 0 && version == schemaVersion, nil
}

// remake drops all tables, and makes those of this version.
func remake(ctx context.Context, q queryer) error {
	rows, err := q.QueryContext(ctx, `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name`)
	if err != nil {
		return err
	}
	names, err := collect(rows, func(name *string) []any { return []any{name} })
	if err != nil {
		return err
	}
	for _, name := range names { // figures before runs, which they refer to
		if _, err := q.ExecContext(ctx, `DROP TABLE `+quoted(name)); err != nil {
			return err
		}
	}
	_, err = q.ExecContext(ctx, schema+fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d;", applicationID, schemaVersion))
	return err
}

// collect reads all rows into values; places gives where the columns of one go.
func collect[T any](rows *sql.Rows, places func(*T) []any) ([]T, error) {
	defer rows.Close()
	var all []T
	for rows.Next() {
		var one T
		if err := rows.Scan(places(&one)...); err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, rows.Err()
}
