package outage

import (
	"html"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/chaosctl/chaosctl/pkg/report"
	"github.com/chaosctl/chaosctl/test/internal/binary"
)

// TestOutageOutlastsTheUndo proves that an undo that has to give up says so, with the commands that put everything back,
// and that they do, whether the run was interrupted or came to its end.
func TestOutageOutlastsTheUndo(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		window time.Duration
		want   outcome
	}{
		"interrupted": {5 * time.Minute, abandoned},
		// What the target has become cannot be read, so that the run goes on until its lease is lost.
		"at its end": {5 * time.Second, abandoned},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, r := newScene(t, faults), newRelay(t)
			p := s.start(t, r.kubeconfig, s.experiment(t, test.window), "--undo-timeout", "1s")
			r.refuse()
			if name == "interrupted" {
				p.Signal(t, interrupt)
			}
			result := s.assertOutcome(t, p, test.want)
			assert.Contains(t, p.Stderr.String(), "the API server did not answer within 1s")
			s.putBackByHand(t, p, result)
		})
	}
}

// TestSecondSignal proves that who does not want to wait is told what is left, and how to put it back, and is let go.
func TestSecondSignal(t *testing.T) {
	t.Parallel()
	s, r := newScene(t, faults), newRelay(t)
	p := s.start(t, r.kubeconfig, s.experiment(t, 5*time.Minute))
	r.refuse()
	p.Signal(t, interrupt)
	p.Says(t, "waiting for the API server")
	_, took := p.Interrupt(t)
	t.Logf("left %s after the second signal", milliseconds(took))
	assert.Less(t, took, ciPatience)
	s.putBackByHand(t, p, s.assertOutcome(t, p, abandoned))
}

// TestTwoSignalsAtOnce proves that a signal that arrives twice, as it does where a parent passes on what the terminal
// has sent already, does not keep the undo from its work. It is not parallel, for the time that is left then is short.
func TestTwoSignalsAtOnce(t *testing.T) {
	s, r := newScene(t, faults), newRelay(t)
	p := s.start(t, r.kubeconfig, s.experiment(t, 5*time.Minute))
	r.spoil(t, `{"type": "latency", "stream": "downstream", "attributes": {"latency": 100}}`) // not done before the second
	p.Signal(t, interrupt)
	p.Says(t, "putting everything back")
	p.Signal(t, interrupt)
	s.assertOutcome(t, p, interrupted)
}

// TestHostedCICancelsInAnOutage proves that a step that cannot put back what it has changed has told that before it is
// killed.
func TestHostedCICancelsInAnOutage(t *testing.T) {
	t.Parallel()
	s, r := newScene(t, faults), newRelay(t)
	p := s.start(t, r.kubeconfig, s.experiment(t, 5*time.Minute, load(t)))
	r.spoil(t, `{"type": "timeout", "stream": "upstream"}`)
	killed := cancelStep(t, p)
	assert.False(t, killed, "the step was killed")
	s.putBackByHand(t, p, s.assertOutcome(t, p, abandoned))
}

// putBackByHand runs the commands that a run has left behind, as a person would, and wants all to be as before.
func (s *scene) putBackByHand(t *testing.T, p *binary.Process, r report.Result) {
	t.Helper()
	page := html.UnescapeString(binary.Content(t, filepath.Join(p.Dir(t), "report.html")))
	assert.Equal(t, len(s.before), s.broken(t), "the result says that nothing was put back")
	for _, c := range r.Changes {
		assert.Equal(t, "stuck", c.Undo)
		_, command, found := strings.Cut(c.Message, "to put it back by hand: ")
		require.True(t, found, c.Message)
		assert.Contains(t, page, command, "the report does not say how to put it back")
		assert.Contains(t, p.Stderr.String(), command)
		execute(t, command)
	}
	s.assertRestored(t)
}

var mergePatch = regexp.MustCompile(`(?s)^kubectl -n (\S+) patch configmap (\S+) --type=merge -p '(.*)'$`)

// execute runs a command by a shell; or does what it says where there is no kubectl.
func execute(t *testing.T, command string) {
	t.Helper()
	if _, err := exec.LookPath("kubectl"); err == nil {
		shell := exec.CommandContext(t.Context(), "sh", "-c", command)
		shell.Env = append(shell.Environ(), "KUBECONFIG="+shared.Kubeconfig)
		output, err := shell.CombinedOutput()
		require.NoError(t, err, "%s\n%s", command, output)
		return
	}
	parts := mergePatch.FindStringSubmatch(command)
	require.Len(t, parts, 4, command)
	patch := strings.ReplaceAll(parts[3], `'\''`, `'`)
	_, err := shared.client.CoreV1().ConfigMaps(parts[1]).Patch(t.Context(), parts[2], types.MergePatchType, []byte(patch), metav1.PatchOptions{})
	require.NoError(t, err)
}
