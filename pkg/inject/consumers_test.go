package inject_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/inject"
)

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
	fault := corrupt("")
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

func TestRestartOfConsumersOfASecret(t *testing.T) {
	local := corev1.LocalObjectReference{Name: "settings"}
	v := withSecret(map[string]string{"app.json": "x"})
	for name, spec := range map[string]corev1.PodSpec{
		"by-volume":     {Volumes: []corev1.Volume{{VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "settings"}}}}},
		"by-projection": {Volumes: []corev1.Volume{{VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{Sources: []corev1.VolumeProjection{{Secret: &corev1.SecretProjection{LocalObjectReference: local}}}}}}}},
		"by-env-from":   {Containers: []corev1.Container{{EnvFrom: []corev1.EnvFromSource{{SecretRef: &corev1.SecretEnvSource{LocalObjectReference: local}}}}}},
		"by-env":        {InitContainers: []corev1.Container{{Env: []corev1.EnvVar{{ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{LocalObjectReference: local}}}}}}},
		"another":       {Volumes: []corev1.Volume{{VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: local}}}}},
	} {
		w := &cluster.Workload{Kind: "Deployment", Namespace: "shop", Name: name, UID: "uid-" + name, Resource: schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "deployments"}}
		w.Template.Spec = spec
		v.workloads = append(v.workloads, w)
	}
	fault := corrupt("", ofSecret)
	fault.Restart = true
	assert.ElementsMatch(t, []string{"0 patch settings", "1 patch by-volume", "1 patch by-projection", "1 patch by-env-from", "1 patch by-env"}, names(planned(t, fault, v.scope())))
}
