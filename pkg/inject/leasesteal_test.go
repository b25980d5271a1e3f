package inject_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/inject"
)

// elected is a Lease that op-1 has renewed two seconds before the plan.
func elected(change ...func(*coordinationv1.Lease)) *coordinationv1.Lease {
	renewed := metav1.NewMicroTime(time.Date(2026, 11, 23, 11, 59, 58, 0, time.UTC))
	acquired := metav1.NewMicroTime(renewed.Add(-time.Hour))
	l := &coordinationv1.Lease{
		TypeMeta:   metav1.TypeMeta{APIVersion: "coordination.k8s.io/v1", Kind: "Lease"},
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "operator", UID: "uid-operator"},
		Spec: coordinationv1.LeaseSpec{
			HolderIdentity: new("op-1"), LeaseDurationSeconds: new(int32(20)), LeaseTransitions: new(int32(4)), RenewTime: &renewed, AcquireTime: &acquired,
		},
	}
	for _, c := range change {
		c(l)
	}
	return l
}

func TestLeaseSteal(t *testing.T) {
	v := &view{}
	v.add(t, elected())
	steal := func(f *inject.LeaseSteal) (inject.Change, coordinationv1.LeaseSpec) {
		changes := planned(t, f, v.scope())
		require.Equal(t, []string{"0 patch operator"}, names(changes))
		require.Len(t, changes[0].Edit.Fields, 1)
		field := changes[0].Edit.Fields[0]
		assert.Equal(t, []string{"spec"}, field.Path)
		assert.True(t, field.Yields)
		var before, after coordinationv1.LeaseSpec
		require.NoError(t, json.Unmarshal(field.Original, &before))
		require.NoError(t, json.Unmarshal(field.Value, &after))
		assert.Equal(t, "op-1", *before.HolderIdentity)
		assert.JSONEq(t, string(field.Value), string(encoded(t, after)), "it is written as the API server writes it, or it would not be known again")
		return changes[0], after
	}
	c, spec := steal(&inject.LeaseSteal{Lease: "operator"})
	assert.Equal(t, "take the lease from op-1 for 20 s", c.What)
	assert.Equal(t, "restore spec, unless somebody has written it since", c.Undo())
	assert.Regexp(t, "^chaosctl-leader-", *spec.HolderIdentity)
	assert.Equal(t, int32(20), *spec.LeaseDurationSeconds)
	assert.Equal(t, int32(5), *spec.LeaseTransitions)
	assert.True(t, spec.RenewTime.Equal(&metav1.MicroTime{Time: v.scope().Now}))
	assert.Equal(t, spec.RenewTime, spec.AcquireTime)

	duration := experiment.Duration(time.Minute)
	c, spec = steal(&inject.LeaseSteal{Lease: "operator", Duration: &duration})
	assert.Equal(t, int32(60), *spec.LeaseDurationSeconds)
	assert.Equal(t, "take the lease from op-1 for 60 s", c.What)
}

// encoded is what the API server makes of a value.
func encoded(t *testing.T, v any) []byte {
	t.Helper()
	text, err := json.Marshal(v)
	require.NoError(t, err)
	return text
}

func TestLeaseStealIsRefused(t *testing.T) {
	for want, change := range map[string]func(*coordinationv1.Lease){
		"there is no Lease operator in namespace shop": func(l *coordinationv1.Lease) { l.Name = "other" },
		"nobody holds Lease shop/operator":             func(l *coordinationv1.Lease) { l.Spec.HolderIdentity = new("") },
		"has not renewed it for 1m21s": func(l *coordinationv1.Lease) {
			*l.Spec.RenewTime = metav1.NewMicroTime(l.Spec.RenewTime.Add(-79 * time.Second))
		},
		"Lease shop/operator is chaosctl's own": func(l *coordinationv1.Lease) {
			l.Labels = map[string]string{"app.kubernetes.io/managed-by": "chaosctl"}
		},
		"has opted out of faults": func(l *coordinationv1.Lease) { l.Annotations = map[string]string{cluster.ProtectAnnotation: "true"} },
	} {
		v := &view{}
		v.add(t, elected(change))
		refused(t, &inject.LeaseSteal{Lease: "operator"}, v.scope(), want)
	}
}

// TestLeaseStealInTheControlPlane: there the guard has to be opened, beside that of the namespace.
func TestLeaseStealInTheControlPlane(t *testing.T) {
	for _, namespace := range []string{metav1.NamespaceSystem, "kube-node-lease"} {
		v := &view{}
		v.add(t, elected(func(l *coordinationv1.Lease) { l.Namespace = namespace }))
		s := v.scope()
		s.Workload.Namespace = namespace
		s.Guard.AllowProtected = true
		refused(t, &inject.LeaseSteal{Lease: "operator"}, s, "guard.allowControlPlane: true opens them")
		s.Guard.AllowControlPlane = true
		assert.Len(t, planned(t, &inject.LeaseSteal{Lease: "operator"}, s), 1)
	}
}
