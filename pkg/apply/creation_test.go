package apply

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/chaosctl/chaosctl/pkg/inject"
)

// squeezed is a quota that a run makes.
func squeezed() *inject.Change {
	return &inject.Change{
		ID: "f/1/quota", Fault: "f",
		Object: inject.Object{Resource: corev1.SchemeGroupVersion.WithResource("resourcequotas"), Kind: "ResourceQuota", Namespace: "shop", Name: "q"},
		Create: &inject.Create{Manifest: []byte(`{"apiVersion":"v1","kind":"ResourceQuota","metadata":{"name":"q","namespace":"shop"}}`)},
	}
}

// TestCreatedIsMarked: what is created is born with its mark and its owner; a copy under another name, or elsewhere, has neither
// for its own.
func TestCreatedIsMarked(t *testing.T) {
	c := squeezed()
	lease := metav1.OwnerReference{APIVersion: "coordination.k8s.io/v1", Kind: "Lease", Name: "chaosctl-deployment-web", UID: "l1"}
	a := &Applier{run: "run-1", Owner: &Owner{Namespace: "shop", Reference: lease}}
	o, err := creation{a, c}.manifest()
	require.NoError(t, err)
	assert.Equal(t, "run-1", o.GetLabels()[RunLabel])
	assert.Equal(t, []metav1.OwnerReference{lease}, o.GetOwnerReferences())

	o.SetUID("u9") // the server's
	marks := ReadMarks(o, c.Object)
	require.Len(t, marks.Changes, 1)
	assert.NotNil(t, marks.Changes[0].Create)
	assert.True(t, marks.Changes[0].Reversible())
	for _, elsewhere := range []inject.Object{
		{Kind: "ResourceQuota", Namespace: "shop", Name: "q2"}, {Kind: "ResourceQuota", Namespace: "other", Name: "q"}, {Kind: "LimitRange", Namespace: "shop", Name: "q"},
	} {
		copied := ReadMarks(o, elsewhere)
		assert.Empty(t, copied.Changes)
		assert.Len(t, copied.Copies, 1)
	}

	theirs := metav1.OwnerReference{APIVersion: "v1", Kind: "ConfigMap", Name: "chaosctl-x", UID: "c1"}
	o.SetOwnerReferences(append(o.GetOwnerReferences(), theirs))
	disown(o)
	assert.Equal(t, []metav1.OwnerReference{theirs}, o.GetOwnerReferences(), "only the run's Lease would take it along")
	assert.Equal(t, []string{"kubectl -n shop delete resourcequota q"}, a.byHand(c, true))
}

// TestOwnerIsOfTheNamespace: the garbage collector takes an owner in another namespace for one that is gone.
func TestOwnerIsOfTheNamespace(t *testing.T) {
	a := &Applier{run: "run-1", Owner: &Owner{Namespace: "lab"}}
	o, err := creation{a, squeezed()}.manifest()
	require.NoError(t, err)
	assert.Empty(t, o.GetOwnerReferences())
}
