package outage

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/chaosctl/chaosctl/pkg/report"
	"github.com/chaosctl/chaosctl/test/internal/binary"
)

// bugs are put into a build of chaosctl that is only for TestPanic: a line in front of a line of a source file. Each
// panics in another of its goroutines, where an environment variable asks for it.
var bugs = []struct{ name, file, line, bug string }{
	{"probe", "pkg/probe/kubernetes.go", "	object, err := w.Object(", `if o, _ := w.Object(ctx, p.Resource); o != nil && o.GetLabels()["now"] == "panic" {`},
	{"watch", "pkg/timeline/pod.go", "	o := event.PodObserved{", `if pod.Labels["now"] == "panic" {`},
	{"undo", "pkg/apply/restore.go", "	marked, write := unmark(object, run, c)", `if object.GetName() == "settings-3" {`},
	{"phase", "pkg/engine/fault.go", "	wait.Wait()\n	if ctx.Err()", `if true {`},
}

// TestPanic proves that a bug of chaosctl's own, in whatever goroutine it shows, ends a run as a signal does: all is put
// back, or told to be left, and reported.
func TestPanic(t *testing.T) {
	t.Parallel()
	buggy := filepath.Join(t.TempDir(), "chaosctl")
	require.NoError(t, binary.Build(t.Context(), buggy, "./cmd/chaosctl", binary.Overlay(t, defects()...)...))
	failed := outcome{report.ExitInternal, report.Unknown, report.UndoClean}
	for name, test := range map[string]struct {
		trigger func(*testing.T, *scene)
		want    outcome
	}{
		"probe": {func(t *testing.T, s *scene) { s.label(t, "deployment") }, failed},
		"watch": {func(t *testing.T, s *scene) { s.label(t, "pod") }, failed},
		"phase": {func(*testing.T, *scene) {}, failed},
		"undo":  {func(*testing.T, *scene) {}, outcome{report.ExitUndoIncomplete, report.Pass, report.UndoIncomplete}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, faults)
			p := binary.Chaosctl{Kubeconfig: shared.Kubeconfig, Program: buggy, Env: []string{"BUG=" + name}}.Start(t, "run", "-f", s.experiment(t, 2*time.Second,
				"  probes:\n  - {name: there, kubernetes: {resource: deployment/web, cel: 'true'}, interval: 100ms}\n"))
			p.SaysTimes(t, "proved  patch configmap", len(s.before))
			test.trigger(t, s)
			r := s.assertOutcome(t, p, test.want)
			if test.want == failed {
				assert.Contains(t, r.Reasons[0], "internal error: a bug in the "+name)
				return
			}
			for _, c := range r.Changes {
				if c.Object.Name == "settings-3" {
					assert.Equal(t, "stuck", c.Undo)
				} else {
					assert.Equal(t, "undone", c.Undo, "a bug in the undo of one change has kept back another")
				}
			}
		})
	}
}

// label makes the watches and probes of a run come upon the bug that is there for it.
func (s *scene) label(t *testing.T, kind string) {
	t.Helper()
	patch := []byte(`{"metadata":{"labels":{"now":"panic"}}}`)
	if kind == "deployment" {
		_, err := shared.client.AppsV1().Deployments(s.namespace).Patch(t.Context(), "web", types.MergePatchType, patch, metav1.PatchOptions{})
		require.NoError(t, err)
		return
	}
	pods, err := shared.client.CoreV1().Pods(s.namespace).List(t.Context(), metav1.ListOptions{})
	require.NoError(t, err)
	_, err = shared.client.CoreV1().Pods(s.namespace).Patch(t.Context(), pods.Items[0].Name, types.MergePatchType, patch, metav1.PatchOptions{})
	require.NoError(t, err)
}

// defects are the bugs.
func defects() []binary.Defect {
	var all []binary.Defect
	for _, b := range bugs {
		bug := "	" + b.bug + "\n		if os.Getenv(\"BUG\") == \"" + b.name + "\" {\n			panic(\"a bug in the " + b.name + "\")\n		}\n	}\n"
		all = append(all, binary.Defect{File: b.file, Old: b.line, New: bug + b.line}, binary.Defect{File: b.file, Old: "import (", New: "import (\n	\"os\""})
	}
	return all
}
