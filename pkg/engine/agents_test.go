package engine

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/inject"
	"github.com/chaosctl/chaosctl/pkg/target"
)

const agentImage = "registry.example/chaosctl:1"

// api is as much of an API server as the look at agents needs.
type api struct {
	pods  []corev1.Pod
	nodes []corev1.Node
	// refuses is the answer to each request that would change something; nil accepts them.
	refuses *metav1.Status

	mu sync.Mutex
	// asked are the pods of which it was asked whether an agent may run there.
	asked []string
}

// ServeHTTP wants nothing to be changed.
func (s *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	if r.Method != http.MethodGet {
		s.admit(w, r)
		return
	}
	switch folder, name, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/api/v1/"), "pods/"); {
	case folder == "nodes":
		tell(w, http.StatusOK, corev1.NodeList{Items: s.nodes})
	case name == "":
		tell(w, http.StatusOK, corev1.PodList{Items: s.pods})
	default:
		for i := range s.pods {
			if s.pods[i].Name == name {
				tell(w, http.StatusOK, s.pods[i])
				return
			}
		}
		tell(w, http.StatusNotFound, metav1.Status{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}, Status: metav1.StatusFailure, Reason: metav1.StatusReasonNotFound, Code: http.StatusNotFound})
	}
}

func (s *api) admit(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	name, subresource, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/api/v1/namespaces/shop/pods/"), "/")
	s.asked = append(s.asked, name)
	var patch corev1.Pod
	if r.Method != http.MethodPatch || subresource != "ephemeralcontainers" || r.URL.Query().Get("dryRun") != "All" || json.NewDecoder(r.Body).Decode(&patch) != nil || len(patch.Spec.EphemeralContainers) != 1 {
		s.asked = append(s.asked, fmt.Sprintf("by a request that is no dry run of an agent: %s %s", r.Method, r.URL))
	}
	if s.refuses != nil {
		tell(w, int(s.refuses.Code), s.refuses)
		return
	}
	patch.TypeMeta = metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"}
	tell(w, http.StatusOK, patch)
}

func tell(w http.ResponseWriter, code int, what any) {
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(what)
}

// planned is a plan that runs an agent in each of the pods, with what a server of its own says of them.
func (s *api) planned(t *testing.T, needs inject.AgentNeeds, pods ...corev1.Pod) *Plan {
	t.Helper()
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	config := &rest.Config{Host: server.URL}
	client, err := kubernetes.NewForConfig(config)
	require.NoError(t, err)
	objects, err := dynamic.NewForConfig(config)
	require.NoError(t, err)
	s.pods = pods
	i := Injection{Fault: experiment.Fault{Name: "slow", Member: experiment.Member{Kind: "netDelay"}}}
	for n := range pods {
		pod := &pods[n]
		object := inject.Object{Resource: corev1.SchemeGroupVersion.WithResource("pods"), Kind: "Pod", Namespace: "shop", Name: pod.Name, UID: pod.UID, Node: pod.Spec.NodeName}
		if owner := metav1.GetControllerOf(pod); owner != nil {
			object.Owner = owner.Kind + "/" + owner.Name
		}
		i.Changes = append(i.Changes, inject.Change{ID: "slow/1/agent-" + pod.Name, Object: object, Agent: &inject.Agent{Image: agentImage, For: time.Minute, Needs: needs}})
	}
	return &Plan{
		Workload: &cluster.Workload{Namespace: "shop", Selector: labels.Everything()}, Injections: []Injection{i, {Number: 1}},
		connection: &cluster.Cluster{Client: client, Dynamic: objects},
	}
}

func podOn(name, node, owner string) corev1.Pod {
	pod := corev1.Pod{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"},
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name, UID: types.UID("uid-" + name), ResourceVersion: "7"},
		Spec:       corev1.PodSpec{NodeName: node, Containers: []corev1.Container{{Name: "web", Image: "web:1"}}},
	}
	if owner != "" {
		pod.OwnerReferences = []metav1.OwnerReference{{Kind: "ReplicaSet", Name: owner, Controller: new(true)}}
	}
	return pod
}

func nodeWith(name string, images ...string) corev1.Node {
	return corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}, Status: corev1.NodeStatus{Images: []corev1.ContainerImage{{Names: images}}}}
}

func TestOneAgentOfAKindIsAskedFor(t *testing.T) {
	s := &api{}
	p := s.planned(t, inject.AgentNeeds{}, podOn("a-1", "", "a"), podOn("a-2", "", "a"), podOn("b-1", "", "b"), podOn("lone", "", ""), podOn("alone", "", ""))
	require.NoError(t, p.agents(t.Context()))
	assert.Equal(t, []string{"a-1", "b-1", "lone", "alone"}, s.asked)
	assert.Empty(t, p.Impact.Unknown, "what is on no node says nothing of nodes")
}

func TestPlanWithoutAgentsAsksNothing(t *testing.T) {
	s := &api{}
	p := s.planned(t, inject.AgentNeeds{})
	require.NoError(t, p.agents(t.Context()))
	assert.Empty(t, s.asked)
}

