package inject_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/chaosctl/chaosctl/pkg/inject"
)

var million = map[string]string{"cpu": "1M"}

// resourced is [threeReplicas] whose first container has these, on a node of 4 processors and 8 GiB.
func resourced(requests, limits corev1.ResourceList) inject.Scope {
	v := newThreeReplicas()
	node := corev1.Node{Status: corev1.NodeStatus{Allocatable: quantities("cpu", "4", "memory", "8Gi")}}
	node.Name = "n1"
	v.nodes = []corev1.Node{node}
	s := v.scope()
	s.Workload.Template.Spec.Containers[0].Resources = corev1.ResourceRequirements{Requests: requests, Limits: limits}
	return s
}

func quantities(pairs ...string) corev1.ResourceList {
	all := corev1.ResourceList{}
	for i := 0; i < len(pairs); i += 2 {
		all[corev1.ResourceName(pairs[i])] = resource.MustParse(pairs[i+1])
	}
	return all
}

func TestBadResources(t *testing.T) {
	const requests, limits = "spec.template.spec.containers[name=web].resources.requests", "spec.template.spec.containers[name=web].resources.limits"
	for name, c := range map[string]struct {
		prior, limits corev1.ResourceList
		ask           map[string]string
		// want is each field that changes: what it was and what it becomes.
		want map[string][2]string
	}{
		"where nothing was said":           {nil, nil, million, map[string][2]string{requests + ".cpu": {"", `"1M"`}}},
		"what was there comes back":        {quantities("cpu", "100m", "memory", "1Gi"), nil, million, map[string][2]string{requests + ".cpu": {`"100m"`, `"1M"`}}},
		"as the API server writes it":      {nil, nil, map[string]string{"cpu": "2000000000m", "memory": "10240Gi"}, map[string][2]string{requests + ".cpu": {"", `"2M"`}, requests + ".memory": {"", `"10Ti"`}}},
		"a lower limit is raised":          {quantities("cpu", "1"), quantities("cpu", "1500m"), million, map[string][2]string{requests + ".cpu": {`"1"`, `"1M"`}, limits + ".cpu": {`"1500m"`, `"1M"`}}},
		"a higher limit stays":             {nil, quantities("cpu", "2M"), million, map[string][2]string{requests + ".cpu": {"", `"1M"`}}},
		"others have a limit by necessity": {nil, nil, map[string]string{"example.com/gpu": "8"}, map[string][2]string{requests + "[example.com/gpu]": {"", `"8"`}, limits + "[example.com/gpu]": {"", `"8"`}}},
	} {
		t.Run(name, func(t *testing.T) {
			changes := planned(t, &inject.BadResources{Requests: c.ask}, resourced(c.prior, c.limits))
			require.Len(t, changes, 1)
			have := map[string][2]string{}
			for _, f := range changes[0].Edit.Fields {
				have[f.PathString()] = [2]string{string(f.Original), string(f.Value)}
			}
			assert.Equal(t, c.want, have)
		})
	}
	refused(t, &inject.BadResources{Requests: map[string]string{"cpu": "4"}}, resourced(nil, nil), "node n1 has what is requested")
	refused(t, &inject.BadResources{Requests: million}, resourced(quantities("cpu", "1000k"), nil), "requests cpu 1M already")
}
