package recovery

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/chaosctl/chaosctl/pkg/inject"
	"github.com/chaosctl/chaosctl/pkg/inject/mutation"
	"github.com/chaosctl/chaosctl/pkg/report"
	"github.com/chaosctl/chaosctl/test/internal/binary"
)

// vault is a scene with a Secret that has a key for each mutation, named after it.
type vault struct {
	*scene
	before *corev1.Secret
	// hidden are texts that nobody may see, by what they are.
	hidden map[string]string
	// seen is all that chaosctl has said and written, by where.
	seen map[string]string
}

// token is a text that is nowhere by chance. Its length is one of those that base64 writes without filling it up, so that
// what it begins with begins with it in base64 too.
func token() string { return rand.Text()[:24] }

// older is the key that holds what is stale.
const older = "older"

func newVault(t *testing.T) *vault {
	t.Helper()
	v := &vault{scene: newScene(t), hidden: map[string]string{}, seen: map[string]string{}}
	data := map[string][]byte{}
	for _, name := range append(v.mutations(), older) {
		first, second := token(), token()
		value := first + second
		switch mutation.Kind(name) {
		case mutation.Flip, mutation.WrongType: // what is inside is secret too, names included
			value = fmt.Sprintf(`{"%s": "%s", "on": true}`, first, second)
		}
		data[strings.ToLower(name)] = []byte(value)
		v.hidden["the first half for "+name], v.hidden["the second half for "+name] = first, second
		v.hide("the original for "+name, []byte(value))
	}
	var err error
	v.before, err = shared.client.CoreV1().Secrets(v.namespace).Create(t.Context(), &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "credentials"}, Data: data,
	}, metav1.CreateOptions{})
	require.NoError(t, err)
	return v
}

// mutations are all that a Secret can get.
func (v *vault) mutations() []string {
	var all []string
	for _, name := range mutation.Kind("").Values() {
		if mutation.Kind(name) != mutation.Given {
			all = append(all, name)
		}
	}
	return all
}

// hide notes a value that nobody may see, as it is, as Secrets hold it, and by a digest that would tell a short one.
func (v *vault) hide(what string, value []byte) {
	const recognisable = 8
	if len(value) < recognisable {
		return
	}
	encoded, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	v.hidden[what] = string(value)
	v.hidden[what+", in base64"] = base64.StdEncoding.EncodeToString(value)
	v.hidden["the digest of "+what] = inject.Digest(encoded)
}

// experiment breaks all keys at once.
func (v *vault) experiment(t *testing.T, duration time.Duration) string {
	t.Helper()
	var faults strings.Builder
	for _, name := range v.mutations() {
		from := ""
		if mutation.Kind(name) == mutation.Stale {
			from = ", from: {key: " + older + "}"
		}
		fmt.Fprintf(&faults, "  - {name: %s, configCorrupt: {secret: credentials, key: %[1]s, mutation: %s%s}}\n", strings.ToLower(name), name, from)
	}
	return v.file(t, duration, faults.String())
}

func (v *vault) file(t *testing.T, duration time.Duration, faults string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "experiment.yaml")
	require.NoError(t, os.WriteFile(path, fmt.Appendf(nil, `apiVersion: chaosctl.dev/v1alpha1
kind: Experiment
metadata: {name: secret}
spec:
  promise: configuration
  target: {namespace: %s, workload: deployment/web}
  steady: {for: 100ms}
  duration: %s
  recovery: {timeout: 1m, stableFor: 100ms}
  expect:
  - replicas: {atLeast: 1}
  faults:
%s`, v.namespace, duration, faults), 0o600))
	return path
}

// does runs a command to its end, keeps what it says and writes, and returns its exit code.
func (v *vault) does(t *testing.T, command string, args ...string) int {
	t.Helper()
	p, code := chaosctl(t, command, args...)
	v.keep(t, fmt.Sprintf("%s %v", command, args), p.Stdout.String()+p.Stderr.String(), p.Out)
	return code
}

func (v *vault) keep(t *testing.T, what, said, dir string) {
	t.Helper()
	v.seen["the output of "+what] = said
	if _, err := os.Stat(dir); err != nil {
		return // not all commands write
	}
	require.NoError(t, filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		v.seen[filepath.Base(path)+" of "+what] = string(text)
		return err
	}))
}

