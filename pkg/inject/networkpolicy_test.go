package inject_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/inject"
)

func TestNetworkPolicy(t *testing.T) {
	ready := func(p *corev1.Pod) {
		p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
	}
	v := &view{pods: []*cluster.Pod{pod("web-1", "n1", ready), pod("web-2", "n1", ready), pod("web-3", "n1"), pod("web-4", "n1", terminating)}}
	listening := func(name, ip string, hostNetwork bool) *corev1.Pod {
		return &corev1.Pod{
			TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"}, ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name},
			Spec: corev1.PodSpec{HostNetwork: hostNetwork, Containers: []corev1.Container{{Ports: []corev1.ContainerPort{
				{ContainerPort: 8080}, {ContainerPort: 9090, Protocol: corev1.ProtocolTCP}, {ContainerPort: 53, Protocol: corev1.ProtocolUDP},
			}}}},
			Status: corev1.PodStatus{PodIP: ip},
		}
	}
	v.add(t, listening("web-1", "10.0.0.1", false), listening("web-2", "10.0.0.2", true))
	for deny, want := range map[inject.Denied][]networkingv1.PolicyType{
		inject.DenyIngress: {networkingv1.PolicyTypeIngress},
		inject.DenyBoth:    {networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress},
	} {
		changes := planned(t, &inject.NetworkPolicy{Deny: deny}, v.scope())
		require.Len(t, changes, 1)
		c := changes[0]
		var policy networkingv1.NetworkPolicy
		require.NoError(t, json.Unmarshal(c.Create.Manifest, &policy))
		assert.Equal(t, want, policy.Spec.PolicyTypes)
		assert.Empty(t, policy.Spec.Ingress, "it allows nothing")
		assert.Equal(t, map[string]string{"app": "web"}, policy.Spec.PodSelector.MatchLabels)
		assert.Equal(t, []string{"10.0.0.1:8080", "10.0.0.1:9090"}, c.Create.Cut.Addresses, "no policy acts on a pod in its node's network, and a pod that is not ready tells nothing")
		assert.Equal(t, []types.UID{"uid-web-1", "uid-web-2", "uid-web-3"}, c.Removed(), "the guard counts them all")
		text, err := json.Marshal(c)
		require.NoError(t, err)
		assert.NotContains(t, string(text), "10.0.0.1", "journals do not hold them")
	}
	refused(t, &inject.NetworkPolicy{}, (&view{}).scope(), "has no pods")

	// Egress is seen from inside of a pod that has a network of its own, before the policy.
	changes := planned(t, &inject.NetworkPolicy{Deny: inject.DenyEgress, To: []string{"db:5432", "[::1]:80"}, Image: "chaosctl:1"}, v.scope())
	require.Equal(t, []string{"0 run agent in web-1"}, names(changes[:1]))
	require.Len(t, changes, 2)
	assert.Equal(t, []string{"reach", "--to", "db:5432", "--to", "[::1]:80"}, changes[0].Agent.Task)
	assert.True(t, changes[0].Agent.Looks)
	assert.Equal(t, inject.AgentNeeds{}, changes[0].Agent.Needs, "it needs no rights")
	assert.Empty(t, changes[0].Removed())
	var policy networkingv1.NetworkPolicy
	require.NoError(t, json.Unmarshal(changes[1].Create.Manifest, &policy))
	assert.Equal(t, []networkingv1.PolicyType{networkingv1.PolicyTypeEgress}, policy.Spec.PolicyTypes)
	assert.Empty(t, policy.Spec.Egress, "it allows nothing")
	assert.True(t, changes[1].Create.Cut.Inside)
	assert.Greater(t, changes[1].Stage, changes[0].Stage)
	v.add(t, listening("web-1", "10.0.0.1", true))
	refused(t, &inject.NetworkPolicy{Deny: inject.DenyEgress, Image: "chaosctl:1"}, v.scope(), "has a network of its own")
}
