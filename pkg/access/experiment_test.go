package access_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/chaosctl/chaosctl/pkg/access"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/inject"
	"github.com/chaosctl/chaosctl/pkg/probe"
)

var scope = access.Scope{Target: experiment.Target{Namespace: "shop", Workload: "deployment/web"}, Kinds: access.Offline{}}

// TestAllSayWhatTheyNeed: a fault or a probe that is silent about its requests would be missing from roles and checks.
func TestAllSayWhatTheyNeed(t *testing.T) {
	for _, d := range inject.Definitions() {
		r, ok := d.New().(access.Requester)
		if assert.True(t, ok, "fault %s has no method Needs", d.Name) {
			if d.Name == "loadSurge" || d.Name == "exec" { // where it goes is found for a load
				continue
			}
			assert.NotEmpty(t, r.Needs(scope), d.Name)
		}
	}
	for _, d := range probe.Definitions() {
		assert.Implements(t, (*access.Requester)(nil), d.New(), d.Name)
	}
}

// TestChangesNeedNoMoreThanDeclared: what a plan turns out to need is part of what its fault says without a cluster.
func TestChangesNeedNoMoreThanDeclared(t *testing.T) {
	pod := inject.Object{Resource: corev1.SchemeGroupVersion.WithResource("pods"), Kind: "Pod", Namespace: "shop", Name: "web-0"}
	other := pod
	other.Namespace = "elsewhere"
	edited := func(o inject.Object) inject.Change { return inject.Change{Object: o, Edit: &inject.Edit{}} }
	node := inject.Object{Resource: corev1.SchemeGroupVersion.WithResource("nodes"), Kind: "Node", Name: "n1"}
	settings := inject.Object{Resource: corev1.SchemeGroupVersion.WithResource("configmaps"), Kind: "ConfigMap", Namespace: "shop", Name: "settings"}
	secret := inject.Object{Resource: corev1.SchemeGroupVersion.WithResource("secrets"), Kind: "Secret", Namespace: "shop", Name: "settings"}
	consumer := inject.Object{Resource: appsv1.SchemeGroupVersion.WithResource("deployments"), Kind: "Deployment", Namespace: "shop", Name: "web"}
	service := inject.Object{Resource: corev1.SchemeGroupVersion.WithResource("services"), Kind: "Service", Namespace: "shop", Name: "web"}
	lease := inject.Object{Resource: coordinationv1.SchemeGroupVersion.WithResource("leases"), Kind: "Lease", Namespace: "shop", Name: "operator"}
	hpa := inject.Object{Resource: autoscalingv2.SchemeGroupVersion.WithResource("horizontalpodautoscalers"), Kind: "HorizontalPodAutoscaler", Namespace: "shop", Name: "any"}
	for name, c := range map[string]struct {
		fault   access.Requester
		changes []inject.Change
	}{
		"podKill":                    {&inject.PodKill{}, []inject.Change{{Object: pod, Delete: &inject.Delete{}}}},
		"endpointRemove":             {&inject.EndpointRemove{}, []inject.Change{edited(pod)}},
		"serviceSelector":            {&inject.ServiceSelector{}, []inject.Change{edited(service)}},
		"serviceSelector, by name":   {&inject.ServiceSelector{Service: "web"}, []inject.Change{edited(service)}},
		"podEvict":                   {&inject.PodEvict{}, []inject.Change{{Object: pod, Evict: &inject.Evict{}}}},
		"nodeCordon":                 {&inject.NodeCordon{}, []inject.Change{edited(node)}},
		"zoneOutage":                 {&inject.ZoneOutage{Pods: inject.PodsKill}, []inject.Change{edited(node), {Object: other, Delete: &inject.Delete{}}}},
		"zoneOutage, evicting":       {&inject.ZoneOutage{Pods: inject.PodsEvict}, []inject.Change{edited(node), {Object: other, Evict: &inject.Evict{}}}},
		"nodeTaint":                  {&inject.NodeTaint{}, []inject.Change{edited(node)}},
		"nodeTaint, by name":         {&inject.NodeTaint{NodeChoice: inject.NodeChoice{Nodes: []string{"n1"}}, Effect: inject.NoExecute}, []inject.Change{edited(node)}},
		"podUnready":                 {&inject.PodUnready{}, []inject.Change{{Object: pod, Edit: &inject.Edit{Subresource: "status"}}}},
		"nodeDrain":                  {&inject.NodeDrain{}, []inject.Change{edited(node), {Object: other, Evict: &inject.Evict{}}}},
		"nodeDrain, by name":         {&inject.NodeDrain{NodeChoice: inject.NodeChoice{Nodes: []string{"n1"}}}, []inject.Change{edited(node)}},
		"configCorrupt":              {&inject.ConfigCorrupt{ConfigMap: "settings", Restart: true}, []inject.Change{edited(settings), edited(consumer)}},
		"configCorrupt, of a Secret": {&inject.ConfigCorrupt{Secret: "settings", From: &inject.ConfigSource{Key: "old"}}, []inject.Change{edited(secret)}},
		"quotaSqueeze": {&inject.QuotaSqueeze{}, []inject.Change{{Object: inject.Object{
			Resource: corev1.SchemeGroupVersion.WithResource("resourcequotas"), Kind: "ResourceQuota", Namespace: "shop", Name: "any"}, Create: &inject.Create{}}}},
		"admissionDeny": {&inject.AdmissionDeny{}, []inject.Change{
			{Object: inject.Object{Resource: schema.GroupVersionResource{Group: "admissionregistration.k8s.io", Version: "v1", Resource: "validatingadmissionpolicies"}}, Create: &inject.Create{}},
			{Object: inject.Object{Resource: schema.GroupVersionResource{Group: "admissionregistration.k8s.io", Version: "v1", Resource: "validatingadmissionpolicybindings"}}, Create: &inject.Create{}},
			{Object: lease, Create: &inject.Create{Refused: &inject.Refused{Resource: pod.Resource}}},
		}},
		"networkPolicy": {&inject.NetworkPolicy{}, []inject.Change{{
			Object: inject.Object{Resource: schema.GroupVersionResource{Group: "networking.k8s.io", Version: "v1", Resource: "networkpolicies"}, Namespace: "shop", Name: "any"},
			Create: &inject.Create{Cut: &inject.Cut{}}}}},
		"leaseSteal": {&inject.LeaseSteal{Lease: "operator"}, []inject.Change{edited(lease)}},
		"manifest": {&inject.Manifest{Object: map[string]any{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": map[string]any{"name": "web"}}},
			[]inject.Change{{Object: consumer, Create: &inject.Create{}}}},
		"manifest, with a drawn name": {&inject.Manifest{Object: map[string]any{"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"generateName": "set"}}},
			[]inject.Change{{Object: settings, Create: &inject.Create{}}}},
		"finalizerBlock":               {&inject.FinalizerBlock{Delete: true}, []inject.Change{edited(pod), {Object: pod, Delete: &inject.Delete{Held: true}}}},
		"finalizerBlock, of an object": {&inject.FinalizerBlock{Object: "configmap/settings"}, []inject.Change{edited(settings)}},
		"scale":                        {&inject.Scale{}, []inject.Change{edited(consumer)}},
		"hpaFreeze":                    {&inject.HPAFreeze{}, []inject.Change{edited(hpa)}},
		"hpaFreeze, elsewhere":         {&inject.HPAFreeze{Replicas: new(int)}, []inject.Change{edited(hpa), edited(consumer)}},
		"badImage":                     {&inject.BadImage{}, []inject.Change{edited(consumer)}},
		"badReadiness":                 {&inject.BadReadiness{}, []inject.Change{edited(consumer)}},
		"badCommand":                   {&inject.BadCommand{}, []inject.Change{edited(consumer)}},
		"badResources":                 {&inject.BadResources{}, []inject.Change{edited(consumer)}},
		"rolloutRestart":               {&inject.RolloutRestart{}, []inject.Change{edited(consumer)}},
		"rolloutPause":                 {&inject.RolloutPause{}, []inject.Change{edited(consumer)}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, change := range c.changes {
				require.NotEmpty(t, change.Needs())
				assert.Empty(t, access.Beyond(change.Needs(), c.fault.Needs(scope)))
			}
		})
	}
	assert.NotEmpty(t, access.Beyond((&inject.Change{Object: node, Edit: &inject.Edit{}}).Needs(), (&inject.NodeDrain{NodeChoice: inject.NodeChoice{Nodes: []string{"n2"}}}).Needs(scope)))
}

func TestOf(t *testing.T) {
	of := func(target experiment.Target, loads ...experiment.HTTPLoad) []string {
		e := &experiment.Experiment{Spec: experiment.Spec{Target: target}}
		for _, l := range loads {
			e.Spec.Load = append(e.Spec.Load, experiment.Load{HTTP: &l})
		}
		var texts []string
		for _, n := range access.Of(e, access.Offline{}) {
			texts = append(texts, n.String())
		}
		return texts
	}
	all := []string{
		"get namespaces kube-system", "get namespaces shop in namespace shop", "list pods in namespace shop", "watch pods in namespace shop",
		"list endpointslices.discovery.k8s.io in namespace shop", "watch endpointslices.discovery.k8s.io in namespace shop", "list nodes", "watch nodes",
	}
	claim := func(kind string) []string {
		lease, journal := "leases.coordination.k8s.io chaosctl-"+kind+" in namespace shop", "secrets chaosctl-shop."+kind+" in namespace shop"
		return []string{
			"get " + lease, "update " + lease, "delete " + lease, "watch " + lease, "get " + journal, "patch " + journal, "delete " + journal,
			"create leases.coordination.k8s.io in namespace shop", "create secrets in namespace shop",
			"get configmaps chaosctl-stop in namespace kube-public", "watch configmaps chaosctl-stop in namespace kube-public",
		}
	}
	workload := func(resource string) []string {
		return append(all[:len(all):len(all)], "get "+resource+" web in namespace shop", "list "+resource+" web in namespace shop", "watch "+resource+" web in namespace shop")
	}
	events := []string{"list events in namespace shop", "watch events in namespace shop"}
	scalers := append(events[:2:2], "list horizontalpodautoscalers.autoscaling in namespace shop", "watch horizontalpodautoscalers.autoscaling in namespace shop")
	assert.Equal(t, slices.Concat(all, events, claim("selector-f95e1400b23a")), of(experiment.Target{Namespace: "shop", Selector: map[string]string{"app": "web"}}))
	assert.Equal(t, slices.Concat(workload("deployments.apps"), []string{"list replicasets.apps in namespace shop", "watch replicasets.apps in namespace shop"}, scalers, claim("deployment-web")),
		of(experiment.Target{Namespace: "shop", Workload: "deployment/web"}))
	assert.Equal(t, slices.Concat(workload("jobs.batch"), scalers, claim("job-web")), of(experiment.Target{Namespace: "shop", Workload: "job/web"}))
	assert.Equal(t, slices.Concat(workload("statefulsets.apps"), scalers, claim("statefulset-web"), []string{"get services web in namespace shop", "list services in namespace shop"}),
		of(experiment.Target{Namespace: "shop", Workload: "statefulset/web"}, experiment.HTTPLoad{Service: "web"}, experiment.HTTPLoad{URL: "http://x/"}, experiment.HTTPLoad{}))
}

// TestSurroundingsAreNoCondition: a report tells of Events and autoscalers where it may, and a run that may not read them is run.
func TestSurroundingsAreNoCondition(t *testing.T) {
	needs := access.Of(&experiment.Experiment{Spec: experiment.Spec{Target: scope.Target}}, access.Offline{})
	asked := access.Sure(needs)
	require.Len(t, access.Beyond(needs, asked), 4)
	for _, n := range asked {
		assert.NotContains(t, []string{"events", "horizontalpodautoscalers"}, n.Resource)
	}
}

// TestSecretsOfLoads: those that are named, and no other.
func TestSecretsOfLoads(t *testing.T) {
	source := experiment.SecretSource{Secret: &experiment.SecretKey{Name: "login", Key: "word"}}
	for name, c := range map[string]struct {
		auth experiment.Auth
		want string
	}{
		"a token":           {experiment.Auth{BearerFrom: &source}, "get secrets login in namespace shop"},
		"a password":        {experiment.Auth{Basic: &experiment.BasicAuth{Username: "ann", PasswordFrom: source}}, "get secrets login in namespace shop"},
		"of an environment": {experiment.Auth{BearerFrom: &experiment.SecretSource{Env: "TOKEN"}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			e := &experiment.Experiment{Spec: experiment.Spec{Target: scope.Target}}
			without := access.Of(e, access.Offline{})
			e.Spec.Load = []experiment.Load{{HTTP: &experiment.HTTPLoad{URL: "http://x/", Auth: &c.auth}}}
			var more []string
			for _, n := range access.Beyond(access.Of(e, access.Offline{}), without) {
				more = append(more, n.String())
			}
			if c.want == "" {
				assert.Empty(t, more)
				return
			}
			assert.Equal(t, []string{c.want}, more)
		})
	}
}

// TestSecretsOfCertificates: those of the certificate and of its key, by whatever kind of load.
func TestSecretsOfCertificates(t *testing.T) {
	from := func(name string) experiment.SecretSource {
		return experiment.SecretSource{Secret: &experiment.SecretKey{Name: name, Key: "x"}}
	}
	tls := &experiment.ClientTLS{ClientCert: &experiment.ClientCert{CertFrom: from("cert"), KeyFrom: from("key")}}
	for _, l := range []experiment.Load{{HTTP: &experiment.HTTPLoad{URL: "https://x/", TLS: tls}}, {GRPC: &experiment.GRPCLoad{Address: "x:1", TLS: tls}}} {
		e := &experiment.Experiment{Spec: experiment.Spec{Target: scope.Target}}
		without := access.Of(e, access.Offline{})
		e.Spec.Load = []experiment.Load{l}
		var more []string
		for _, n := range access.Beyond(access.Of(e, access.Offline{}), without) {
			more = append(more, n.String())
		}
		assert.ElementsMatch(t, []string{"get secrets cert in namespace shop", "get secrets key in namespace shop"}, more)
	}
}

func TestProbe(t *testing.T) {
	for resource, want := range map[string]string{
		"deployment/web": "get deployments.apps web in namespace shop", "node/n1": "get nodes n1", "rollout.argoproj.io/web": "get rollouts.argoproj.io web in namespace shop",
	} {
		needs := (&probe.Kubernetes{Resource: resource}).Needs(scope)
		require.Len(t, needs, 1)
		assert.Equal(t, want, needs[0].String())
	}
}
