package e2e

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/chaosctl/chaosctl/test/internal/binary"
)

// release is what the Helm chart comes to, in a namespace of its own that enforces the restricted Pod Security Standard: two replicas
// of serve, whose game day breaks the configuration of a shop in another namespace.
type release struct {
	*shop
	home string
}

// newRelease installs it, with the rights that rbac prints and no others, and waits until both replicas are ready.
func newRelease(t *testing.T, s *shop, schedule, lasts string) *release {
	t.Helper()
	r := &release{s, s.namespace + "-chaos"}
	require.NoError(t, s.LoadImage(t.Context(), ownImage, binary.Path("chaosctl")))
	_, err := s.client.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		Name: r.home, Labels: map[string]string{"pod-security.kubernetes.io/enforce": "restricted"},
	}}, metav1.CreateOptions{})
	require.NoError(t, err)
	t.Cleanup(func() { s.deleteNamespace(t, r.home) })

	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		return path
	}
	broken := but(t, quiet("corrupt", "deployment/catalogue", "configCorrupt: {configMap: catalogue-config, key: catalogue.json}", lasts),
		"namespace: shop,", "namespace: "+s.namespace+",")
	experiment := write("corrupt.yaml", broken)
	day := write("day.yaml", `apiVersion: chaosctl.dev/v1alpha1
kind: GameDay
metadata: {name: released}
spec:
  schedule: "`+schedule+`"
  experiments:
  - {file: corrupt.yaml}
`)
	code, roles, stderr := inProcess(t, "rbac", "-f", day, "--leader-elect", r.home+"/chaosctl", "--serviceaccount", r.home+"/chaosctl")
	require.Zero(t, code, stderr)

	var manifest, said bytes.Buffer
	helm := exec.CommandContext(t.Context(), binary.Tool(t, "helm"), "template", "chaosctl", filepath.Join(binary.Repository(), "deploy", "helm", "chaosctl"),
		"--namespace", r.home, "--set", "image="+ownImage, "--set-file", "roles="+write("roles.yaml", roles),
		"--set-file", `gameDays.day\.yaml=`+day, "--set-file", `gameDays.corrupt\.yaml=`+experiment)
	helm.Env = append(os.Environ(), "KUBECONFIG=", "HELM_CACHE_HOME="+t.TempDir(), "HELM_CONFIG_HOME="+t.TempDir(), "HELM_DATA_HOME="+t.TempDir())
	helm.Stdout, helm.Stderr = &manifest, &said
	require.NoError(t, helm.Run(), said.String())
	s.apply(t, manifest.String())
	r.eventually(t, "two replicas are not ready", func(ctx context.Context) (bool, error) {
		d, err := s.client.AppsV1().Deployments(r.home).Get(ctx, "chaosctl", metav1.GetOptions{})
		return err == nil && isAvailable(d), err
	})
	return r
}

func isAvailable(d *appsv1.Deployment) bool {
	return d.Status.ObservedGeneration >= d.Generation && d.Status.AvailableReplicas == *d.Spec.Replicas
}

func (r *release) eventually(t *testing.T, otherwise string, condition wait.ConditionWithContextFunc) {
	t.Helper()
	require.NoError(t, wait.PollUntilContextTimeout(t.Context(), 100*time.Millisecond, 2*time.Minute, true, condition), otherwise)
}

