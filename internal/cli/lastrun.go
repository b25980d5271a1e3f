package cli

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/chaosctl/chaosctl/pkg/experiment"
)

// memory remembers the last instant of a game day's schedule that was dealt with: a program that is started again, or takes over
// from another, neither runs it twice nor forgets what was due since.
type memory interface {
	// read is the instant, zero where there is none.
	read(ctx context.Context) (time.Time, error)
	// write keeps the instant. Where the error is not known to be harmless, strict, what is about to be run must not be.
	write(ctx context.Context, at time.Time) error
	strict() bool
}

// lastRun remembers in a file.
type lastRun struct {
	// path is that of the file, "" where nothing is to be remembered.
	path string
	day  *experiment.GameDay
}

// newLastRun remembers in a file of a directory; "" is that of the user. Game days of one name in several files are told apart.
// Where nothing is made up for, or the game day came from standard input, nothing is remembered.
func newLastRun(directory, file string, day *experiment.GameDay) (lastRun, error) {
	l := lastRun{day: day}
	if day.Spec.StartingDeadline == nil || file == "-" {
		return l, nil
	}
	if directory == "" {
		directory = os.Getenv("XDG_STATE_HOME")
		if directory == "" {
			home, err := os.UserHomeDir()
			if err != nil {
				return l, fmt.Errorf("%w (see --state)", err)
			}
			directory = filepath.Join(home, ".local", "state")
		}
		directory = filepath.Join(directory, "chaosctl", "gamedays")
	}
	whole, err := filepath.Abs(file)
	if err != nil {
		return l, err
	}
	sum := sha256.Sum256([]byte(whole))
	l.path = filepath.Join(directory, fmt.Sprintf("%s-%x.json", day.Metadata.Name, sum[:4]))
	return l, nil
}

// lastRunFile is what is written.
type lastRunFile struct {
	GameDay string `json:"gameDay"`
	// Schedule is the text of what it was an instant of: another schedule has no such instant to make up for.
	Schedule string    `json:"schedule"`
	At       time.Time `json:"at"`
}

// scheduleText tells a schedule from another one, of which nothing is to be made up for.
func scheduleText(day *experiment.GameDay) string {
	s := day.Spec
	if !s.At.IsZero() {
		return s.At.String() + " " + s.TimeZone
	}
	return s.Schedule + " " + s.TimeZone
}

func (l lastRun) read(context.Context) (time.Time, error) {
	if l.path == "" {
		return time.Time{}, nil
	}
	text, err := os.ReadFile(l.path)
	if errors.Is(err, fs.ErrNotExist) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, err
	}
	var file lastRunFile
	if err := json.Unmarshal(text, &file); err != nil {
		return time.Time{}, fmt.Errorf("%s is broken: %w", l.path, err)
	}
	if file.Schedule != scheduleText(l.day) {
		return time.Time{}, nil
	}
	return file.At, nil
}

// strict is false: who keeps no memory still has its game days run.
func (lastRun) strict() bool { return false }

// write keeps the instant. A reader sees the one before or this one, even after a crash.
func (l lastRun) write(_ context.Context, at time.Time) error {
	if l.path == "" {
		return nil
	}
	text, err := json.Marshal(lastRunFile{l.day.Metadata.Name, scheduleText(l.day), at.UTC()})
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(l.path), 0o755); err != nil {
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(l.path), "."+l.day.Metadata.Name+"-*")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	_, err = file.Write(append(text, '\n'))
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), l.path)
}
