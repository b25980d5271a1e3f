//go:build linux

package acceptance

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/lab"
	"github.com/chaosctl/chaosctl/lab/internal/kubeapi"
	"github.com/chaosctl/chaosctl/lab/internal/pki"
)

func TestLifecycle(t *testing.T) {
	const name = "t-life"
	clear(t, name)
	before := look(t, name)
	start := time.Now()
	l := lab.Start(t, lab.Options{Name: name, Components: "../components"})
	t.Logf("three nodes after %s", time.Since(start))

	status := statusOf(t, name)
	require.True(t, status.Healthy, "%+v", status)
	require.Len(t, status.Nodes, 3)
	assert.Equal(t, []string{"z1", "z2", "z1"}, []string{status.Nodes[0].Zone, status.Nodes[1].Zone, status.Nodes[2].Zone})
	assert.Equal(t, before["settings"], look(t, name)["settings"], "a running lab changes no setting of the machine")

	again := must(t, "up", "--name", name)
	assert.Contains(t, again.stderr, "already running")
	assert.Equal(t, "export KUBECONFIG="+l.Kubeconfig+"\n", again.stdout)
	assert.Contains(t, must(t, "kubeconfig", "--name", name).stdout, status.Server)
	assert.Contains(t, must(t, "list").stdout, name)
	assert.Contains(t, must(t, "logs", "--name", name).stdout, "node1/kubelet")
	assert.Contains(t, must(t, "logs", "--name", name, "node1/kubelet").stdout, "kubelet")

	web(t, l, status)
	cutAndHeal(t, name)
	stopAndStart(t, name, status)
	controlPlane(t, name)

	require.NoError(t, l.Down(t.Context()))
	unchanged(t, name, before)
	assert.Contains(t, must(t, "down", "--name", name).stderr, "no lab named")
}

// web runs a server on every node and asks it by every address that there is.
func web(t *testing.T, l *lab.Lab, status lab.Status) {
	t.Helper()
	require.NoError(t, l.LoadImage(t.Context(), "example/web:1", buildWeb(t)))
	client := clientOf(t, l.Name, status.Server)
	require.NoError(t, client.Apply(t.Context(), "/apis/apps/v1/namespaces/default/daemonsets/web", []byte(`{
		"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": "web"},
		"spec": {"selector": {"matchLabels": {"app": "web"}}, "template": {"metadata": {"labels": {"app": "web"}},
			"spec": {"containers": [{"name": "web", "image": "example/web:1", "imagePullPolicy": "IfNotPresent",
				"ports": [{"containerPort": 8080, "hostPort": 8888}],
				"readinessProbe": {"httpGet": {"port": 8080}, "periodSeconds": 1}}]}}}}`)))
	require.NoError(t, client.Apply(t.Context(), "/api/v1/namespaces/default/services/web", []byte(`{
		"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"},
		"spec": {"type": "NodePort", "selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 8080, "nodePort": 30080}]}}`)))
	var svc struct{ Spec struct{ ClusterIP string } }
	require.NoError(t, client.Get(t.Context(), "/api/v1/namespaces/default/services/web", &svc))
	var pods struct {
		Items []struct{ Status struct{ PodIP string } }
	}
	require.Eventually(t, func() bool {
		var set struct{ Status struct{ NumberReady int } }
		return client.Get(t.Context(), "/apis/apps/v1/namespaces/default/daemonsets/web", &set) == nil && set.Status.NumberReady == 3
	}, 60*time.Second, 100*time.Millisecond)
	require.NoError(t, client.Get(t.Context(), "/api/v1/namespaces/default/pods", &pods))

	addresses := []string{svc.Spec.ClusterIP}
	for _, node := range status.Nodes {
		addresses = append(addresses, node.Address+":30080", node.Address+":8888")
	}
	for _, pod := range pods.Items {
		addresses = append(addresses, pod.Status.PodIP+":8080")
	}
	for _, address := range addresses {
		require.Eventually(t, func() bool { return answers(address) }, 10*time.Second, 100*time.Millisecond, "a pod answers at %s", address)
	}
}

