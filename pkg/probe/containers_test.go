package probe_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/chaosctl/chaosctl/pkg/access"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/probe"
)

// containers is a world with pods, in whose containers run is run, and whose logs are told by pod/container, with a - before them for those
// of the life before.
type containers struct {
	world
	pods []probe.Pod
	list error
	run  func(ctx context.Context, pod, container string, in io.Reader, out, errOut io.Writer) (int, error)
	logs map[string]io.Reader

	// leaves is a pod that is not there any more once something was to be run in it.
	leaves string

	mu    sync.Mutex
	asked []string
}

func (c *containers) Pods(_ context.Context, labels map[string]string) ([]probe.Pod, error) {
	c.ask("labels " + strings.Join(slices.Sorted(maps.Keys(labels)), ","))
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.list != nil || !slices.Contains(c.asked, c.leaves+"/app") {
		return c.pods, c.list
	}
	return slices.DeleteFunc(slices.Clone(c.pods), func(p probe.Pod) bool { return p.Name == c.leaves }), nil
}

func (c *containers) Exec(ctx context.Context, pod, container string, _ []string, in io.Reader, out, errOut io.Writer) (int, error) {
	c.ask(pod + "/" + container)
	return c.run(ctx, pod, container, in, out, errOut)
}

func (c *containers) Log(_ context.Context, pod, container string, span time.Duration, limit int64, previous bool) (io.ReadCloser, error) {
	name := pod + "/" + container
	if previous {
		name = "-" + name
	}
	c.ask(fmt.Sprintf("%s %s", name, span))
	log, there := c.logs[name]
	if !there {
		return nil, apierrors.NewBadRequest("no such log")
	}
	if broken, ok := log.(error); ok {
		return nil, broken
	}
	return io.NopCloser(io.LimitReader(log, limit)), nil
}

func (c *containers) ask(what string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked = append(c.asked, what)
}

// broken is a log that cannot be opened.
type broken struct{ io.Reader }

func (broken) Error() string { return "the node does not answer" }

// removed is a log that is not there any more.
type removed struct{ io.Reader }

func (removed) Error() string { return "removed" }

func (removed) Unwrap() error {
	return apierrors.NewNotFound(schema.GroupResource{Resource: "pods"}, "a")
}

func pod(name string, states ...string) probe.Pod {
	p := probe.Pod{Name: name, Ready: slices.Contains(states, "ready"), Leaving: slices.Contains(states, "leaving")}
	running, restarted := slices.Contains(states, "running") || p.Ready, slices.Contains(states, "restarted")
	p.Containers = []probe.Container{{Name: "app", Running: running, Began: running || restarted, Restarted: restarted}, {Name: "sidecar"}}
	return p
}

// answers are what a program gives in each pod: an exit code, or an error.
func answers(by map[string]any) func(context.Context, string, string, io.Reader, io.Writer, io.Writer) (int, error) {
	return func(_ context.Context, pod, _ string, in io.Reader, out, errOut io.Writer) (int, error) {
		switch answer := by[pod].(type) {
		case int:
			_, _ = io.WriteString(out, "out of "+pod+"\n")
			_, _ = io.WriteString(errOut, "hunter2\n")
			return answer, nil
		case error:
			return 0, answer
		}
		_, _ = io.ReadAll(in) // it has begun
		return 0, context.DeadlineExceeded
	}
}

// verdictOf says what became of a check: ok, fails or unknown, and why.
func verdictOf(err error) string {
	switch {
	case err == nil:
		return "ok"
	case errors.Is(err, probe.ErrUnknown):
		return err.Error()
	}
	return "fails: " + err.Error()
}

