package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// lookEvery is how often files are looked at.
//
// They are read, and their content compared, and nobody waits for the kernel to tell of them (inotify): that says nothing of what others
// do on a file system of the network, and where a ConfigMap is mounted, nothing of the files themselves, in whose place kubelet puts
// others by renaming a link that leads to them (..data). A game day also consists of files in other directories, by way of such
// links again. To look at a hundred small files takes some 2 ms, and what has changed need not be known before the next run.
const lookEvery = 2 * time.Second

// watchable says whether a file can be looked at again: what is read from a pipe, or from standard input, is gone.
func watchable(path string) bool {
	if path == "-" {
		return false
	}
	info, err := os.Stat(path)
	return err != nil || info.Mode().IsRegular()
}

// look goes by what has become of the files, and says whether other game days are in force than before. What it finds counts when it
// finds the same a second time: a file may be half written, and an editor may put it away before it writes it.
func (s *daySet) look() (changed bool) {
	found, err := s.list()
	s.listed(err)
	there := map[string]dayFile{}
	for _, file := range found {
		there[file.path] = file
	}
	for _, f := range s.files {
		_, ok := there[f.path]
		switch {
		case !watchable(f.path) || !ok && s.inTrouble(f.path):
			f.seen = ""
		case !ok:
			f.settles("gone", func() { f.next = &heldFile{dayFile: f.dayFile} })
		default:
			s.compare(f)
		}
	}
	for _, file := range found {
		if !slices.ContainsFunc(s.files, func(f *heldFile) bool { return f.path == file.path }) {
			f := &heldFile{dayFile: file}
			s.files = append(s.files, f)
			s.compare(f)
		}
	}
	s.decide()
	changed = s.adopt(found)
	s.tellBoard()
	return changed
}

// settles calls then if the look before has found the same.
func (f *heldFile) settles(found string, then func()) {
	if f.seen == found {
		then()
	}
	f.seen = found
}

// compare looks at one file that is there.
func (s *daySet) compare(f *heldFile) {
	if f.sum == (fingerprint{}) || fingerprintOf(f.parts) != f.sum {
		next := s.load(f.dayFile, f.parts...)
		f.settles(fmt.Sprintf("%x %v", next.sum, next.why), func() { f.next = next })
		return
	}
	f.seen = ""
	if f.why != nil { // it is again as it was, or what stood in its way has gone
		again := *f
		again.why = nil
		f.next = &again
	}
}

// decide keeps files from taking force that are broken, or that would bring a name that a game day of another has.
func (s *daySet) decide() {
	refused := func(f *heldFile, why error) {
		if f.why == nil || f.why.Error() != why.Error() {
			f.why = why
			s.tell(f)
		}
		f.next = nil
	}
	for _, f := range s.files {
		if f.next != nil && f.next.why != nil {
			refused(f, f.next.why)
		}
	}
	for again := true; again; {
		again = false
		named := map[string]*gameDay{}
		for _, standing := range []bool{true, false} {
			for _, f := range s.files {
				if standing != (f.next == nil) {
					continue
				}
				days := f.days
				if f.next != nil {
					days = f.next.days
				}
				for _, day := range days {
					other := named[day.Metadata.Name]
					if other == nil {
						named[day.Metadata.Name] = day
						continue
					}
					// What it had before stands, and may have a name that another one has got here.
					refused(f, sameName(other, day))
					again = true
					break
				}
			}
		}
	}
}

// adopt puts in force what may be, in the order in which the files are there now.
func (s *daySet) adopt(found []dayFile) (changed bool) {
	var all []*heldFile
	for _, f := range s.files {
		next := f.next
		if next == nil {
			all = append(all, f)
			continue
		}
		f.next = nil
		changed = changed || !slices.Equal(f.days, next.days)
		if f.seen == "gone" {
			s.monitor.NoConfig(f.path)
			continue
		}
		if f.why != nil && len(next.days) > 0 {
			fmt.Fprintf(s.voices.err, "%s is in force as it stands\n", f.path)
		}
		all = append(all, next)
		s.tell(next)
	}
	order := func(f *heldFile) int {
		return slices.IndexFunc(found, func(file dayFile) bool { return file.path == f.path })
	}
	slices.SortStableFunc(all, func(a, b *heldFile) int { return order(a) - order(b) })
	s.files = all
	return changed
}

// listed tells of sources that cannot be read. One that is not there has no files; of others, what was in force stays so.
func (s *daySet) listed(err error) {
	troubles := map[string]string{}
	var all interface{ Unwrap() []error }
	if errors.As(err, &all) {
		for _, err := range all.Unwrap() {
			source := new(sourceError)
			if errors.As(err, &source) && !errors.Is(err, fs.ErrNotExist) {
				troubles[source.source] = err.Error()
			}
		}
	}
	for source, why := range troubles {
		if s.troubles[source] != why {
			writeError(s.voices.err, errors.New(why), "until "+source+" can be read, what was in force of it stays so")
		}
	}
	s.troubles = troubles
}

// inTrouble says whether a file may be there and cannot be listed now.
func (s *daySet) inTrouble(path string) bool {
	for source := range s.troubles {
		if source == path || strings.HasPrefix(path, filepath.Clean(source)+string(filepath.Separator)) {
			return true
		}
	}
	return false
}

// mayGrow says whether game days may come that are not there now: of a directory, or of a file that is broken or not there.
func (s *daySet) mayGrow() bool {
	return slices.ContainsFunc(s.sources, func(source string) bool {
		return !slices.ContainsFunc(s.files, func(f *heldFile) bool { return f.path == source && f.why == nil && f.seen == "" })
	})
}
