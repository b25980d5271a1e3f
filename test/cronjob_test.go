package e2e

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/restmapper"

	"github.com/chaosctl/chaosctl/test/internal/binary"
)

// TestGameDayOnKubernetes proves that what `schedule render` prints runs as it stands: Kubernetes takes it in a namespace of
// the strictest Pod Security Standard, its CronJob runs the game day with no rights but those of its role, and the other
// finds nothing left.
func TestGameDayOnKubernetes(t *testing.T) {
	t.Parallel()
	takeRoom(t, 1)
	s := newShop(t, shared, healthy)
	before := s.configMap(t)
	require.NoError(t, s.LoadImage(t.Context(), ownImage, binary.Path("chaosctl")))
	enforce := []byte(`{"metadata":{"labels":{"pod-security.kubernetes.io/enforce":"restricted"}}}`)
	_, err := s.client.CoreV1().Namespaces().Patch(t.Context(), s.namespace, types.MergePatchType, enforce, metav1.PatchOptions{})
	require.NoError(t, err)
	dir := t.TempDir()
	broken := but(t, quiet("corrupt", "deployment/catalogue", "configCorrupt: {configMap: catalogue-config, key: catalogue.json}", "3s"),
		"namespace: shop,", "namespace: "+s.namespace+",")
	require.NoError(t, os.Mkdir(filepath.Join(dir, "experiments"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "experiments", "corrupt.yaml"), []byte(broken), 0o644))
	day := filepath.Join(dir, "gameday.yaml")
	require.NoError(t, os.WriteFile(day, []byte(`apiVersion: chaosctl.dev/v1alpha1
kind: GameDay
metadata: {name: on-kubernetes}
spec:
  schedule: "* * * * *"
  experiments:
  - {file: experiments/corrupt.yaml}
`), 0o644))

	code, manifest, stderr := inProcess(t, "schedule", "render", "-f", day, "--image", ownImage)
	require.Zero(t, code, stderr)
	s.apply(t, manifest)

	ran := s.finished(t, "chaosctl-on-kubernetes")
	assert.Contains(t, s.said(t, ran), "verdict   pass: 1 pass, of 1 experiment")
	assert.EqualValues(t, 1, ran.Status.Succeeded)
	_, err = s.client.BatchV1().CronJobs(s.namespace).Patch(t.Context(), "chaosctl-on-kubernetes", types.MergePatchType, []byte(`{"spec":{"suspend":true}}`), metav1.PatchOptions{})
	require.NoError(t, err)

	// Five minutes are too long to wait for the other, so its Job is made by hand, as `kubectl create job --from` does.
	again, err := s.client.BatchV1().CronJobs(s.namespace).Get(t.Context(), "chaosctl-on-kubernetes-recover", metav1.GetOptions{})
	require.NoError(t, err)
	made, err := s.client.BatchV1().Jobs(s.namespace).Create(t.Context(), &batchv1.Job{
		ObjectMeta: metav1.ObjectMeta{Name: "by-hand", OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(again, batchv1.SchemeGroupVersion.WithKind("CronJob"))}},
		Spec:       again.Spec.JobTemplate.Spec,
	}, metav1.CreateOptions{})
	require.NoError(t, err)
	recovered := s.finished(t, "chaosctl-on-kubernetes-recover", made.Name)
	assert.EqualValues(t, 1, recovered.Status.Succeeded, s.said(t, recovered))
	assertSameContent(t, before, s.configMap(t))
	assert.Empty(t, slices.DeleteFunc(s.marks(t), func(o string) bool { return strings.HasPrefix(o, "ConfigMap/chaosctl-on-kubernetes:") }))
}

// apply creates the objects of a manifest, and removes those that are in no namespace when the test ends.
func (s *shop) apply(t *testing.T, manifest string) {
	t.Helper()
	resources, err := restmapper.GetAPIGroupResources(s.client.Discovery())
	require.NoError(t, err)
	mapper := restmapper.NewDiscoveryRESTMapper(resources)
	documents := yaml.NewYAMLOrJSONDecoder(bytes.NewReader([]byte(manifest)), 4096)
	for {
		o := &unstructured.Unstructured{}
		err := documents.Decode(&o.Object)
		if errors.Is(err, io.EOF) {
			return
		}
		require.NoError(t, err)
		kind := o.GroupVersionKind()
		mapping, err := mapper.RESTMapping(kind.GroupKind(), kind.Version)
		require.NoError(t, err)
		strict := metav1.CreateOptions{FieldValidation: metav1.FieldValidationStrict}
		if o.GetNamespace() != "" {
			_, err = s.dynamic.Resource(mapping.Resource).Namespace(o.GetNamespace()).Create(t.Context(), o, strict)
			require.NoError(t, err)
			continue
		}
		client := s.dynamic.Resource(mapping.Resource)
		_, err = client.Create(t.Context(), o, strict)
		require.NoError(t, err)
		t.Cleanup(func() {
			assert.NoError(t, ignoreNotFound(client.Delete(context.WithoutCancel(t.Context()), o.GetName(), metav1.DeleteOptions{})))
		})
	}
}

// finished waits for a Job of a CronJob to end: any, or the one of that name.
func (s *shop) finished(t *testing.T, cronJob string, name ...string) *batchv1.Job {
	t.Helper()
	var found *batchv1.Job
	require.NoError(t, wait.PollUntilContextTimeout(t.Context(), 200*time.Millisecond, 3*time.Minute, true, func(ctx context.Context) (bool, error) {
		list, err := s.client.BatchV1().Jobs(s.namespace).List(ctx, metav1.ListOptions{})
		if err != nil {
			return false, err
		}
		for i := range list.Items {
			owner := metav1.GetControllerOf(&list.Items[i])
			if len(name) > 0 && list.Items[i].Name != name[0] {
				continue
			}
			if owner != nil && owner.Name == cronJob && list.Items[i].Status.Succeeded+list.Items[i].Status.Failed > 0 {
				found = &list.Items[i]
			}
		}
		return found != nil, nil
	}), "no Job of CronJob %s has ended", cronJob)
	return found
}

// said is what the pods of a Job have said.
func (s *shop) said(t *testing.T, job *batchv1.Job) string {
	t.Helper()
	pods, err := s.client.CoreV1().Pods(s.namespace).List(t.Context(), metav1.ListOptions{LabelSelector: batchv1.JobNameLabel + "=" + job.Name})
	require.NoError(t, err)
	var all []byte
	for _, p := range pods.Items {
		text, err := s.client.CoreV1().Pods(s.namespace).GetLogs(p.Name, &corev1.PodLogOptions{}).DoRaw(t.Context())
		require.NoError(t, err)
		all = append(all, text...)
	}
	return string(all)
}