func TestExec(t *testing.T) {
	down, gone := errors.New("no such program"), errors.New("container not found")
	all := []probe.Pod{pod("c", "ready"), pod("b", "ready"), pod("a", "running"), pod("d", "ready", "leaving")}
	for name, c := range map[string]struct {
		probe probe.Exec
		pods  []probe.Pod
		by    map[string]any
		want  string
		asked string
	}{
		"exits with 0":               {probe.Exec{}, all, map[string]any{"b": 0}, "ok", "b/app"},
		"exits with another":         {probe.Exec{}, all, map[string]any{"b": 3}, "fails: in pod b, container app: the command ended with exit code 3", "b/app"},
		"its output, where wanted":   {probe.Exec{Record: true}, all, map[string]any{"b": 3}, `fails: in pod b, container app: the command ended with exit code 3, stdout "out of b", stderr "hunter2"`, "b/app"},
		"a pod that is not ready":    {probe.Exec{}, all[2:], map[string]any{"a": 0}, "ok", "a/app"},
		"a pod that is on its way":   {probe.Exec{}, all[3:], map[string]any{"d": 0}, "ok", "d/app"},
		"nothing runs":               {probe.Exec{}, []probe.Pod{pod("a")}, nil, "fails: no pod of the target has a container that runs", ""},
		"no pods":                    {probe.Exec{Choice: probe.Choice{Selector: map[string]string{"app": "db"}}}, nil, nil, "fails: no pod of the selector has a container that runs", ""},
		"another container":          {probe.Exec{Choice: probe.Choice{Container: "sidecar"}}, all, nil, "fails: no pod of the target has a container sidecar that runs", ""},
		"cannot be run":              {probe.Exec{}, all, map[string]any{"b": down}, "unknown: in pod b, container app: the command could not be run: no such program", "b/app"},
		"gone, and so the next":      {probe.Exec{}, all, map[string]any{"b": gone, "c": 0}, "ok", "b/app c/app"},
		"all are gone":               {probe.Exec{}, all[1:2], map[string]any{"b": gone}, "fails: no pod of the target has a container that runs", "b/app"},
		"in each, one is gone":       {probe.Exec{Each: true}, all, map[string]any{"a": 0, "b": gone, "c": 0}, "ok", "a/app b/app c/app"},
		"in each, all are gone":      {probe.Exec{Each: true}, all[1:2], map[string]any{"b": gone}, "fails: no pod of the target has a container that runs", "b/app"},
		"hangs":                      {probe.Exec{}, all, nil, "fails: in pod b, container app: the command did not end in time", "b/app"},
		"does not even begin":        {probe.Exec{}, all, map[string]any{"b": context.DeadlineExceeded}, "unknown: in pod b, container app: the command could not be run: context deadline exceeded", "b/app"},
		"a condition":                {probe.Exec{CEL: "stdout == 'out of b' && exitCode == 3"}, all, map[string]any{"b": 3}, "ok", "b/app"},
		"a condition fails":          {probe.Exec{CEL: "exitCode == 4"}, all, map[string]any{"b": 3}, "fails: in pod b, container app: exitCode == 4 does not hold with exit code 3", "b/app"},
		"a condition without answer": {probe.Exec{CEL: "int(stderr) == 4"}, all, map[string]any{"b": 3}, "unknown: in pod b, container app: the condition cannot be told with exit code 3", "b/app"},
		"a condition, broken":        {probe.Exec{CEL: "nope"}, all, map[string]any{"b": 3}, "unknown: in pod b, container app: character 1: undeclared reference to 'nope' (in container '')", "b/app"},
		"in each":                    {probe.Exec{Each: true}, all, map[string]any{"a": 0, "b": 0, "c": 0}, "ok", "a/app b/app c/app"},
		"in each, one fails":         {probe.Exec{Each: true}, all, map[string]any{"a": 1, "b": down, "c": 0}, "fails: in pod a, container app: the command ended with exit code 1", "a/app b/app c/app"},
		"in each, one is not known":  {probe.Exec{Each: true}, all, map[string]any{"a": 0, "b": down, "c": 0}, "unknown: in pod b, container app: the command could not be run: no such program", "a/app b/app c/app"},
	} {
		t.Run(name, func(t *testing.T) {
			c.probe.Argv = []string{"check"}
			w := &containers{pods: c.pods, run: answers(c.by)}
			for name, answer := range c.by {
				if answer == any(gone) {
					w.leaves = name
				}
			}
			assert.Equal(t, c.want, verdictOf(c.probe.Measure(t.Context(), w)))
			ran := slices.DeleteFunc(w.asked, func(what string) bool { return strings.HasPrefix(what, "labels") })
			slices.Sort(ran)
			assert.Equal(t, c.asked, strings.Join(slices.Compact(ran), " "))
		})
	}
	assert.Equal(t, "unknown: the pods cannot be listed: forbidden", verdictOf((&probe.Exec{}).Measure(t.Context(), &containers{list: errors.New("forbidden")})))
	assert.Equal(t, "unknown: nothing can be run in a pod from here", verdictOf((&probe.Exec{}).Measure(t.Context(), world{})))
}

// TestExecKeepsTheBeginning of what a program says, which may be without end.
func TestExecKeepsTheBeginning(t *testing.T) {
	w := &containers{pods: []probe.Pod{pod("a", "ready")}, run: func(_ context.Context, _, _ string, _ io.Reader, out, _ io.Writer) (int, error) {
		for range 1000 {
			_, _ = io.WriteString(out, strings.Repeat("x", 1000))
		}
		return 0, nil
	}}
	require.NoError(t, (&probe.Exec{Argv: []string{"yes"}}).Measure(t.Context(), w))
	require.NoError(t, (&probe.Exec{Argv: []string{"yes"}, CEL: "stderr == ''"}).Measure(t.Context(), w))
	err := (&probe.Exec{Argv: []string{"yes"}, CEL: "stdout.startsWith('x')"}).Measure(t.Context(), w)
	require.ErrorIs(t, err, probe.ErrUnknown)
	require.ErrorContains(t, err, "the command wrote more than 64 KiB to stdout")
}

