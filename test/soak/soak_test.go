package soak

import (
	"context"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/chaosctl/chaosctl/test/internal/binary"
)

// taken is what the process holds, by the metrics that it serves.
type taken map[string]float64

// What is looked at, and by what factor it may be more at the end than after the first runs: figures are those of a moment, in which
// some connections are on their way out, and the kernel's of memory also tell how it hands pages out.
var held = []struct {
	metric, name string
	unit         float64
	most         float64
}{
	{"go_goroutines", "goroutines", 1, 1.1},
	{"process_open_fds", "open files", 1, 1.1},
	// The next collection is due when the heap is twice what the last one has left.
	{"go_memstats_next_gc_bytes", "heap after collection, MiB", 2 << 20, 1.1},
	{"process_resident_memory_bytes", "resident memory, MiB", 1 << 20, 1.15},
}

// parts are those into which the runs are divided. The least of each figure in a part is compared: what is held between two runs.
const parts = 10

// TestSoak proves that many runs leave no more than few.
func TestSoak(t *testing.T) {
	if *runs == 0 {
		t.Skip("it takes a quarter of an hour: make test-soak")
	}
	settings := newScene(t)
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "short.yaml"), []byte(experiment), 0o644))
	day := filepath.Join(dir, "gameday.yaml")
	require.NoError(t, os.WriteFile(day, []byte(gameDay), 0o644))
	before := objects(t)

	p := binary.Chaosctl{Kubeconfig: shared.Kubeconfig}.Start(t, "serve", "-f", day, "--listen", "127.0.0.1:0")
	p.Says(t, "metrics at http://")
	at := regexp.MustCompile(`metrics at (http://\S+)`).FindStringSubmatch(p.Stderr.String())[1]
	least := make([]taken, parts)
	ends := make([]time.Time, parts+1)
	ends[0] = time.Now()
	for ran := 0; ran < *runs; {
		now := metrics(t, at)
		assert.Zero(t, now[`chaosctl_runs_total{experiment="short",gameday="soak",verdict="not run"}`])
		ran = int(now[`chaosctl_runs_total{experiment="short",gameday="soak",verdict="pass"}`])
		part := min(ran*parts / *runs, parts-1)
		ends[part+1] = time.Now()
		if least[part] == nil {
			least[part] = taken{}
			for _, h := range held {
				least[part][h.metric] = math.Inf(1)
			}
		}
		for _, h := range held {
			least[part][h.metric] = min(least[part][h.metric], now[h.metric])
		}
		select {
		case <-p.Ended:
			t.Fatal("serve has ended")
		case <-time.After(100 * time.Millisecond): // between two looks, of which many fall into one run
		}
	}
	code, _ := p.Interrupt(t)
	assert.Zero(t, code)
	result := binary.ResultIn(t, p.Dirs(t)[len(p.Dirs(t))-1])
	assert.NotEmpty(t, result.Undo)

	table := fmt.Sprintf("%d runs, the least in each tenth of them\n", *runs)
	for _, h := range held {
		table += fmt.Sprintf("%-28s", h.name)
		for _, l := range least {
			table += fmt.Sprintf(" %7.1f", l[h.metric]/h.unit)
		}
		table += "\n"
	}
	table += fmt.Sprintf("%-28s", "seconds for a run")
	for i := range parts {
		table += fmt.Sprintf(" %7.2f", ends[i+1].Sub(ends[i]).Seconds()*parts/float64(*runs))
	}
	t.Log(table)
	for _, h := range held {
		// The first part fills caches, and the index of the history.
		first, last := mean(least[1:4], h.metric), mean(least[parts-3:], h.metric)
		assert.LessOrEqual(t, last, first*h.most, "%s: %.1f in the second to the fourth tenth of the runs, and %.1f in the last three", h.name, first/h.unit, last/h.unit)
	}
	assert.Equal(t, before, objects(t), "the cluster holds what it held before")
	after, err := shared.client.CoreV1().ConfigMaps(namespace).Get(t.Context(), settings.Name, metav1.GetOptions{})
	require.NoError(t, err)
	assert.Equal(t, settings.Data, after.Data)
	assert.Equal(t, settings.UID, after.UID)
	assert.Empty(t, after.Labels)
	assert.Empty(t, after.Annotations)
	// What has only just ended is kept in any case.
	older := 0
	for _, dir := range p.Dirs(t) {
		if binary.ResultIn(t, dir).EndedAt.Before(result.EndedAt.Add(-2 * time.Minute)) {
			older++
		}
	}
	assert.LessOrEqual(t, older, kept, "the game day keeps %d runs", kept)
}

// mean is that of a figure over some parts.
func mean(of []taken, metric string) float64 {
	sum := 0.0
	for _, t := range of {
		sum += t[metric]
	}
	return sum / float64(len(of))
}

// metrics reads all that are served, by name and labels.
func metrics(t *testing.T, at string) taken {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	all := taken{}
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		i := strings.LastIndex(line, " ")
		var value float64
		_, err := fmt.Sscan(line[i+1:], &value)
		require.NoError(t, err, line)
		all[line[:i]] = value
	}
	return all
}

// objects are the names of all that runs make in a cluster.
func objects(t *testing.T) []string {
	t.Helper()
	var all []string
	leases, err := shared.client.CoordinationV1().Leases("").List(t.Context(), metav1.ListOptions{})
	require.NoError(t, err)
	for _, o := range leases.Items {
		all = append(all, "Lease "+o.Namespace+"/"+o.Name)
	}
	secrets, err := shared.client.CoreV1().Secrets("").List(t.Context(), metav1.ListOptions{})
	require.NoError(t, err)
	for _, o := range secrets.Items {
		all = append(all, "Secret "+o.Namespace+"/"+o.Name)
	}
	configMaps, err := shared.client.CoreV1().ConfigMaps(namespace).List(t.Context(), metav1.ListOptions{})
	require.NoError(t, err)
	for _, o := range configMaps.Items {
		all = append(all, "ConfigMap "+o.Namespace+"/"+o.Name)
	}
	return all
}