// inForce wants every key to be broken, hides what is there now, and keeps what can be seen in the cluster by those who
// may not see Secrets.
func (v *vault) inForce(t *testing.T) {
	t.Helper()
	now, err := shared.client.CoreV1().Secrets(v.namespace).Get(t.Context(), "credentials", metav1.GetOptions{})
	require.NoError(t, err)
	for _, name := range v.mutations() {
		key := strings.ToLower(name)
		assert.NotEqual(t, string(v.before.Data[key]), string(now.Data[key]), name)
		v.hide("what is there instead, for "+name, now.Data[key])
	}
	annotations, err := json.Marshal(now.Annotations)
	require.NoError(t, err)
	assert.Contains(t, string(annotations), "chaosctl.dev/undo-")
	for what, text := range v.hidden { // who sees them sees the values themselves, and may see digests
		if !strings.HasPrefix(what, "the digest of ") {
			assert.NotContains(t, string(annotations), text, what)
		}
	}
	leases, err := shared.client.CoordinationV1().Leases(v.namespace).List(t.Context(), metav1.ListOptions{})
	require.NoError(t, err)
	events, err := shared.client.CoreV1().Events(v.namespace).List(t.Context(), metav1.ListOptions{})
	require.NoError(t, err)
	v.seen["the leases"], v.seen["the events"] = leases.String(), events.String()
}

// assertHidden wants nothing that is hidden to be seen anywhere.
func (v *vault) assertHidden(t *testing.T) {
	t.Helper()
	for where, text := range v.seen {
		for what, value := range v.hidden {
			if strings.Contains(text, value) { // the text itself is long
				t.Errorf("%s is in %s", what, where)
			}
		}
	}
}

// assertRestored wants the Secret as it was, save a key that somebody else has changed.
func (v *vault) assertRestored(t *testing.T, theirs map[string][]byte) {
	t.Helper()
	now, err := shared.client.CoreV1().Secrets(v.namespace).Get(t.Context(), "credentials", metav1.GetOptions{})
	require.NoError(t, err)
	want := maps.Clone(v.before.Data)
	maps.Copy(want, theirs)
	assert.Equal(t, want, now.Data)
	assert.Empty(t, now.Annotations)
	assert.Empty(t, now.Labels)
	assertNothingLeft(t, v.namespace)
}

// TestSecretFaultsStaySecret: of a Secret that is broken in every way, neither the values nor those that take their places
// can be seen in anything that chaosctl says or writes, until it is put back (G18).
func TestSecretFaultsStaySecret(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	file := v.experiment(t, long)
	require.Zero(t, v.does(t, "plan", "-f", file, "--server-dry-run"))
	require.Zero(t, v.does(t, "plan", "-f", file, "-o", "json"))

	run := binary.Chaosctl{Kubeconfig: shared.Kubeconfig}.Start(t, "run", "-f", file)
	run.SaysTimes(t, "proved  patch secret", len(v.mutations()))
	v.inForce(t)
	run.Signal(t, syscall.SIGKILL)
	run.Exit(t)
	v.keep(t, "the run that was killed", run.Stdout.String()+run.Stderr.String(), run.Out)
	require.Contains(t, v.seen, "journal.jsonl of the run that was killed")

	theirs := map[string][]byte{"truncate": []byte(token() + token())}
	v.hide("what somebody else has written", theirs["truncate"])
	patch, err := json.Marshal(map[string]any{"data": theirs})
	require.NoError(t, err)
	_, err = shared.client.CoreV1().Secrets(v.namespace).Patch(t.Context(), "credentials", types.MergePatchType, patch, metav1.PatchOptions{})
	require.NoError(t, err)
	assert.Equal(t, report.ExitRefused, v.does(t, "plan", "-f", file), "it is refused beside what is left")
	v.does(t, "report", run.Dir(t))
	v.keep(t, "the report of it", "", run.Out)
	v.does(t, "status", "-n", v.namespace)
	v.does(t, "recover", "--all", "-n", v.namespace, "--dry-run")
	assert.Zero(t, v.does(t, "recover", "--all", "-n", v.namespace, "-o", "json"))
	assert.Contains(t, fmt.Sprint(v.seen), "values withheld", "that it diverged is told")
	v.assertRestored(t, theirs)
	v.assertHidden(t)
}

// TestSecretFaultsAreReported: nor in the reports of a run that comes to its end, nor in what is said of one that is refused.
func TestSecretFaultsAreReported(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	run := binary.Chaosctl{Kubeconfig: shared.Kubeconfig}.Start(t, "run", "-f", v.experiment(t, 10*time.Second))
	run.SaysTimes(t, "proved  patch secret", len(v.mutations()))
	v.inForce(t)
	assert.Zero(t, run.Exit(t))
	v.keep(t, "the run", run.Stdout.String()+run.Stderr.String(), run.Out)
	for _, name := range []string{"result.json", "report.html", "summary.md", "junit.xml", "events.jsonl", "journal.jsonl"} {
		assert.Contains(t, v.seen, name+" of the run")
	}
	assert.Contains(t, v.seen["report.html of the run"], "data.truncate: cut the value in half")
	v.assertRestored(t, nil)

	for _, fault := range []string{"key: flip, mutation: flip, at: nowhere", "key: flip, mutation: wrongType, at: nowhere", "key: garbage, mutation: flip, at: nowhere", "key: nothing"} {
		file := v.file(t, time.Second, "  - configCorrupt: {secret: credentials, "+fault+"}\n")
		assert.Equal(t, report.ExitRefused, v.does(t, "run", "-f", file), fault)
	}
	v.assertHidden(t)
}
