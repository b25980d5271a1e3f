package apply

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"

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

// FileJournal is a journal in a local file, one JSON object a line, synced after each.
type FileJournal struct{ file *os.File }

// CreateFileJournal makes the file, readable by its owner alone: originals may be confidential.
func CreateFileJournal(path string) (*FileJournal, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("cannot create the journal: %w", err)
	}
	return &FileJournal{file}, nil
}

// Append writes an entry and syncs the file.
func (j *FileJournal) Append(e Entry) error {
	text, err := json.Marshal(e)
	if err != nil {
		return err
	}
	if _, err := j.file.Write(append(text, '\n')); err != nil {
		return err
	}
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
