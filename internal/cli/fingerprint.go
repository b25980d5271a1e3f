package cli

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// fingerprint tells one content of files from another. What cannot be read is part of it: a file that goes is a change.
type fingerprint [sha256.Size]byte

// mostRead bounds what is read of one file: more than any file of this program's may hold.
const mostRead = 64 << 20

// fingerprintOf reads files, and lists directories. It does not go by the times of files, which some file systems keep to the
// second, and which stay as they were where a link is put in the place of another.
func fingerprintOf(paths []string) fingerprint {
	sum := sha256.New()
	for _, path := range paths {
		fmt.Fprintf(sum, "%q ", path)
		text, err := contentOf(path)
		if err != nil {
			// Without its words, which may name what differs each time.
			text = []byte(fmt.Sprintf("missing %t", errors.Is(err, fs.ErrNotExist)))
		}
		fmt.Fprintf(sum, "%t %x\n", err == nil, sha256.Sum256(text))
	}
	return fingerprint(sum.Sum(nil))
}

// contentOf is the text of a file, and the names of the YAML files of a directory.
func contentOf(path string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case info.IsDir():
		names, err := yamlFiles(path)
		return []byte(strings.Join(names, "\n")), err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is no file", path) // it may never end, or never begin
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, mostRead))
}

// partsOf are all files that a game day consists of: its own, its experiments, their traces, and its calendars.
func partsOf(day *gameDay) []string {
	beside := func(file, name string) string {
		if filepath.IsAbs(name) {
			return name
		}
		return filepath.Join(filepath.Dir(file), name)
	}
	var parts []string
	for _, e := range day.Spec.Experiments {
		if e.File != "" {
			parts = append(parts, filepath.Join(filepath.Dir(day.file), e.File))
		}
	}
	for _, e := range day.experiments {
		if strings.HasPrefix(e.Source, "builtin:") {
			continue
		}
		parts = append(parts, e.Source) // of a directory, each
		for _, trace := range e.Traces() {
			parts = append(parts, beside(e.Source, trace))
		}
	}
	for _, calendar := range day.Calendars() {
		parts = append(parts, beside(day.file, calendar))
	}
	return parts
}