func lines(texts ...string) io.Reader {
	var log strings.Builder
	for i, text := range texts {
		fmt.Fprintf(&log, "2026-11-27T08:00:%02dZ %s\n", i, text)
	}
	return strings.NewReader(log.String())
}

func TestLog(t *testing.T) {
	two := []probe.Pod{pod("a", "ready"), pod("b", "ready")}
	late := iotest.ErrReader(context.DeadlineExceeded)
	for name, c := range map[string]struct {
		probe probe.Log
		pods  []probe.Pod
		logs  map[string]io.Reader
		want  string
	}{
		"absent":                        {probe.Log{Absent: "panic"}, two, map[string]io.Reader{"a/app": lines("all", "is well"), "b/app": lines()}, "ok"},
		"found":                         {probe.Log{Absent: "^panic:"}, two, map[string]io.Reader{"a/app": lines("no panic: here", "panic: one", "panic: two hunter2"), "b/app": lines()}, `fails: pod a, container app: 2 lines match "^panic:" within 10s, the last at 2026-11-27T08:00:02Z`},
		"found in the other":            {probe.Log{Absent: "panic"}, two, map[string]io.Reader{"a/app": lines(), "b/app": lines("panic")}, `fails: pod b, container app: 1 line matches "panic" within 10s, the last at 2026-11-27T08:00:00Z`},
		"the instant is no part of it":  {probe.Log{Absent: "^2026|08:00"}, two, map[string]io.Reader{"a/app": lines("x"), "b/app": lines()}, "ok"},
		"one cannot be read":            {probe.Log{Absent: "panic"}, two, map[string]io.Reader{"a/app": broken{}, "b/app": lines()}, "unknown: the log of pod a, container app cannot be read: the node does not answer"},
		"found, one cannot be read":     {probe.Log{Absent: "panic"}, two, map[string]io.Reader{"a/app": broken{}, "b/app": lines("panic")}, `fails: pod b, container app: 1 line matches "panic" within 10s, the last at 2026-11-27T08:00:00Z`},
		"not in time":                   {probe.Log{Absent: "panic"}, two, map[string]io.Reader{"a/app": io.MultiReader(lines("x"), late), "b/app": lines()}, "unknown: the log of pod a, container app was not read in time: context deadline exceeded"},
		"found before it was cut":       {probe.Log{Absent: "panic"}, two, map[string]io.Reader{"a/app": io.MultiReader(lines("panic"), late), "b/app": lines()}, `fails: pod a, container app: 1 line matches "panic" within 10s, the last at 2026-11-27T08:00:00Z`},
		"of one, since it is gone":      {probe.Log{Absent: "panic"}, two, map[string]io.Reader{"a/app": removed{}, "b/app": lines()}, "ok"},
		"of all, since they are gone":   {probe.Log{Absent: "panic"}, two, map[string]io.Reader{"a/app": removed{}, "b/app": removed{}}, "unknown: no pod of the target has a container with a log"},
		"each that is not gone":         {probe.Log{Present: "commit", Each: true}, two, map[string]io.Reader{"a/app": removed{}, "b/app": lines("commit")}, "ok"},
		"cut":                           {probe.Log{Absent: "panic"}, two, map[string]io.Reader{"a/app": iotest.ErrReader(io.ErrUnexpectedEOF), "b/app": lines()}, "unknown: the log of pod a, container app was cut: unexpected EOF"},
		"nothing with a log":            {probe.Log{Absent: "panic"}, []probe.Pod{pod("a")}, nil, "unknown: no pod of the target has a container with a log"},
		"too much":                      {probe.Log{Absent: "panic"}, two[:1], map[string]io.Reader{"a/app": repeated("2026-11-27T08:00:00Z well\n")}, "unknown: the log of pod a, container app has more than 4 MiB within 10s: shorten within"},
		"too much, and found":           {probe.Log{Absent: "panic"}, two[:1], map[string]io.Reader{"a/app": io.MultiReader(lines("panic"), repeated("2026-11-27T08:00:00Z well\n"))}, `fails: pod a, container app: 1 line matches "panic" within 10s, the last at 2026-11-27T08:00:00Z`},
		"a line that is long":           {probe.Log{Absent: "panic"}, two[:1], map[string]io.Reader{"a/app": lines(strings.Repeat("x", 200_000), "panic")}, `fails: pod a, container app: 1 line matches "panic" within 10s, the last at 2026-11-27T08:00:01Z`},
		"before its restart":            {probe.Log{Absent: "panic"}, []probe.Pod{pod("a", "running", "restarted")}, map[string]io.Reader{"a/app": lines("well"), "-a/app": lines("panic")}, `fails: pod a, container app: 1 line matches "panic" within 10s, the last at 2026-11-27T08:00:00Z`},
		"before it, long ago":           {probe.Log{Absent: "panic"}, []probe.Pod{pod("a", "running", "restarted")}, map[string]io.Reader{"a/app": lines("well")}, "ok"},
		"it waits to be started again":  {probe.Log{Absent: "panic"}, []probe.Pod{pod("a", "restarted")}, map[string]io.Reader{"a/app": lines("panic")}, `fails: pod a, container app: 1 line matches "panic" within 10s, the last at 2026-11-27T08:00:00Z`},
		"present":                       {probe.Log{Present: "commit"}, two, map[string]io.Reader{"a/app": lines(), "b/app": lines("commit")}, "ok"},
		"present, without an end":       {probe.Log{Present: "commit"}, two[:1], map[string]io.Reader{"a/app": strings.NewReader("2026-11-27T08:00:00Z commit")}, "ok"},
		"not present":                   {probe.Log{Present: "commit"}, two, map[string]io.Reader{"a/app": lines("x"), "b/app": lines()}, `fails: no line matches "commit" within 10s`},
		"present, one cannot be read":   {probe.Log{Present: "commit"}, two, map[string]io.Reader{"a/app": broken{}, "b/app": lines("commit")}, "ok"},
		"not there, one cannot be read": {probe.Log{Present: "commit"}, two, map[string]io.Reader{"a/app": broken{}, "b/app": lines()}, "unknown: the log of pod a, container app cannot be read: the node does not answer"},
		"present in each":               {probe.Log{Present: "commit", Each: true}, two, map[string]io.Reader{"a/app": lines("commit"), "b/app": lines("commit")}, "ok"},
		"not present in each":           {probe.Log{Present: "commit", Each: true}, two, map[string]io.Reader{"a/app": lines("commit"), "b/app": lines()}, `fails: no line of pod b matches "commit" within 10s`},
		"in each, of one nothing":       {probe.Log{Present: "commit", Each: true}, two, map[string]io.Reader{"a/app": lines("commit"), "b/app": broken{}}, "unknown: the log of pod b, container app cannot be read: the node does not answer"},
		"present in no pod":             {probe.Log{Present: "commit"}, nil, nil, "fails: no pod of the target has a container with a log"},
		"of another container":          {probe.Log{Absent: "panic", Choice: probe.Choice{Container: "sidecar"}}, two, nil, "unknown: no pod of the target has a container sidecar with a log"},
	} {
		t.Run(name, func(t *testing.T) {
			c.probe.Within = experiment.Duration(10 * time.Second)
			assert.Equal(t, c.want, verdictOf(c.probe.Measure(t.Context(), &containers{pods: c.pods, logs: c.logs})))
		})
	}
	assert.Equal(t, "unknown: the pods cannot be listed: forbidden", verdictOf((&probe.Log{}).Measure(t.Context(), &containers{list: errors.New("forbidden")})))
	assert.Equal(t, "unknown: no log can be read from here", verdictOf((&probe.Log{}).Measure(t.Context(), world{})))
}

