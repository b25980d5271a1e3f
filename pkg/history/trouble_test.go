package history

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// This program records runs when it is started by a test: those of the directory recorder, recorderRuns of them from the one of
// the number recorderFrom on; again and again, each time telling so, where that is endless.
const recorder, recorderFrom, recorderRuns, endless = "HISTORY_TEST_OUT", "HISTORY_TEST_FROM", 10, "endless"

func TestMain(m *testing.M) {
	out := os.Getenv(recorder)
	if out == "" {
		os.Exit(m.Run())
	}
	from, err := strconv.Atoi(os.Getenv(recorderFrom))
	if os.Getenv(recorderFrom) == endless {
		from, err = 0, nil
	}
	for n := from; err == nil && n < from+recorderRuns; n++ {
		var x *Index
		if x, err = Open(context.Background(), out); err == nil {
			err = x.Record(context.Background(), fmt.Sprintf("r%03d", n))
			_ = x.Close()
		}
		if os.Getenv(recorderFrom) == endless {
			fmt.Println(n)
			n %= recorderRuns - 1
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// TestKilled kills processes that record, and proves that each leaves an index that is whole.
func TestKilled(t *testing.T) {
	t.Parallel()
	out := several(t, recorderRuns)
	program, err := os.Executable()
	require.NoError(t, err)
	for after := range 8 {
		cmd := exec.CommandContext(t.Context(), program)
		cmd.Env = append(os.Environ(), recorder+"="+out, recorderFrom+"="+endless)
		told, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		lines := bufio.NewScanner(told)
		for range after + 1 {
			require.True(t, lines.Scan())
		}
		require.NoError(t, cmd.Process.Kill())
		_ = cmd.Wait() // it was killed

		x, err := Open(t.Context(), out)
		require.NoError(t, err)
		var whole string
		require.NoError(t, x.db.QueryRow(`PRAGMA integrity_check`).Scan(&whole))
		assert.Equal(t, "ok", whole)
		runs, err := x.Runs(t.Context(), Query{})
		require.NoError(t, err)
		assert.GreaterOrEqual(t, len(runs), min(after+1, recorderRuns-1), "what was told is there")
		for _, r := range runs {
			assert.Len(t, r.Figures, 5, "a run is there with all its figures, or not at all")
		}
		require.NoError(t, x.Close())
	}
}

// TestSeveralProcesses has processes make one index, and record runs in it, all at once.
func TestSeveralProcesses(t *testing.T) {
	t.Parallel()
	const processes = 4
	out := several(t, processes*recorderRuns)
	program, err := os.Executable()
	require.NoError(t, err)
	var all sync.WaitGroup
	for i := range processes {
		all.Go(func() {
			var errs bytes.Buffer
			cmd := exec.CommandContext(t.Context(), program)
			cmd.Env = append(os.Environ(), recorder+"="+out, fmt.Sprintf("%s=%d", recorderFrom, i*recorderRuns))
			cmd.Stderr = &errs
			assert.NoError(t, cmd.Run(), &errs)
		})
	}
	all.Wait()
	x := opened(t, out)
	assert.Len(t, dirs(t, x, Query{}), processes*recorderRuns)
	assert.Equal(t, &Synced{Runs: processes * recorderRuns}, inStep(t, x), "nothing was left to read")
}

// TestBusy proves that one who cannot write gives up in time, can still be told what was there, and writes later.
func TestBusy(t *testing.T) {
	t.Parallel()
	out := several(t, 2)
	holder := opened(t, out)
	require.NoError(t, holder.Record(t.Context(), "r000"))
	tx, err := holder.db.BeginTx(t.Context(), nil)
	require.NoError(t, err)

	x, err := open(t.Context(), out, 20*time.Millisecond)
	require.NoError(t, err)
	defer x.Close()
	err = x.Record(t.Context(), "r001")
	require.ErrorIs(t, err, ErrBusy)
	assert.ErrorContains(t, err, filepath.Join(out, File)+" cannot be used: another process holds it")
	assert.Equal(t, []string{"r000"}, dirs(t, x, Query{}))

	require.NoError(t, tx.Rollback())
	require.NoError(t, x.Record(t.Context(), "r001"))
	assert.Equal(t, []string{"r000", "r001"}, dirs(t, x, Query{}))
}

// TestBroken damages an index in several ways. Each is told, and mended by a rebuild.
func TestBroken(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(text []byte) []byte{
		"not a database": func([]byte) []byte { return []byte("these are notes about the runs, and no database at all\n") },
		"cut off":        func(text []byte) []byte { return text[:len(text)/2] },
		"overwritten": func(text []byte) []byte {
			for i := 100; i < len(text); i++ {
				text[i] = 0xa5
			}
			return text
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out := several(t, 40)
			path := filepath.Join(out, File)
			synced, err := Rebuild(t.Context(), out)
			require.NoError(t, err)
			require.Equal(t, 40, synced.Read)
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			damaged := damage(text)
			require.NoError(t, os.WriteFile(path, damaged, 0o644))
			require.NoError(t, os.WriteFile(path+"-journal", []byte("of a transaction"), 0o644))
			keep(t, out, aResult(40))

			err = recordOne(t, out, "r040")
			require.ErrorIs(t, err, ErrBroken)
			trouble := &Trouble{}
			require.ErrorAs(t, err, &trouble)
			assert.Contains(t, trouble.Mend(), "--rebuild")

			synced, err = Rebuild(t.Context(), out)
			require.NoError(t, err)
			assert.Equal(t, 41, synced.Read)
			assert.Len(t, dirs(t, opened(t, out), Query{}), 41)
			aside, err := os.ReadFile(path + ".broken")
			require.NoError(t, err)
			assert.Equal(t, damaged, aside, "it may be somebody's")
		})
	}
}

func recordOne(t *testing.T, out, dir string) error {
	t.Helper()
	x, err := Open(t.Context(), out)
	if err != nil {
		return err
	}
	defer x.Close()
	return x.Record(t.Context(), dir)
}

// TestForeign proves that the database of another program is neither used nor replaced.
func TestForeign(t *testing.T) {
	t.Parallel()
	out := several(t, 1)
	path := filepath.Join(out, File)
	db, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	_, err = db.Exec(`CREATE TABLE invoices (id INTEGER); INSERT INTO invoices VALUES (1)`)
	require.NoError(t, err)
	require.NoError(t, db.Close())
	before, err := os.ReadFile(path)
	require.NoError(t, err)

	assert.ErrorIs(t, recordOne(t, out, "r000"), ErrForeign)
	_, err = Rebuild(t.Context(), out)
	assert.ErrorIs(t, err, ErrForeign)
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, before, after)
}

// TestVersions proves that an index of an older version is made anew, and one of a newer version refused, until somebody wants
// it to be made anew.
func TestVersions(t *testing.T) {
	t.Parallel()
	out := several(t, 2)
	_, err := Rebuild(t.Context(), out)
	require.NoError(t, err)
	set := func(statements string) {
		x := opened(t, out)
		_, err := x.db.Exec(statements)
		require.NoError(t, err)
	}
	set(`DROP TABLE figures; ALTER TABLE runs DROP COLUMN why; PRAGMA user_version = 0`)
	x := opened(t, out)
	assert.Empty(t, dirs(t, x, Query{}))
	assert.Equal(t, 2, inStep(t, x).Read)

	set(`CREATE TABLE later (x INTEGER REFERENCES runs); PRAGMA user_version = 7`)
	err = recordOne(t, out, "r000")
	require.ErrorIs(t, err, ErrNewer)
	assert.ErrorContains(t, err, "cannot be used: it was made by a newer version of chaosctl: its tables are of version 7, and this one knows up to 1")
	synced, err := Rebuild(t.Context(), out)
	require.NoError(t, err)
	assert.Equal(t, 2, synced.Read)
	require.NoError(t, recordOne(t, out, "r000"))
}

// TestFull proves that a full disk is told as such, and that what the index had is still there.
func TestFull(t *testing.T) {
	t.Parallel()
	out := several(t, 1)
	x := opened(t, out)
	inStep(t, x)
	var pages int
	require.NoError(t, x.db.QueryRow(`PRAGMA page_count`).Scan(&pages))
	_, err := x.db.Exec(fmt.Sprintf(`PRAGMA max_page_count = %d`, pages))
	require.NoError(t, err)
	for n := range 100 {
		keep(t, out, aResult(n))
	}
	found, err := Scan(out)
	require.NoError(t, err)
	_, err = x.Sync(t.Context(), found)
	require.ErrorIs(t, err, ErrFull)
	assert.Equal(t, []string{"r000"}, dirs(t, x, Query{}))
}

// TestUnwritable proves that an index in a place that cannot be written, as in a mount for reading, is told as such.
func TestUnwritable(t *testing.T) {
	t.Parallel()
	out := several(t, 1)
	require.NoError(t, os.Mkdir(filepath.Join(out, File), 0o755)) // what is there cannot be opened, even by root
	err := recordOne(t, out, "r000")
	require.ErrorIs(t, err, ErrUnwritable)
	_, err = Rebuild(t.Context(), out)
	require.ErrorIs(t, err, ErrUnwritable)
}
