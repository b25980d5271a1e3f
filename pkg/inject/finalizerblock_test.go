package inject_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/inject"
	"github.com/chaosctl/chaosctl/pkg/target"
)

// block is the fault with its defaults.
func block() *inject.FinalizerBlock {
	return inject.Kinds()["finalizerBlock"]().(*inject.FinalizerBlock)
}

func TestFinalizerBlock(t *testing.T) {
	held := func(p *corev1.Pod) { p.Finalizers = []string{"chaosctl.dev/hold"} }
	v := &view{pods: []*cluster.Pod{pod("web-1", "n1"), pod("web-2", "n2", held), pod("web-3", "n1", terminating), pod("web-4", "n2", annotated(cluster.ProtectAnnotation, "true"))}}
	changes := planned(t, block(), v.scope())
	require.Equal(t, []string{"0 patch web-1"}, names(changes), "the others have the finalizer, cannot get it, or have opted out")
	field := changes[0].Edit.Fields[0]
	assert.Equal(t, "metadata.finalizers[chaosctl.dev/hold]", field.PathString())
	assert.JSONEq(t, `"chaosctl.dev/hold"`, string(field.Value))
	assert.Nil(t, field.Original)
	assert.Equal(t, "remove metadata.finalizers[chaosctl.dev/hold]", changes[0].Undo())
	assert.Empty(t, changes[0].Removed(), "it takes no pod away")

	f := block()
	f.Delete, f.Count, f.Finalizer = true, experiment.Count{All: true}, "example.com/hold"
	changes = planned(t, f, v.scope())
	require.ElementsMatch(t, []string{"0 patch web-1", "0 patch web-2", "1 delete web-1", "1 delete web-2"}, names(changes), "nothing is deleted before it is held")
	for _, c := range changes {
		if c.Delete != nil {
			assert.True(t, c.Delete.Held)
			assert.Equal(t, []types.UID{c.Object.UID}, c.Removed())
			assert.False(t, c.Reversible())
		}
	}

	f = block()
	f.Where = &target.Where{Names: []string{"web-2"}}
	refused(t, f, v.scope(), "have the finalizer chaosctl.dev/hold already")
}

func TestFinalizerBlockOfAnObject(t *testing.T) {
	made := func(name string, change func(*corev1.Service)) *corev1.Service {
		s := &corev1.Service{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Service"}, ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name, UID: types.UID("uid-" + name)}}
		change(s)
		return s
	}
	v := &view{}
	v.add(t,
		made("web", func(s *corev1.Service) { s.Finalizers = []string{"service.kubernetes.io/load-balancer-cleanup"} }),
		made("held", func(s *corev1.Service) { s.Finalizers = []string{"chaosctl.dev/hold"} }),
		made("going", func(s *corev1.Service) { now := metav1.Now(); s.DeletionTimestamp = &now }),
		made("shy", func(s *corev1.Service) { s.Annotations = map[string]string{cluster.ProtectAnnotation: "true"} }),
		made("ours", func(s *corev1.Service) { s.Labels = map[string]string{"app.kubernetes.io/managed-by": "chaosctl"} }),
	)
	on := func(object string) *inject.FinalizerBlock {
		f := block()
		f.Object = object
		return f
	}
	for _, kind := range []string{"service", "Service", "services"} {
		changes := planned(t, on(kind+"/web"), v.scope())
		require.Equal(t, []string{"0 patch web"}, names(changes))
		assert.Equal(t, "Service", changes[0].Object.Kind)
		assert.Equal(t, corev1.SchemeGroupVersion.WithResource("services"), changes[0].Object.Resource)
	}
	for object, want := range map[string]string{
		"service/none":  "there is no Service none in namespace shop",
		"service/held":  "Service held has the finalizer chaosctl.dev/hold already",
		"service/going": "Service going is on its way out already",
		"service/shy":   "Service shop/shy has opted out of faults",
		"service/ours":  "Service shop/ours is chaosctl's own",
		"node/n1":       "a Node is in no namespace",
		"teapot/web":    `the cluster serves no kind "teapot"`,
	} {
		refused(t, on(object), v.scope(), want)
	}
}
