package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/chaosctl/chaosctl/pkg/election"
	"github.com/chaosctl/chaosctl/pkg/monitor"
	"github.com/chaosctl/chaosctl/pkg/notify"
	"github.com/chaosctl/chaosctl/pkg/report"
	"github.com/chaosctl/chaosctl/pkg/web"
)

// daySet holds the game days of files and directories as they are in force, and follows what becomes of the files. It is for one
// goroutine.
type daySet struct {
	app     *app
	options serveOptions
	monitor *monitor.Monitor
	// board is what the page of serve shows.
	board *web.Board
	// post delivers what game days tell others.
	post *notify.Post
	// run runs one experiment of a game day.
	run func(ctx context.Context, day *gameDay, e chosen) (*report.Result, error)
	// sources are what the user has named.
	sources []string
	// several says that game days may run side by side. Then each has an index of its own, and lines that say whose they are.
	several bool
	voices  voices
	// files are in the order of their sources, each once.
	files []*heldFile
	// troubles are those of sources that cannot be read now, by their names.
	troubles map[string]string
}

// voices are the standard streams as several game days share them.
type voices struct{ out, err *oneAtATime }

// serveOptions are what the flags of serve say beyond the files.
type serveOptions struct {
	runOptions
	// strict refuses what is broken in a directory too.
	strict bool
	// state is the directory that remembers what was run last; "" is that of the user. Where replicas elect a leader, the election
	// remembers it.
	state    string
	election *election.Election
}

// heldFile is a file and what of it is in force.
type heldFile struct {
	dayFile
	days []*gameDay
	// parts are all files that the game days consist of, and sum their content; it is zero where nothing was in force yet.
	parts []string
	sum   fingerprint
	// why says what keeps the file from being in force as it stands; nil where nothing does.
	why error

	// seen is what the look before has found.
	seen string
	// next is what takes its place, once it is known that it may.
	next *heldFile
}

// newDaySet loads game days. Files that were named must be sound. Of a directory, one that is broken is told and left out, as long
// as any game day is left; to be strict refuses it. Two game days of one name are refused: which of them is meant cannot be told.
func (a *app) newDaySet(sources []string, options serveOptions) (*daySet, error) {
	s := &daySet{app: a, options: options, monitor: monitor.New(), board: web.NewBoard(), sources: sources, troubles: map[string]string{}}
	s.voices = voices{&oneAtATime{out: a.Out}, &oneAtATime{out: a.Err}}
	s.post = s.newPost()
	s.run = func(ctx context.Context, day *gameDay, e chosen) (*report.Result, error) {
		c, err := day.app.connect()
		if err != nil {
			return nil, err
		}
		defer c.Close()
		run := options.runOptions
		run.gameDay, run.follow = day.Metadata.Name, s.followed(day.Metadata.Name)
		return day.app.runOne(ctx, c, e, run)
	}
	found, err := s.list()
	if err != nil {
		return nil, err
	}
	s.several = len(found) > 1 || slices.ContainsFunc(found, func(f dayFile) bool { return !f.named })
	var broken []error
	named := map[string]*gameDay{}
	for _, file := range found {
		held := s.load(file)
		switch {
		case held.why != nil && (options.strict || file.named):
			return nil, held.why
		case held.why != nil:
			broken = append(broken, held.why)
			held.days, held.sum = nil, fingerprint{}
		}
		for _, day := range held.days {
			if other := named[day.Metadata.Name]; other != nil {
				return nil, sameName(other, day)
			}
			named[day.Metadata.Name] = day
		}
		s.files = append(s.files, held)
	}
	if len(named) == 0 {
		for i, err := range broken {
			if i == len(broken)-1 {
				return nil, err
			}
			Explain(a.Err, err)
		}
		return nil, usage(fmt.Errorf("there is no GameDay in %s: experiments are run by chaosctl run -f", strings.Join(sources, ", ")))
	}
	for _, f := range s.files {
		s.tell(f)
	}
	s.tellBoard()
	return s, nil
}

