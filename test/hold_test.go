package e2e

import (
	"bufio"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/chaosctl/chaosctl/pkg/report"
	"github.com/chaosctl/chaosctl/test/internal/binary"
)

// heldDay writes a game day of an experiment that waits for a go, and begins when it says.
func heldDay(t *testing.T, when, patience string) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "corrupt.yaml"), []byte(
		quiet("corrupt", "deployment/catalogue", "configCorrupt: {configMap: catalogue-config, key: catalogue.json}", "3s")), 0o644))
	day := filepath.Join(dir, "gameday.yaml")
	require.NoError(t, os.WriteFile(day, []byte(`apiVersion: chaosctl.dev/v1alpha1
kind: GameDay
metadata: {name: held}
spec:
  `+when+`
  experiments:
  - {file: corrupt.yaml, hold: before, holdFor: `+patience+`}
`), 0o644))
	return day
}

// holds counts the Leases by which something could be approved.
func (s *shop) holds(t *testing.T) int {
	t.Helper()
	leases, err := s.client.CoordinationV1().Leases(s.namespace).List(t.Context(), metav1.ListOptions{LabelSelector: "chaosctl.dev/hold"})
	require.NoError(t, err)
	return len(leases.Items)
}

// TestHold proves that an experiment waits for a person's go, which is given from elsewhere, and that it is not run where nobody
// gives one.
func TestHold(t *testing.T) {
	t.Parallel()
	s := newShop(t, shared, healthy)
	before := s.configMap(t)

	p := start(t, s.cluster, "serve", "-f", heldDay(t, `schedule: "@yearly"`, "1s"), "-n", s.namespace, "--once")
	assert.Equal(t, report.ExitUnknown, p.Exit(t))
	assert.Contains(t, p.Stdout.String(), "nobody gave it a go within 1s")
	assert.Empty(t, p.Dirs(t))
	assert.Zero(t, s.holds(t))

	p = start(t, s.cluster, "serve", "-f", heldDay(t, `schedule: "@yearly"`, "5m"), "-n", s.namespace, "--once")
	p.Says(t, "corrupt waits for a go until")
	assertSameContent(t, before, s.configMap(t))
	approve := func(args ...string) *binary.Process {
		return start(t, s.cluster, "approve", append(args, "-n", s.namespace)...)
	}
	listed := approve()
	assert.Zero(t, listed.Exit(t))
	assert.Contains(t, listed.Stdout.String(), "held/corrupt")
	wrong := approve("held/other")
	assert.Equal(t, report.ExitRefused, wrong.Exit(t))
	assert.Contains(t, wrong.Stderr.String(), "nothing named held/other waits for a go in namespace "+s.namespace)
	given := approve("held/corrupt")
	assert.Zero(t, given.Exit(t), given.Stderr.String())
	assert.Zero(t, p.Exit(t))
	assert.Contains(t, binary.Content(t, filepath.Join(p.Dir(t), "report.html")), "the run was approved by ")
	assert.Zero(t, s.holds(t))
	assertSameContent(t, before, s.configMap(t))

	p = start(t, s.cluster, "serve", "-f", heldDay(t, `schedule: "@yearly"`, "5m"), "-n", s.namespace, "--once")
	p.Says(t, "corrupt waits for a go until")
	code, _ := p.Interrupt(t)
	assert.Equal(t, report.ExitInterrupted, code)
	assert.Zero(t, s.holds(t), "who does not wait any more leaves nothing to be approved")
}

// TestPageOfServe proves that a game day is seen by its page: the go given, the run followed while it goes, and stopped for good; and
// that who follows the last run is told that it is over, though serve ends with it.
func TestPageOfServe(t *testing.T) {
	t.Parallel()
	s := newShop(t, shared, healthy)
	before := s.configMap(t)
	phases := []string{"steady", "fault", "recovery"}
	p, page := s.page(t, heldDay(t, soon(), "5m"))
	assert.Equal(t, phases, followed(t, page+"live/"+begun(t, p, page)+"/events"))
	assert.Zero(t, p.Exit(t))

	day := heldDay(t, soon(), "5m")
	later := strings.NewReplacer("name: held", "name: later").Replace(binary.Content(t, heldDay(t, `schedule: "@yearly"`, "5m")))
	require.NoError(t, os.WriteFile(filepath.Join(filepath.Dir(day), "later.yaml"), []byte(later), 0o644))
	p, page = s.page(t, filepath.Dir(day))
	run := begun(t, p, page)
	assert.Equal(t, phases, followed(t, page+"live/"+run+"/events"))
	assert.Contains(t, fetched(t, page+"runs/"+run+"/report.html"), run)
	assert.Contains(t, fetched(t, page+"history?verdict=pass"), run)
	p.Interrupt(t)
	assertSameContent(t, before, s.configMap(t))
}

// soon is a time at which a game day is there.
func soon() string { return "at: " + time.Now().Add(4*time.Second).UTC().Format("2006-01-02T15:04:05") }

// page serves game days, and the page of them.
func (s *shop) page(t *testing.T, days string) (p *binary.Process, address string) {
	t.Helper()
	p = start(t, s.cluster, "serve", "-f", days, "-n", s.namespace, "--listen", "127.0.0.1:0", "--allow-actions")
	p.Says(t, "page at http://")
	return p, regexp.MustCompile(`page at (http://\S+)`).FindStringSubmatch(p.Stderr.String())[1]
}

// begun gives the go by the page, and the run that it is for.
func begun(t *testing.T, p *binary.Process, page string) (run string) {
	t.Helper()
	p.Says(t, "corrupt waits for a go until")
	assert.Contains(t, fetched(t, page), "Waiting for a go")
	posted(t, page+"approve", url.Values{"hold": {"held/corrupt"}})
	p.Says(t, "phase steady")
	found := regexp.MustCompile(`/live/([\w-]+)"`).FindStringSubmatch(fetched(t, page))
	require.NotNil(t, found, "the page does not show the run")
	return found[1]
}

// posted sends a form as the page would.
func posted(t *testing.T, to string, form url.Values) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, to, strings.NewReader(form.Encode()))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Sec-Fetch-Site", "same-origin")
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	require.Equal(t, http.StatusOK, response.StatusCode)
}

// followed reads a stream of events to its end, and gives the phases that it tells of, each once.
func followed(t *testing.T, stream string) (phases []string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, stream, nil)
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	lines := bufio.NewScanner(response.Body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if lines.Text() == "event: over" {
			return phases
		}
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok {
			continue
		}
		var state struct{ Phase string }
		require.NoError(t, json.Unmarshal([]byte(data), &state))
		if n := len(phases); state.Phase != "" && (n == 0 || phases[n-1] != state.Phase) {
			phases = append(phases, state.Phase)
		}
	}
	t.Fatal("the stream ended before the run")
	return nil
}