func TestAgentsThatAreNotLetIn(t *testing.T) {
	status := func(code int32, message string) *metav1.Status {
		return &metav1.Status{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}, Status: metav1.StatusFailure, Code: code, Message: message, Reason: metav1.StatusReason(http.StatusText(int(code)))}
	}
	const violates = `pods "a-1" is forbidden: violates PodSecurity "restricted:latest": non-default capabilities`
	network := inject.AgentNeeds{User: new(int64(0)), Capabilities: []corev1.Capability{"NET_ADMIN"}}
	for name, c := range map[string]struct {
		answer *metav1.Status
		needs  inject.AgentNeeds
		want   string
		mend   bool
	}{
		"a standard":                   {status(403, violates), network, "fault slow: the cluster does not let the agent into pod a-1: " + violates, true},
		"a standard, for the pod":      {status(403, violates), inject.AgentNeeds{}, "does not let the agent into pod a-1", false},
		"a webhook":                    {status(400, `admission webhook "policy.example" denied the request: no`), network, "denied the request: no", false},
		"a webhook with another code":  {status(422, "no"), network, "does not let the agent into pod a-1: no", false},
		"what says nothing about that": {status(405, "not allowed"), network, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			s := &api{refuses: c.answer}
			err := s.planned(t, c.needs, podOn("a-1", "", "a")).agents(t.Context())
			var refusal *target.Refusal
			if c.want == "" {
				require.ErrorContains(t, err, "does not say whether it lets the agent into pod a-1")
				assert.NotErrorAs(t, err, &refusal)
				return
			}
			require.ErrorAs(t, err, &refusal)
			assert.Contains(t, refusal.Reason, c.want)
			assert.Equal(t, c.mend, strings.Contains(refusal.Reason, "kubectl label namespace shop --overwrite pod-security.kubernetes.io/enforce=privileged"), refusal.Reason)
		})
	}
	t.Run("nobody can say", func(t *testing.T) {
		s := &api{refuses: status(400, `admission webhook "policy.example" does not support dry run`)}
		p := s.planned(t, network, podOn("a-1", "", "a"))
		require.NoError(t, p.agents(t.Context()))
		require.Len(t, p.Impact.Unknown, 1)
		assert.Contains(t, p.Impact.Unknown[0], "whether the agent is let into pod a-1")
	})
	t.Run("a pod that is gone", func(t *testing.T) {
		s := &api{refuses: status(403, "no")}
		p := s.planned(t, network, podOn("a-1", "", "a"))
		s.pods = nil
		assert.NoError(t, p.agents(t.Context()))
		assert.Empty(t, s.asked)
	})
}

func TestImagesOfAgents(t *testing.T) {
	web := podOn("web-1", "n1", "web")
	t.Run("there", func(t *testing.T) {
		s := &api{nodes: []corev1.Node{nodeWith("n1", agentImage)}}
		p := s.planned(t, inject.AgentNeeds{}, web)
		require.NoError(t, p.agents(t.Context()))
		assert.Empty(t, p.Impact.Unknown)
	})
	t.Run("not there yet", func(t *testing.T) {
		s := &api{nodes: []corev1.Node{nodeWith("n1", "registry.example/other:1"), nodeWith("n2", "registry.example/other:1"), nodeWith("n3", agentImage)}}
		p := s.planned(t, inject.AgentNeeds{}, web, podOn("web-2", "n2", "web"), podOn("web-3", "n2", "web"), podOn("web-4", "n3", "web"))
		require.NoError(t, p.agents(t.Context()))
		assert.Equal(t, []string{"whether n1, n2 can pull the agent's image " + agentImage + ", which is not there yet"}, p.Impact.Unknown)
	})
	waiting := func(reason string) corev1.Pod {
		other := podOn("web-2", "n1", "web")
		other.Spec.EphemeralContainers = []corev1.EphemeralContainer{{EphemeralContainerCommon: corev1.EphemeralContainerCommon{Name: "chaosctl-1", Image: agentImage}}}
		other.Status.EphemeralContainerStatuses = []corev1.ContainerStatus{{
			Name: "chaosctl-1", State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: "no such host"}},
		}}
		return other
	}
	for reason, refused := range map[string]bool{"ImagePullBackOff": true, "ErrImagePull": true, "ContainerCreating": false} {
		t.Run(reason, func(t *testing.T) {
			s := &api{nodes: []corev1.Node{nodeWith("n1", "registry.example/other:1")}}
			p := s.planned(t, inject.AgentNeeds{}, web)
			s.pods = append(s.pods, waiting(reason))
			err := p.agents(t.Context())
			if !refused {
				require.NoError(t, err)
				return
			}
			require.ErrorAs(t, err, new(*target.Refusal))
			assert.ErrorContains(t, err, "fault slow: n1 could not pull the agent's image "+agentImage)
			assert.ErrorContains(t, err, reason+" no such host")
		})
	}
	t.Run("it was pulled since", func(t *testing.T) {
		s := &api{nodes: []corev1.Node{nodeWith("n1", agentImage)}}
		p := s.planned(t, inject.AgentNeeds{}, web)
		s.pods = append(s.pods, waiting("ImagePullBackOff"))
		assert.NoError(t, p.agents(t.Context()))
	})
}