// leader is the identity that the Lease names; empty where it names none.
func (r *release) leader(ctx context.Context) (string, error) {
	lease, err := r.client.CoordinationV1().Leases(r.home).Get(ctx, "chaosctl", metav1.GetOptions{})
	if apierrors.IsNotFound(err) || err == nil && lease.Spec.HolderIdentity == nil {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return *lease.Spec.HolderIdentity, nil
}

// told is what the replicas have said: those that run, and those before them in their pods.
func (r *release) told(t *testing.T) string {
	t.Helper()
	pods, err := r.client.CoreV1().Pods(r.home).List(t.Context(), metav1.ListOptions{})
	require.NoError(t, err)
	var all strings.Builder
	for _, p := range pods.Items {
		for _, previous := range []bool{true, false} {
			text, err := r.client.CoreV1().Pods(r.home).GetLogs(p.Name, &corev1.PodLogOptions{Previous: previous}).DoRaw(t.Context())
			if err != nil && previous {
				continue // there was none before
			}
			require.NoError(t, err)
			all.Write(text)
		}
	}
	return all.String()
}

// processes are those of a pod, by the groups that the kubelet has put them into.
func processes(t *testing.T, pod *corev1.Pod) []int {
	t.Helper()
	entries, err := os.ReadDir("/proc")
	require.NoError(t, err)
	var found []int
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		group, _ := os.ReadFile(filepath.Join("/proc", e.Name(), "cgroup")) // it may have ended
		command, _ := os.ReadFile(filepath.Join("/proc", e.Name(), "cmdline"))
		if strings.Contains(string(group), string(pod.UID)) && strings.Contains(string(command), "\x00serve\x00") {
			found = append(found, pid)
		}
	}
	return found
}

var runOf = regexp.MustCompile(`game day released: run of (\S+)`)

// TestReleaseOnKubernetes proves that what the Helm chart comes to runs as it stands; and that when the process which leads is killed in
// the middle of a run, as the kernel does for want of memory, another process puts back what that has left, goes on, and runs nothing
// again: that of the other replica, or the one that the kubelet has started in its place.
func TestReleaseOnKubernetes(t *testing.T) {
	t.Parallel()
	takeRoom(t, 1)
	s := newShop(t, shared, healthy)
	before := s.configMap(t)
	r := newRelease(t, s, "*/20 * * * * *", "12s")
	broken := func(ctx context.Context) (bool, error) {
		c, err := s.client.CoreV1().ConfigMaps(s.namespace).Get(ctx, before.Name, metav1.GetOptions{})
		return err == nil && c.Data["catalogue.json"] != before.Data["catalogue.json"], err
	}
	r.eventually(t, "nothing is run", broken)
	first, err := r.leader(t.Context())
	require.NoError(t, err)
	name, _, _ := strings.Cut(first, "_")
	pod, err := s.client.CoreV1().Pods(r.home).Get(t.Context(), name, metav1.GetOptions{})
	require.NoError(t, err)
	leading := processes(t, pod)
	require.Len(t, leading, 1)
	require.NoError(t, syscall.Kill(leading[0], syscall.SIGKILL))

	var second string
	r.eventually(t, "nobody leads after it", func(ctx context.Context) (bool, error) {
		second, err = r.leader(ctx)
		return second != "" && second != first, err
	})
	r.eventually(t, "it is not put back", func(ctx context.Context) (bool, error) {
		isBroken, err := broken(ctx)
		return !isBroken, err
	})
	r.eventually(t, "nothing is run again", broken)
	said := r.told(t)
	assert.Contains(t, said, "restored   ConfigMap", said)
	var runs []string
	for _, found := range runOf.FindAllStringSubmatch(said, -1) {
		runs = append(runs, found[1])
	}
	assert.GreaterOrEqual(t, len(runs), 2)
	slices.Sort(runs)
	assert.Len(t, slices.Compact(slices.Clone(runs)), len(runs), "some were run twice: %v", runs)

	// They end in order: what is under way is undone first.
	_, err = s.client.AppsV1().Deployments(r.home).Patch(t.Context(), "chaosctl", types.MergePatchType, []byte(`{"spec":{"replicas":0}}`), metav1.PatchOptions{})
	require.NoError(t, err)
	r.eventually(t, "the replicas do not end", func(ctx context.Context) (bool, error) {
		pods, err := s.client.CoreV1().Pods(r.home).List(ctx, metav1.ListOptions{})
		return err == nil && len(pods.Items) == 0, err
	})
	assertSameContent(t, before, s.configMap(t))
	assert.Empty(t, s.marks(t))
}