// TestAddons needs the addons to be built, which takes minutes the first time: without, it is left out.
func TestAddons(t *testing.T) {
	options := lab.Options{Name: "t-addons", Nodes: 1, Profile: lab.Fast, Addons: []string{lab.Metrics, lab.DNS}, Components: "../components"}
	if err := lab.Check(t.Context(), options); err != nil {
		t.Skip(err)
	}
	clear(t, options.Name)
	before := look(t, options.Name)
	l := lab.Start(t, options)
	client := clientOf(t, l.Name, statusOf(t, l.Name).Server)
	require.Eventually(t, func() bool {
		var nodes struct {
			Items []struct{ Usage struct{ CPU string } }
		}
		err := client.Get(t.Context(), "/apis/metrics.k8s.io/v1beta1/nodes", &nodes)
		return err == nil && len(nodes.Items) == 1 && nodes.Items[0].Usage.CPU != ""
	}, 40*time.Second, 200*time.Millisecond, "the node is measured")

	var dns struct{ Spec struct{ ClusterIP string } }
	require.NoError(t, client.Get(t.Context(), "/api/v1/namespaces/kube-system/services/kube-dns", &dns))
	resolver := net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, dns.Spec.ClusterIP+":53")
	}}
	found, err := resolver.LookupHost(t.Context(), "kubernetes.default.svc.cluster.local.")
	require.NoError(t, err)
	assert.Len(t, found, 1)
	require.NoError(t, l.Down(t.Context()))
	unchanged(t, l.Name, before)
}

func answers(address string) bool {
	client := http.Client{Timeout: 2 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Get("http://" + address)
	if err != nil {
		return false
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return err == nil && strings.HasPrefix(string(body), "web-")
}

func clientOf(t *testing.T, name, server string) *kubeapi.Client {
	t.Helper()
	read := func(file string) []byte {
		data, err := os.ReadFile(lab.DefaultStateRoot + "/" + name + "/pki/" + file)
		require.NoError(t, err)
		return data
	}
	client, err := kubeapi.New(server, read("ca.crt"), pki.Pair{Cert: read("admin.crt"), Key: read("admin.key")})
	require.NoError(t, err)
	t.Cleanup(client.Close)
	return client
}

func nodeReady(index int, ready bool) func(lab.Status) bool {
	return func(s lab.Status) bool { return s.Nodes[index].Ready == ready }
}

// cutAndHeal cuts off the node that ClusterIPs are reached through.
func cutAndHeal(t *testing.T, name string) {
	t.Helper()
	start := time.Now()
	must(t, "node", "cut", "--name", name, "node1")
	eventually(t, name, "a node that was cut off is not ready", 40*time.Second, nodeReady(0, false))
	t.Logf("loss of a node noticed after %s", time.Since(start))
	for _, c := range statusOf(t, name).Components {
		assert.Equal(t, lab.Alive, c.State, "%s runs on where nobody reaches it", c.Name)
	}
	must(t, "node", "heal", "--name", name, "node1")
	eventually(t, name, "a healed node is ready", 40*time.Second, healthy)
}

func stopAndStart(t *testing.T, name string, before lab.Status) {
	t.Helper()
	must(t, "node", "stop", "--name", name, "node2")
	status := statusOf(t, name)
	for _, c := range status.Components {
		if strings.HasPrefix(c.Name, "node2/") {
			assert.Equal(t, lab.Stopped, c.State, c.Name)
		}
	}
	assert.False(t, answers(status.Nodes[1].Address+":8888"), "containers of a stopped node are dead")
	must(t, "node", "start", "--name", name, "node2")
	eventually(t, name, "a started node is ready", 20*time.Second, healthy)
	require.Eventually(t, func() bool { return answers(before.Nodes[1].Address + ":8888") }, 60*time.Second, 200*time.Millisecond,
		"the pod of a node that was started again runs, of the image that was loaded before")
}

func controlPlane(t *testing.T, name string) {
	t.Helper()
	must(t, "component", "pause", "--name", name, "etcd")
	status := statusOf(t, name)
	assert.Equal(t, lab.Paused, status.Components[0].State)
	assert.False(t, status.Healthy)
	must(t, "component", "resume", "--name", name, "etcd")
	must(t, "component", "stop", "--name", name, "kube-apiserver")
	assert.Equal(t, lab.Stopped, statusOf(t, name).Components[1].State)
	must(t, "component", "start", "--name", name, "kube-apiserver")
	eventually(t, name, "the control plane is back", 40*time.Second, healthy)

	victim := statusOf(t, name).Components[3]
	require.Equal(t, "kube-scheduler", victim.Name)
	require.NoError(t, exec.Command("kill", "-9", strconv.Itoa(victim.Pid)).Run())
	eventually(t, name, "a dead component is seen", 5*time.Second, func(s lab.Status) bool { return s.Components[3].State == lab.Dead })
	assert.NotEmpty(t, statusOf(t, name).Components[3].LastWords)
	assert.Contains(t, must(t, "status", "--name", name).stdout, "kube-scheduler has died")
	up := run(t, "up", "--name", name)
	assert.Equal(t, 1, up.code)
	assert.Contains(t, up.stderr, fmt.Sprintf("error: lab %s is there, but its kube-scheduler has died", name))
	must(t, "component", "start", "--name", name, "kube-scheduler")
	eventually(t, name, "the scheduler is back", 20*time.Second, healthy)
}
