package recovery

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/chaosctl/chaosctl/pkg/apply"
	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/inject"
	"github.com/chaosctl/chaosctl/pkg/journal"
)

// noise is random text of so many bytes, which cannot be packed well.
func noise(t *testing.T, size int) string {
	t.Helper()
	raw := make([]byte, size)
	_, err := rand.Read(raw)
	require.NoError(t, err)
	return base64.StdEncoding.EncodeToString(raw)[:size]
}

// TestLargeOriginals: originals beyond what annotations take, and together beyond what a Secret does, come back from the
// cluster alone.
func TestLargeOriginals(t *testing.T) {
	t.Parallel()
	w := &world{t: t, cluster: immortal(t), uid: clusterUID(t), namespace: newNamespace(t)}
	w.run = "run-of-" + w.namespace
	for i := range 4 {
		o := newThing(kinds[0], fmt.Sprint("settings-", i))
		w.create(o, []string{fmt.Sprintf("%q", noise(t, 900<<10)), `"small"`}, nil)
		w.things = append(w.things, o)
	}
	w.start()
	t.Cleanup(w.process.die)
	for _, o := range w.things {
		w.inject(w.plan(o, []int{0, 1}, o.values, []string{`"broken"`, ``}))
		annotations, err := json.Marshal(w.get(o).GetAnnotations())
		require.NoError(t, err)
		assert.Less(t, len(annotations), 2000)
	}
	w.check("the faults")
	w.process.die()
	w.silent()
	secrets, err := shared.client.CoreV1().Secrets(w.namespace).List(t.Context(), metav1.ListOptions{LabelSelector: journal.Label})
	require.NoError(t, err)
	assert.GreaterOrEqual(t, len(secrets.Items), 3)
	_, code := chaosctl(t, "recover", w.run)
	require.Zero(t, code)
	w.recovered(t)
	assertNothingLeft(t, w.namespace)
}

// TestSecretsStaySecret: the values of a Secret that is broken are nowhere but in it and in the run's Secret (G18).
func TestSecretsStaySecret(t *testing.T) {
	t.Parallel()
	const original, written, theirs = "b3JpZ2luYWwtaHVudGVyMg==", "d3JpdHRlbi1odW50ZXIz", "dGhlaXJzLWh1bnRlcjQ="
	w := &world{t: t, cluster: immortal(t), uid: clusterUID(t), namespace: newNamespace(t)}
	w.run = "run-of-" + w.namespace
	secrets := shared.client.CoreV1().Secrets(w.namespace)
	credentials := kind{
		name: "Secret", resource: corev1.SchemeGroupVersion.WithResource("secrets"), namespaced: true,
		fields: []field{{[]string{"data", "password"}, nil}},
	}
	for _, name := range []string{"kept", "changed"} {
		o := newThing(credentials, name)
		w.create(o, []string{fmt.Sprintf("%q", original)}, nil)
		w.things = append(w.things, o)
	}
	w.start()
	t.Cleanup(w.process.die)
	dir := t.TempDir()
	log, err := event.CreateLog(filepath.Join(dir, "events.jsonl"), event.NewClock(time.Now()))
	require.NoError(t, err)
	file, err := journal.CreateFile(filepath.Join(dir, "journal.jsonl"), journal.Header{Version: journal.Version, Run: w.run, Cluster: w.uid})
	require.NoError(t, err)
	w.process.applier = apply.New(immortal(t), w.run, journal.All{file, w.process.claim.Journal}, log)
	for _, o := range w.things {
		w.inject(w.plan(o, []int{0}, o.values, []string{fmt.Sprintf("%q", written)}))
	}
	w.check("the faults")
	// One that is stale is refused, with a reason.
	err = w.process.applier.Apply(t.Context(), []inject.Change{w.plan(w.things[0], []int{0}, []string{fmt.Sprintf("%q", theirs)}, []string{fmt.Sprintf("%q", original)}).Change})
	require.ErrorContains(t, err, "data.password was changed by somebody else since it was planned")
	w.process.die()
	w.silent()
	w.others(w.things[1], 0, fmt.Sprintf("%q", theirs))
	require.NoError(t, log.Close())
	require.NoError(t, file.Close())

	seen := map[string]string{"the error": err.Error()}
	for _, name := range []string{"events.jsonl", "journal.jsonl"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		assert.Contains(t, string(text), "data")
		seen[name] = string(text)
	}
	for _, o := range w.things {
		metadata, err := json.Marshal(w.get(o).Object["metadata"])
		require.NoError(t, err)
		assert.Contains(t, string(metadata), "chaosctl.dev/undo-")
		seen["the metadata of "+o.name] = string(metadata)
	}
	lease, err := shared.client.CoordinationV1().Leases(w.namespace).Get(t.Context(), w.lease(), metav1.GetOptions{})
	require.NoError(t, err)
	seen["the lease"] = lease.String()
	events, err := shared.client.CoreV1().Events(w.namespace).List(t.Context(), metav1.ListOptions{})
	require.NoError(t, err)
	seen["events"] = events.String()
	for _, args := range [][]string{{"status", "-n", w.namespace}, {"recover", w.run, "--dry-run"}, {"recover", w.run, "--dry-run", "-o", "json"}, {"recover", w.run, "--abandon"}, {"recover", w.run, "-o", "json"}} {
		p, _ := chaosctl(t, args[0], args[1:]...)
		seen[strings.Join(args, " ")] = p.Stdout.String() + p.Stderr.String()
	}
	assert.Contains(t, seen["recover "+w.run+" -o json"], "values withheld", "that it diverged is told")
	for _, secret := range []string{original, written, theirs} {
		plain, err := base64.StdEncoding.DecodeString(secret)
		require.NoError(t, err)
		for where, text := range seen {
			assert.NotContains(t, text, secret, where)
			assert.NotContains(t, text, string(plain), where)
		}
	}
	w.recovered(t)
	kept, err := secrets.Get(context.Background(), "kept", metav1.GetOptions{})
	require.NoError(t, err)
	assert.Equal(t, "original-hunter2", string(kept.Data["password"]))
	assertNothingLeft(t, w.namespace)
}