// list gives the files of all sources, each once. The error is that of a source that cannot be read.
func (s *daySet) list() ([]dayFile, error) {
	var all []dayFile
	var errs []error
	seen := map[string]int{}
	for _, source := range s.sources {
		files, err := dayFiles(source)
		if err != nil {
			errs = append(errs, &sourceError{source, err})
		}
		for _, file := range files {
			whole := file.path
			if whole != "-" {
				if whole, err = filepath.Abs(whole); err != nil {
					return nil, err
				}
			}
			if i, ok := seen[whole]; ok {
				all[i].named = all[i].named || file.named
				continue
			}
			seen[whole] = len(all)
			all = append(all, file)
		}
	}
	return all, errors.Join(errs...)
}

// sourceError is that of a file or a directory that the user has named, and that cannot be read.
type sourceError struct {
	source string
	err    error
}

func (e *sourceError) Error() string { return e.err.Error() }

func (e *sourceError) Unwrap() error { return e.err }

// load reads a file with all that belongs to it; before are the files of which it consisted so far.
func (s *daySet) load(file dayFile, before ...string) *heldFile {
	held := &heldFile{dayFile: file}
	read := func() []string {
		held.days, held.why = s.app.gameDaysIn(file, s.options.runOptions)
		parts := []string{file.path}
		for _, day := range held.days {
			parts = append(parts, partsOf(day)...)
		}
		if held.why != nil {
			parts = append(parts, before...)
		}
		return parts
	}
	held.parts = read()
	// The content that is compared with later must not be newer than what is in force. So it is taken before the file is read, and
	// since only that tells which files there are, it is read again.
	for range mostReads {
		if !watchable(file.path) {
			break
		}
		held.sum = fingerprintOf(held.parts)
		parts := read()
		if slices.Equal(parts, held.parts) {
			break
		}
		held.parts = parts
	}
	s.several = s.several || len(held.days) > 1
	for _, day := range held.days {
		if held.why = s.settle(day); held.why != nil {
			return held
		}
	}
	return held
}

// mostReads bounds how often a file is read that others write meanwhile. The next look sees what became of it.
const mostReads = 3

// settle gives a game day its place among the others.
func (s *daySet) settle(day *gameDay) (err error) {
	name := day.Metadata.Name
	day.monitor, day.board, day.post = s.monitor, s.board, s.post
	day.run = func(ctx context.Context, e chosen) (*report.Result, error) { return s.run(ctx, day, e) }
	if s.several {
		day.index = "index-" + name + ".html"
		day.voice = s.voices.err
		day.app = s.app.beside(name, s.voices)
	}
	if e := s.options.election; e != nil {
		day.last = elected{e, day.GameDay}
		return nil
	}
	if day.last, err = newLastRun(s.options.state, day.file, day.GameDay); err != nil {
		return usage(err)
	}
	return nil
}

// beside is the app for a game day that runs beside others: its lines say whose they are.
func (a *app) beside(name string, v voices) *app {
	own := *a
	own.Out, own.Err = &lines{to: v.out, prefix: name + " | "}, &lines{to: v.err, prefix: name + " | "}
	return &own
}

// days are the game days in force, in the order of their files.
func (s *daySet) days() []*gameDay {
	var all []*gameDay
	for _, f := range s.files {
		all = append(all, f.days...)
	}
	return all
}

// tell says of a file what keeps it from being in force, and tells the monitor whether it is.
func (s *daySet) tell(f *heldFile) {
	if f.why == nil {
		if len(f.days) > 0 {
			s.monitor.Config(f.path, true)
		} else {
			s.monitor.NoConfig(f.path)
		}
		return
	}
	s.monitor.Config(f.path, false)
	if slices.ContainsFunc(s.files, func(other *heldFile) bool {
		return other != f && other.why != nil && strings.Contains(other.why.Error(), f.why.Error())
	}) {
		return // an experiment in the directory that is a game day's was told with that
	}
	hint := "until " + f.path + " is mended, what was in force of it stays so"
	if len(f.days) == 0 {
		hint = "until " + f.path + " is mended, nothing of it runs"
	}
	writeError(s.voices.err, f.why, hint)
}
