package apply

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/chaosctl/chaosctl/pkg/inject"
)

// Journal records what is about to be done, durably (G1).
type Journal interface {
	// Append returns when the entry would survive the loss of this process and of power.
	Append(Entry) error
}

// Step is what an entry says of its change.
type Step string

// The steps.
const (
	Intended Step = "intended"
	Undone   Step = "undone"
)

// Entry is one line of a journal.
type Entry struct {
	Run    string         `json:"run"`
	Step   Step           `json:"step"`
	Change *inject.Change `json:"change"`
}

// FileJournal is a journal in a local file, one JSON object a line, synced after each. It may be used by several
// goroutines at once.
type FileJournal struct {
	mu   sync.Mutex
	file *os.File
	size int64 // of all whole lines
}

// CreateFileJournal makes the file, readable by its owner alone: originals may be confidential. Its name survives the
// loss of power too, and that of its directory, which may be new.
func CreateFileJournal(path string) (*FileJournal, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("cannot create the journal: %w", err)
	}
	directory := filepath.Dir(path)
	if err := errors.Join(syncDirectory(directory), syncDirectory(filepath.Dir(directory))); err != nil {
		return nil, errors.Join(fmt.Errorf("cannot create the journal: %w", err), file.Close())
	}
	return &FileJournal{file: file}, nil
}

func syncDirectory(path string) error {
	directory, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(directory.Sync(), directory.Close())
}

// Append writes an entry, as a whole line or not at all, and syncs the file.
func (j *FileJournal) Append(e Entry) error {
	text, err := json.Marshal(e)
	if err != nil {
		return err
	}
	text = append(text, '\n')
	j.mu.Lock()
	defer j.mu.Unlock()
	if _, err := j.file.Write(text); err != nil {
		return errors.Join(err, j.file.Truncate(j.size))
	}
	j.size += int64(len(text))
	return j.file.Sync()
}

// Close closes the file.
func (j *FileJournal) Close() error { return errors.Join(j.file.Sync(), j.file.Close()) }

func mustJSON(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return text
}
