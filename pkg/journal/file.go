package journal

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"sync"
)

// castagnoli is the polynomial of the checksums: the one of ext4 and iSCSI, which processors compute.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// File is a journal in a local file, synced after each append: a line is a checksum and a JSON object, the first one the
// header. Values of confidential objects are not written to it. It may be used by several goroutines at once.
type File struct {
	mu   sync.Mutex
	file *os.File
	size int64 // of all whole lines
}

// LocalError is one of this machine, which does not pass by waiting for the API server.
type LocalError struct{ Err error }

func (e *LocalError) Error() string { return e.Err.Error() }

// Unwrap gives the cause.
func (e *LocalError) Unwrap() error { return e.Err }

// CreateFile makes the file, readable by its owner alone. Its name survives the loss of power too, and that of its
// directory, which may be new.
func CreateFile(path string, header Header) (*File, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("cannot create the journal: %w", err)
	}
	j := &File{file: file}
	directory := filepath.Dir(path)
	if err := errors.Join(j.write(header), syncDirectory(directory), syncDirectory(filepath.Dir(directory))); err != nil {
		return nil, errors.Join(fmt.Errorf("cannot create the journal: %w", err), file.Close())
	}
	return j, nil
}

func syncDirectory(path string) error {
	directory, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(directory.Sync(), directory.Close())
}

// Append writes the entries, as whole lines or not at all, and syncs the file once. Its errors are of type [LocalError].
func (j *File) Append(_ context.Context, entries ...Entry) error {
	records := make([]any, len(entries))
	for i, e := range entries {
		records[i] = withheld(e)
	}
	if err := j.write(records...); err != nil {
		return &LocalError{err}
	}
	return nil
}

func (j *File) write(records ...any) error {
	var lines []byte
	for _, r := range records {
		text, err := json.Marshal(r)
		if err != nil {
			return err
		}
		lines = fmt.Appendf(lines, "%08x %s\n", crc32.Checksum(text, castagnoli), text)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if _, err := j.file.Write(lines); err != nil {
		return errors.Join(err, j.file.Truncate(j.size))
	}
	j.size += int64(len(lines))
	return j.file.Sync()
}

// Close closes the file.
func (j *File) Close() error { return errors.Join(j.file.Sync(), j.file.Close()) }

// ReadFile reads a journal. A line that was not written to its end is the last one and is left out: nothing was sent on
// its account. Any other damage is an error, beside which the readable entries are returned.
func ReadFile(path string) (Header, []Entry, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Header{}, nil, err
	}
	lines := bytes.SplitAfter(text, []byte("\n"))
	var header Header
	if err := decodeLine(lines[0], &header); err != nil {
		return Header{}, nil, fmt.Errorf("%s:1: %w", path, err)
	}
	var entries []Entry
	var damage []error
	for i, line := range lines[1:] {
		if !bytes.HasSuffix(line, []byte("\n")) {
			break // torn, or the nothing after the last line
		}
		var e Entry
		if err := decodeLine(line, &e); err != nil {
			damage = append(damage, fmt.Errorf("%s:%d: %w", path, i+2, err))
			continue
		}
		if e.Change == nil {
			damage = append(damage, fmt.Errorf("%s:%d: the entry holds no change", path, i+2))
			continue
		}
		entries = append(entries, e)
	}
	return header, entries, errors.Join(damage...)
}

func decodeLine(line []byte, to any) error {
	sum, text, found := bytes.Cut(bytes.TrimSuffix(line, []byte("\n")), []byte(" "))
	if !found || len(sum) != 8 {
		return errors.New("this is no line of a journal: it begins with no checksum")
	}
	if fmt.Sprintf("%08x", crc32.Checksum(text, castagnoli)) != string(sum) {
		return errors.New("the line is damaged: its checksum does not match")
	}
	return json.Unmarshal(text, to)
}
