package crash

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/test/crash/point"
	"github.com/chaosctl/chaosctl/test/internal/snapshot"
)

// example is one way in which things may go wrong.
type example struct {
	fixture *fixture
	// run is where the run is killed, and recovery where the first recovery is; nowhere means that there is only one.
	run, recovery point.Point
	foreign       foreign
}

func (e example) String() string {
	name := fmt.Sprintf("%s/%s/%s", e.fixture.name, e.run, e.foreign)
	if e.recovery.Request > 0 {
		name += "/recover " + e.recovery.String()
	}
	return strings.ReplaceAll(name, " ", "_")
}

// outcome is what became of it, the worst that applies.
type outcome string

const (
	restored     outcome = "restored"
	nothingToDo  outcome = "nothing to do"
	diverged     outcome = "diverged"
	notReached   outcome = "not reached"
	leftover     outcome = "leftover"
	lost         outcome = "foreign edit lost"
	different    outcome = "not restored"
	unmarkedOnce outcome = "fault without marker"
	other        outcome = "other"
)

// finding is an outcome with what is wrong, if anything is.
type finding struct {
	fixture  *fixture
	outcome  outcome
	problems []problem
	// said is the output of all processes.
	said strings.Builder
	// recovery are the requests of the first recovery, where that was the chaosctl that crashes.
	recovery []string
}

// problem is an outcome that should not be.
type problem struct {
	outcome
	what string
}

func (p problem) String() string { return fmt.Sprintf("%s: %s", p.outcome, p.what) }

func (f *finding) problem(o outcome, format string, args ...any) {
	if len(f.problems) == 0 {
		f.outcome = o
	}
	f.problems = append(f.problems, problem{o, fmt.Sprintf(format, args...)})
}

// reasons are the outcomes of the problems.
func (f *finding) reasons() []outcome {
	var all []outcome
	for _, p := range f.problems {
		if !slices.Contains(all, p.outcome) {
			all = append(all, p.outcome)
		}
	}
	return all
}

// tools are the programs of an example: chaosctl, or one with a defect.
type tools struct {
	crasher string
	// recover puts back what was left.
	recover func(*testing.T, *scene, *snapshot.Snapshot) process
}

func chaosctl() tools {
	return tools{crasher: shared.crasher, recover: func(t *testing.T, s *scene, _ *snapshot.Snapshot) process { t.Helper(); return s.recovered(t) }}
}

// examine goes through an example.
func (e example) examine(t *testing.T, with tools) *finding {
	t.Helper()
	found := &finding{fixture: e.fixture}
	ctx := t.Context()
	s, before := e.fixture.take(t)
	look := func() *snapshot.Snapshot {
		t.Helper()
		now, err := s.look(ctx)
		require.NoError(t, err)
		return now
	}
	want := &snapshot.Snapshot{Objects: maps.Clone(before.Objects)}
	p := s.crashOf(t, with.crasher, s.runArgs(t, e.fixture), e.run)
	found.said.WriteString(p.output)
	if !p.killed {
		found.outcome = notReached
		found.compare(want, look(), nil)
		return found
	}
	late := []*point.Delayed{p.delayed}
	crashed := look()
	broken := found.marked(before, crashed)
	edits, err := s.intrude(ctx, e.fixture, e.foreign, want, crashed)
	require.NoError(t, err)

	if e.recovery.Request > 0 {
		p := s.crashOf(t, with.crasher, s.recoverArgs(), e.recovery)
		found.recovery = p.requests
		late = append(late, p.delayed)
		found.said.WriteString(p.output)
		// What comes after its last request is as if it were not killed.
		if !p.killed && p.code != 0 {
			found.problem(other, "the recovery that was to be killed ended with code %d:\n%s", p.code, p.output)
		}
		if e.foreign == nothing {
			found.marked(before, look())
		}
	}
	recovered := func() *snapshot.Snapshot {
		t.Helper()
		p = with.recover(t, s, before)
		found.said.WriteString(p.output)
		if p.code != 0 {
			found.problem(other, "the recovery ended with code %d:\n%s", p.code, p.output)
		}
		if strings.Contains(p.output, "may still be alive") {
			found.problem(other, "the recovery has waited for a process of this host, which is gone:\n%s", p.output)
		}
		after := look()
		for began := time.Now(); after.Behind() && time.Since(began) < time.Minute; after = look() {
		}
		found.compare(want, after, edits)
		return after
	}
	after := recovered()
	for _, d := range late {
		if d == nil {
			continue
		}
		deliver(t, d)
		// It may have made a journal or a lease again, but no fault. What it creates is the garbage collector's to remove; in no
		// namespace, it has no effect, and is there for the next recovery.
		left := look()
		differences := func() map[string]string {
			e.fixture.reborn(want, left)
			all := snapshot.Differences(want.Objects, left.Objects)
			maps.DeleteFunc(all, func(name, _ string) bool { return s.inert(t, left.Objects[name]) })
			return all
		}
		for began := time.Now(); d.Method == http.MethodPost && len(differences()) > 0 && time.Since(began) < time.Minute; left = look() {
		}
		for name, what := range differences() {
			found.problem(different, "a late %s %s has come about: %s: %s", d.Method, d.URI, name, what)
		}
		after = recovered()
	}
	if len(found.problems) > 0 {
		found.problem(other, "the recovery said:\n%s", p.output)
		return found
	}
	e.fixture.reborn(before, after)
	e.fixture.giveBack(ctx, s, before, after)
	switch {
	case len(broken) == 0:
		found.outcome = nothingToDo
	case e.foreign == sameField || e.foreign == replaced:
		found.outcome = diverged
	default:
		found.outcome = restored
	}
	return found
}

// compare looks at what is there after a recovery.
func (f *finding) compare(want, after *snapshot.Snapshot, edits map[string]edit) {
	f.fixture.reborn(want, after)
	for name, done := range edits {
		if !has(after.Objects[name], done) {
			f.problem(lost, "%s does not have what somebody wrote", name)
		}
	}
	for name, what := range snapshot.Differences(want.Objects, after.Objects) {
		f.problem(different, "%s: %s", name, what)
	}
	for _, mark := range after.Left(f.said.String()) {
		f.problem(leftover, "%s is left", mark)
	}
}

// marked looks at the instant of a crash: what is not as before must bear its marker, and be in a journal (G1, G2). It
// returns the differences.
func (f *finding) marked(before, crashed *snapshot.Snapshot) map[string]string {
	was := &snapshot.Snapshot{Objects: maps.Clone(before.Objects)}
	f.fixture.reborn(was, crashed)
	broken := snapshot.Differences(was.Objects, crashed.Objects)
	for name, what := range broken {
		switch o := crashed.Objects[name]; {
		case o == nil && f.fixture.deletes(name): // nothing is there that could bear it
		case o == nil:
			f.problem(unmarkedOnce, "after the crash, %s %s", name, what)
		case !snapshot.Marked(o) && name != outsideEffect:
			f.problem(unmarkedOnce, "after the crash, %s is changed and bears no marker: %s", name, what)
		}
	}
	if len(broken) > 0 && !crashed.Journalled() {
		f.problem(unmarkedOnce, "after the crash, there is a fault and no journal")
	}
	return broken
}