// repeated repeats a text.
type repeated string

func (e repeated) Read(p []byte) (int, error) { return copy(p, e), nil }

// TestLogIsNotHeld: what is looked through takes no memory.
func TestLogIsNotHeld(t *testing.T) {
	w := &containers{pods: []probe.Pod{pod("a", "ready")}}
	p := &probe.Log{Absent: "panic", Within: experiment.Duration(time.Second)}
	allocated := testing.AllocsPerRun(5, func() {
		w.logs = map[string]io.Reader{"a/app": io.LimitReader(repeated("2026-11-27T08:00:00Z all is well\n"), 3<<20)}
		require.NoError(t, p.Measure(t.Context(), w))
	})
	assert.Less(t, allocated, 1000.0, "for a hundred thousand lines")
}

func TestContainersNeeds(t *testing.T) {
	scope := access.Scope{Target: experiment.Target{Namespace: "shop"}, Kinds: access.Offline{}}
	of := func(r access.Requester) (texts []string) {
		for _, n := range r.Needs(scope) {
			texts = append(texts, n.String())
		}
		return texts
	}
	assert.Equal(t, []string{"list pods in namespace shop", "get pods/exec in namespace shop", "create pods/exec in namespace shop"}, of(&probe.Exec{}))
	assert.Equal(t, []string{"list pods in namespace shop", "get pods/log in namespace shop"}, of(&probe.Log{}))
}
