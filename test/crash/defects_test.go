package crash

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/chaosctl/chaosctl/test/crash/point"
	"github.com/chaosctl/chaosctl/test/internal/binary"
	"github.com/chaosctl/chaosctl/test/internal/snapshot"
)

// TestDefectsAreFound proves that these tests can fail: each of four ways to do it wrong is found.
func TestDefectsAreFound(t *testing.T) {
	t.Parallel()
	corrupt := &fixtures["configCorrupt"][0]
	corrupt.learn(t)
	// The lease, the journal and the intent come before.
	broken := point.Point{Request: 4, When: point.AfterSend}

	t.Run("the journal is written after the effect, and nothing is marked", func(t *testing.T) {
		t.Parallel()
		with := chaosctl()
		with.crasher = defective(t,
			binary.Defect{File: "pkg/apply/applier.go", Old: "	if err := a.intend(ctx, changes); err != nil {", New: "	if err := ctx.Err(); err != nil {"},
			binary.Defect{File: "pkg/apply/applier.go", Old: "	wait.Wait()\n	return errors.Join(errs...)", New: "	wait.Wait()\n	return errors.Join(append(errs, a.intend(ctx, changes))...)"},
			binary.Defect{File: "pkg/apply/edit.go", Old: "return true, mark(object, a.run, found)", New: "return found != nil, nil"})
		// Without an intent before it, the effect is the third request.
		assertFound(t, example{fixture: corrupt, run: point.Point{Request: 3, When: point.AfterSend}, foreign: nothing}, with, unmarkedOnce, different)
	})

	t.Run("whole objects are put back", func(t *testing.T) {
		t.Parallel()
		with := chaosctl()
		with.recover = func(t *testing.T, s *scene, before *snapshot.Snapshot) process {
			t.Helper()
			for i := range corrupt.edits {
				c := s.own(&corrupt.edits[i])
				o := before.Objects[key(c)].DeepCopy()
				o.SetResourceVersion("")
				_, err := s.resource(c).Update(t.Context(), o, metav1.UpdateOptions{})
				require.NoError(t, err)
			}
			return s.recovered(t)
		}
		assertFound(t, example{fixture: corrupt, run: broken, foreign: otherField}, with, lost, different)
	})

	t.Run("objects are known by their names alone", func(t *testing.T) {
		t.Parallel()
		with := recoveringBy(defective(t,
			binary.Defect{File: "pkg/apply/update.go", Old: "case object.GetUID() != o.UID:", New: "case false:"},
			binary.Defect{File: "pkg/apply/marker.go", Old: "case m.Created == \"\" && m.UID != object.GetUID(), ", New: "case "}))
		assertFound(t, example{fixture: corrupt, run: broken, foreign: replaced}, with, different)
	})

	t.Run("a change that is not there is left alone", func(t *testing.T) {
		t.Parallel()
		with := recoveringBy(defective(t, binary.Defect{File: "pkg/apply/undo.go", Old: "			a.doubtful[c] = true\n		}\n	}\n}", New: "		}\n	}\n}"}))
		assertFound(t, example{fixture: corrupt, run: point.Point{Request: 4, When: point.Late}, foreign: nothing}, with, different)
	})
}

// recoveringBy has a program of the tests put back what was left.
func recoveringBy(program string) tools {
	with := chaosctl()
	with.recover = func(t *testing.T, s *scene, _ *snapshot.Snapshot) process {
		t.Helper()
		return s.crashOf(t, program, s.recoverArgs(), point.Point{})
	}
	return with
}

// defective builds the chaosctl that crashes, with defects.
func defective(t *testing.T, defects ...binary.Defect) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "chaosctl")
	require.NoError(t, build(t.Context(), program, binary.Overlay(t, defects...)...))
	return program
}

// assertFound wants an example to be sound with chaosctl as it is, and to fail with a defect, for these reasons.
func assertFound(t *testing.T, e example, with tools, want ...outcome) {
	t.Helper()
	assert.Empty(t, e.examine(t, chaosctl()).problems, "without the defect")
	found := e.examine(t, with)
	t.Logf("the defect shows as %q:", found.reasons())
	for _, p := range found.problems {
		t.Logf("  %s", p)
	}
	for _, o := range want {
		assert.Contains(t, found.reasons(), o)
	}
}
