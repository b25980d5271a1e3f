package inject_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/inject"
)

func withSettings(data map[string]string, change ...func(*corev1.ConfigMap)) *view {
	c := corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "settings", UID: "uid-settings"}, Data: data}
	for _, do := range change {
		do(&c)
	}
	return &view{configMaps: []corev1.ConfigMap{c}}
}

func corrupt(m inject.Mutation) *inject.ConfigCorrupt {
	return &inject.ConfigCorrupt{ConfigMap: "settings", Key: "app.json", Mutation: m}
}

func TestMutations(t *testing.T) {
	text := func(raw json.RawMessage) string {
		var s string
		require.NoError(t, json.Unmarshal(raw, &s))
		return s
	}
	for mutation, c := range map[inject.Mutation]struct{ original, want, what string }{
		inject.Empty:    {`{"a":1}`, "", "data[app.json]: empty the value"},
		inject.Truncate: {"123456", "123", "data[app.json]: cut the value in half"},
	} {
		changes := planned(t, corrupt(mutation), withSettings(map[string]string{"app.json": c.original}).scope())
		require.Len(t, changes, 1)
		require.Len(t, changes[0].Edit.Fields, 1)
		f := changes[0].Edit.Fields[0]
		assert.Equal(t, c.original, text(f.Original))
		assert.Equal(t, c.want, text(f.Value))
		assert.Equal(t, c.what, changes[0].What)
		assert.Equal(t, "restore data[app.json]", changes[0].Undo())
	}
	half := planned(t, corrupt(inject.Truncate), withSettings(map[string]string{"app.json": "é"}).scope())
	assert.Empty(t, text(half[0].Edit.Fields[0].Value), "a character is not cut in two")

	drop := planned(t, corrupt(inject.Drop), withSettings(map[string]string{"app.json": "x"}).scope())
	assert.Nil(t, drop[0].Edit.Fields[0].Value)
	assert.Contains(t, drop[0].What, "drop the key")

	s := withSettings(map[string]string{"app.json": "x"}).scope()
	first := text(planned(t, corrupt(inject.Garbage), s)[0].Edit.Fields[0].Value)
	require.Error(t, json.Unmarshal([]byte(first), new(any)))
	s.Draw.Seed++
	assert.NotEqual(t, first, text(planned(t, corrupt(inject.Garbage), s)[0].Edit.Fields[0].Value))
	assert.ElementsMatch(t, []string{"garbage", "empty", "truncate", "drop"}, inject.Mutation("").Values())
}

func TestConfigCorruptRefused(t *testing.T) {
	fault := corrupt(inject.Garbage)
	data := map[string]string{"app.json": "x"}
	refused(t, fault, (&view{}).scope(), "there is no ConfigMap settings in namespace shop")
	refused(t, fault, withSettings(map[string]string{"other": "x"}).scope(), `has no key "app.json"`)
	refused(t, fault, withSettings(nil, func(c *corev1.ConfigMap) { c.BinaryData = map[string][]byte{"app.json": {1}} }).scope(), `has no key "app.json"`)
	refused(t, fault, withSettings(data, func(c *corev1.ConfigMap) { yes := true; c.Immutable = &yes }).scope(), "is immutable")
	unused := corrupt(inject.Garbage)
	unused.Restart = true
	refused(t, unused, withSettings(data).scope(), "so nothing can be restarted")
}

// TestConfigCorruptRoom: the mark must fit beside the annotations that are there. A large original is kept in the run's
// Secret, and takes no room.
func TestConfigCorruptRoom(t *testing.T) {
	large := map[string]string{"app.json": strings.Repeat("x", 1_000_000)}
	applied := func(size int) func(c *corev1.ConfigMap) {
		return func(c *corev1.ConfigMap) {
			c.Annotations = map[string]string{"kubectl.kubernetes.io/last-applied-configuration": strings.Repeat("x", size)}
		}
	}
	assert.Len(t, planned(t, corrupt(inject.Garbage), withSettings(large).scope()), 1)
	assert.Len(t, planned(t, corrupt(inject.Garbage), withSettings(large, applied(200_000)).scope()), 1)
	refused(t, corrupt(inject.Garbage), withSettings(large, applied(250_000)).scope(), "leave 12096 bytes, and the mark of the change takes 20480")
}

func TestRestartOfConsumers(t *testing.T) {
	consumer := func(kind, name string, spec corev1.PodSpec) *cluster.Workload {
		w := &cluster.Workload{Kind: kind, Namespace: "shop", Name: name, UID: "uid-" + name, Resource: schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "x"}}
		w.Template.Spec = spec
		return w
	}
	local := corev1.LocalObjectReference{Name: "settings"}
	volume := func(source corev1.VolumeSource) corev1.PodSpec {
		return corev1.PodSpec{Volumes: []corev1.Volume{{}, {VolumeSource: source}}}
	}
	v := withSettings(map[string]string{"app.json": "x"})
	v.workloads = []*cluster.Workload{
		consumer("Deployment", "by-volume", volume(corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: local}})),
		consumer("StatefulSet", "by-projection", volume(corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{Sources: []corev1.VolumeProjection{{}, {ConfigMap: &corev1.ConfigMapProjection{LocalObjectReference: local}}}}})),
		consumer("DaemonSet", "by-env-from", corev1.PodSpec{Containers: []corev1.Container{{EnvFrom: []corev1.EnvFromSource{{}, {ConfigMapRef: &corev1.ConfigMapEnvSource{LocalObjectReference: local}}}}}}),
		consumer("Deployment", "by-env", corev1.PodSpec{Containers: []corev1.Container{{Env: []corev1.EnvVar{{}, {ValueFrom: &corev1.EnvVarSource{}}, {ValueFrom: &corev1.EnvVarSource{ConfigMapKeyRef: &corev1.ConfigMapKeySelector{LocalObjectReference: local}}}}}}}),
		consumer("Deployment", "by-init", corev1.PodSpec{InitContainers: []corev1.Container{{EnvFrom: []corev1.EnvFromSource{{ConfigMapRef: &corev1.ConfigMapEnvSource{LocalObjectReference: local}}}}}}),
		consumer("Deployment", "another's", volume(corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: "other"}}})),
		consumer("Deployment", "a-secret", volume(corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "settings"}})),
		consumer("Deployment", "nothing", corev1.PodSpec{}),
	}
	v.workloads[3].Template.Annotations = map[string]string{inject.RestartAnnotation: "earlier"}
	fault := corrupt(inject.Garbage)
	fault.Restart = true
	changes := planned(t, fault, v.scope())
	assert.Equal(t, []string{"0 patch settings", "1 patch by-volume", "1 patch by-projection", "1 patch by-env-from", "1 patch by-env", "1 patch by-init"}, names(changes))
	for _, c := range changes[1:] {
		assert.Equal(t, changes[0].ID, c.UndoAfter, "the pods of the rollback start with a sound configuration")
	}
	assert.Equal(t, "remove spec.template.metadata.annotations[chaosctl.dev/restart]", changes[1].Undo())
	assert.JSONEq(t, `"earlier"`, string(changes[4].Edit.Fields[0].Original))
	assert.Equal(t, "restore spec.template.metadata.annotations[chaosctl.dev/restart]", changes[4].Undo())
}
