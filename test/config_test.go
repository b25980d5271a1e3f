package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"html"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/chaosctl/chaosctl/pkg/report"
)

// TestCorruptConfigurationComesBack proves that a configuration is broken while the run says so, that the undo data is
// in the same write as the fault, and that everything that the fault has touched is as it was afterwards.
func TestCorruptConfigurationComesBack(t *testing.T) {
	t.Parallel()
	takeRoom(t, 1)
	s := newShop(t, shared, healthy)
	configMap := s.configMap(t)
	deployment := s.catalogue(t)
	states := s.watchConfigMap(t, configMap)

	p := chaosctl(t, s.cluster, "run", "-f", file(t, tolerant(t, "config-corrupt")), "-n", s.namespace)
	require.Zero(t, p.Exit(t))
	r := p.Result(t)
	assert.Equal(t, report.Pass, r.Verdict)
	assert.Equal(t, report.UndoClean, r.Undo)

	seen := states()
	require.Len(t, seen, 2, "one write breaks the ConfigMap, one mends it")
	broken, mended := seen[0], seen[1]
	assert.False(t, json.Valid([]byte(broken.Data["catalogue.json"])), "the value is not garbage: %q", broken.Data["catalogue.json"])
	assert.Equal(t, configMap.Data["mode"], broken.Data["mode"])
	assert.Equal(t, r.RunID, broken.Labels["chaosctl.dev/run"], "the fault was there without its marker")
	assert.Contains(t, undoData(broken), "Teapot", "the fault was there without its undo data")
	assertSameContent(t, configMap, mended)

	assertSameDeployment(t, deployment, s.catalogue(t))
	assert.Empty(t, s.marks(t))

	page, err := os.ReadFile(filepath.Join(p.Dir(t), "report.html"))
	require.NoError(t, err)
	assert.Contains(t, string(page), fmt.Sprintf("%d bytes → %d bytes", len(configMap.Data["catalogue.json"]), len(broken.Data["catalogue.json"])))
	// What cannot be printed stands there as something that can.
	first, _, _ := strings.Cut(broken.Data["catalogue.json"], "\n")
	assert.Regexp(t, `<ins>\+[^<]*`+regexp.QuoteMeta(strings.TrimLeft(first, "\x01")), html.UnescapeString(string(page)), "the report does not show what became of it")
}

// watchConfigMap collects the states that a ConfigMap goes through from now on.
func (s *shop) watchConfigMap(t *testing.T, from *corev1.ConfigMap) (states func() []*corev1.ConfigMap) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	watcher, err := s.client.CoreV1().ConfigMaps(s.namespace).Watch(ctx, metav1.ListOptions{
		FieldSelector: "metadata.name=" + from.Name, ResourceVersion: from.ResourceVersion,
	})
	require.NoError(t, err)
	return func() []*corev1.ConfigMap {
		// What is there now ends the wait: the watch is not behind any more when it has shown this state.
		last := s.configMap(t).ResourceVersion
		defer watcher.Stop()
		var all []*corev1.ConfigMap
		for e := range watcher.ResultChan() {
			require.Equal(t, watch.Modified, e.Type)
			state := e.Object.(*corev1.ConfigMap)
			all = append(all, state)
			if state.ResourceVersion == last {
				return all
			}
		}
		t.Fatal("the watch ended")
		return nil
	}
}

// undoData is the annotation by which a change can be taken back.
func undoData(c *corev1.ConfigMap) string {
	for name, value := range c.Annotations {
		if strings.HasPrefix(name, "chaosctl.dev/undo-") {
			return value
		}
	}
	return ""
}

// assertSameDeployment wants a Deployment to be declared as it was before.
func assertSameDeployment(t *testing.T, before, after *appsv1.Deployment) {
	t.Helper()
	assert.Equal(t, before.UID, after.UID)
	assert.Equal(t, before.Spec, after.Spec)
	assert.Equal(t, before.Labels, after.Labels)
	assert.Equal(t, withoutRevision(before.Annotations), withoutRevision(after.Annotations))
}

// withoutRevision leaves out the count of rollouts, which goes up with each.
func withoutRevision(annotations map[string]string) map[string]string {
	kept := map[string]string{}
	for name, value := range annotations {
		if name != "deployment.kubernetes.io/revision" {
			kept[name] = value
		}
	}
	return kept
}

// assertSameContent wants a ConfigMap to hold what it held before.
func assertSameContent(t *testing.T, before, after *corev1.ConfigMap) {
	t.Helper()
	assert.Equal(t, before.UID, after.UID)
	assert.Equal(t, before.Data, after.Data)
	assert.Equal(t, before.BinaryData, after.BinaryData)
	assert.Equal(t, before.Labels, after.Labels)
	assert.Equal(t, before.Annotations, after.Annotations)
}
