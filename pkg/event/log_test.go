package event_test

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/event"
)

func readAll(t *testing.T, text string) (events []event.Event, err error) {
	t.Helper()
	err = event.Read(strings.NewReader(text), func(e event.Event) error {
		events = append(events, e)
		return nil
	})
	return events, err
}

func TestRead(t *testing.T) {
	const one, two = `{"t":1,"type":"note","data":{"level":"info","message":"one"}}`, `{"t":2,"type":"note","data":{"level":"info","message":"two"}}`
	for name, c := range map[string]struct {
		text  string
		count int
		want  string
	}{
		"nothing":            {"", 0, ""},
		"whole":              {one + "\n" + two + "\n", 2, ""},
		"torn at the end":    {one + "\n" + two[:20], 1, ""},
		"torn before \\n":    {one + "\n" + two, 1, ""},
		"broken in between":  {one + "\n" + two[:20] + "\n" + two + "\n", 1, "line 2: "},
		"broken at the end":  {one + "\n" + two + "\n{}x\n", 2, "line 3: "},
		"longer than buffer": {strings.Replace(one, "one", strings.Repeat("x", 1<<18), 1) + "\n" + two + "\n", 2, ""},
	} {
		t.Run(name, func(t *testing.T) {
			events, err := readAll(t, c.text)
			assert.Len(t, events, c.count)
			if c.want == "" {
				assert.NoError(t, err)
			} else {
				assert.ErrorContains(t, err, c.want)
			}
		})
	}
}

func TestReadStops(t *testing.T) {
	enough := errors.New("enough")
	line := `{"t":1,"type":"note","data":{}}` + "\n"
	assert.ErrorIs(t, event.Read(strings.NewReader(line+line), func(event.Event) error { return enough }), enough)
	failing := errors.New("the disk is gone")
	assert.ErrorIs(t, event.Read(brokenReader{failing}, func(event.Event) error { return nil }), failing)
}

type brokenReader struct{ err error }

func (r brokenReader) Read([]byte) (int, error) { return 0, r.err }

func TestLogConcurrently(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.jsonl")
	followed := 0
	log, err := event.CreateLog(path, event.NewClock(time.Now()), event.SinkFunc(func(event.Event) { followed++ }))
	require.NoError(t, err)
	const writers, each = 16, 100
	var wait sync.WaitGroup
	for w := range writers {
		wait.Go(func() {
			for i := range each {
				log.Record(event.Noted{Level: "info", Message: fmt.Sprintf("%d/%d %s", w, i, strings.Repeat("x", 2000))})
			}
		})
	}
	wait.Wait()
	require.NoError(t, log.Close())
	assert.Equal(t, writers*each, followed)
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	events, err := readAll(t, string(text))
	require.NoError(t, err)
	assert.Len(t, events, writers*each)
}

func TestLogIsNotOverwritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.jsonl")
	require.NoError(t, os.WriteFile(path, []byte("a record"), 0o600))
	_, err := event.CreateLog(path, event.NewClock(time.Now()))
	assert.ErrorIs(t, err, os.ErrExist)
}

// TestLogWithoutSpace lets the file grow no further in the middle of a line, and then again: what was lost is told, and
// what was written can be read.
func TestLogWithoutSpace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.jsonl")
	followed := 0
	log, err := event.CreateLog(path, event.NewClock(time.Now()), event.SinkFunc(func(event.Event) { followed++ }))
	require.NoError(t, err)
	log.Record(event.Noted{Message: "fits"})
	limitFileSize(t, 150, func() {
		log.Record(event.Noted{Message: strings.Repeat("too long ", 20)})
		log.Record(event.Noted{Message: strings.Repeat("too long ", 20)})
	})
	log.Record(event.Noted{Message: "fits again"})
	assert.ErrorIs(t, log.Close(), syscall.EFBIG)
	assert.Equal(t, 4, followed, "followers are told all the same")
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	events, err := readAll(t, string(text))
	require.NoError(t, err)
	require.Len(t, events, 2)
	assert.Equal(t, event.Noted{Message: "fits again"}, events[1].Payload)
}

// limitFileSize stands in for a disk that is full.
func limitFileSize(t *testing.T, size uint64, do func()) {
	t.Helper()
	signal.Ignore(syscall.SIGXFSZ)
	defer signal.Reset(syscall.SIGXFSZ)
	var before syscall.Rlimit
	require.NoError(t, syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before))
	require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: size, Max: before.Max}))
	defer func() { require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before)) }()
	do()
}

func TestClock(t *testing.T) {
	base := time.Now()
	clock := event.NewClock(base)
	assert.Equal(t, base, clock.Base())
	assert.Equal(t, event.Instant(time.Second), clock.At(base.Add(time.Second)))
	first := clock.Now()
	assert.GreaterOrEqual(t, clock.Now(), first)
}
