package history

import (
	"context"
	"database/sql"
	"math"
	"strings"
	"time"

	"github.com/chaosctl/chaosctl/pkg/report"
)

// Query chooses runs. Its zero value chooses all.
type Query struct {
	// Since leaves out runs that started before; zero is none.
	Since time.Time
	// Verdict, Promise, Experiment and GameDay choose the runs that have just this; "" is any.
	Verdict    report.Verdict
	Promise    string
	Experiment string
	GameDay    string
	// Last is how many of the newest to give; 0 is all.
	Last int
}

// where is the condition of a query, with the values in it.
func (q Query) where() (text string, values []any) {
	conditions := []string{"1"}
	add := func(condition string, value any) {
		conditions, values = append(conditions, condition), append(values, value)
	}
	if !q.Since.IsZero() {
		add("started >= ?", nanoseconds(q.Since))
	}
	for _, c := range []struct{ column, value string }{
		{"verdict", string(q.Verdict)}, {"promise", q.Promise}, {"experiment", q.Experiment}, {"game_day", q.GameDay},
	} {
		if c.value != "" {
			add(c.column+" = ?", c.value)
		}
	}
	return strings.Join(conditions, " AND "), values
}

const columns = `dir, run, experiment, promise, target, game_day, source, sha256, seed, verdict, exit_code, undo, started, ended, cluster, kubernetes, version, why, left_out`

// Runs gives the runs that a query chooses, the newest last.
func (x *Index) Runs(ctx context.Context, q Query) ([]Run, error) {
	where, values := q.where()
	order := ` ORDER BY started DESC, dir DESC`
	if q.Last > 0 {
		order += ` LIMIT ?`
		values = append(values, q.Last)
	}
	// One transaction, so that the figures are those of the runs: a run may be taken in meanwhile.
	tx, err := x.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, x.trouble(err)
	}
	defer func() { _ = tx.Rollback() }() // there is nothing to commit
	rows, err := tx.QueryContext(ctx, `SELECT `+columns+` FROM runs WHERE `+where+order, values...)
	if err != nil {
		return nil, x.trouble(err)
	}
	type row struct {
		Run
		started int64
		ended   int64
	}
	found, err := collect(rows, func(r *row) []any {
		return []any{
			&r.Dir, &r.RunID, &r.Experiment, &r.Promise, &r.Target, &r.GameDay, &r.Source, &r.SHA256, &r.Seed, &r.Verdict, &r.ExitCode, &r.Undo,
			&r.started, &r.ended, &r.Cluster, &r.Kubernetes, &r.Version, &r.Why, &r.LeftOut,
		}
	})
	if err != nil {
		return nil, x.trouble(err)
	}
	figures, err := x.figures(ctx, tx, `SELECT dir FROM runs WHERE `+where+order, values)
	if err != nil {
		return nil, x.trouble(err)
	}
	all := make([]Run, len(found))
	for i, f := range found {
		f.StartedAt, f.EndedAt = instant(f.started), instant(f.ended)
		if f.Figures = figures[f.Dir]; f.Figures == nil {
			f.Figures = []Figure{}
		}
		all[len(found)-1-i] = f.Run
	}
	return all, nil
}

// figures reads those of the runs that a query of their directories gives.
func (x *Index) figures(ctx context.Context, q queryer, of string, values []any) (map[string][]Figure, error) {
	rows, err := q.QueryContext(ctx, `SELECT dir, metric, part, value, at_least FROM figures WHERE dir IN (`+of+`) ORDER BY dir, position`, values...)
	if err != nil {
		return nil, err
	}
	type row struct {
		dir string
		Figure
	}
	found, err := collect(rows, func(r *row) []any { return []any{&r.dir, &r.Metric, &r.Of, &r.Value, &r.AtLeast} })
	if err != nil {
		return nil, err
	}
	all := map[string][]Figure{}
	for _, f := range found {
		all[f.dir] = append(all[f.dir], f.Figure)
	}
	return all, nil
}

// Names gives all values of what a run can be chosen by, in order: of experiments, or of game days.
func (x *Index) Names(ctx context.Context, of NameOf) ([]string, error) {
	rows, err := x.db.QueryContext(ctx, `SELECT DISTINCT `+string(of)+` FROM runs WHERE `+string(of)+` <> '' ORDER BY 1`)
	if err != nil {
		return nil, x.trouble(err)
	}
	names, err := collect(rows, func(name *string) []any { return []any{name} })
	return names, x.trouble(err)
}

// NameOf says what names are asked for.
type NameOf string

// What runs can be chosen by.
const (
	OfExperiment NameOf = "experiment"
	OfGameDay    NameOf = "game_day"
)

// put takes a run in, in the place of what was there of it.
func put(ctx context.Context, q queryer, r *Run, of stamp) error {
	_, err := q.ExecContext(ctx, `DELETE FROM runs WHERE dir = ?`, r.Dir)
	if err != nil {
		return err
	}
	_, err = q.ExecContext(ctx, `INSERT INTO runs (`+columns+`, modified, size) VALUES (?`+strings.Repeat(", ?", 20)+`)`,
		r.Dir, r.RunID, r.Experiment, r.Promise, r.Target, r.GameDay, r.Source, r.SHA256, r.Seed, string(r.Verdict), r.ExitCode, string(r.Undo),
		nanoseconds(r.StartedAt), nanoseconds(r.EndedAt), r.Cluster, r.Kubernetes, r.Version, r.Why, r.LeftOut, of.modified, of.size)
	if err != nil {
		return err
	}
	for i, f := range r.Figures {
		_, err := q.ExecContext(ctx, `INSERT INTO figures (dir, position, metric, part, value, at_least) VALUES (?, ?, ?, ?, ?, ?)`,
			r.Dir, i, string(f.Metric), f.Of, f.Value, f.AtLeast)
		if err != nil {
			return err
		}
	}
	return nil
}

// nanoseconds is a time as the tables have it: since 1970; 0 for none. Beyond the year 2262 all are one.
func nanoseconds(t time.Time) int64 {
	switch last := time.Unix(0, math.MaxInt64); {
	case t.IsZero():
		return 0
	case t.After(last):
		return math.MaxInt64
	}
	return t.UnixNano()
}

func instant(nanoseconds int64) time.Time {
	if nanoseconds == 0 {
		return time.Time{}
	}
	return time.Unix(0, nanoseconds).UTC()
}
