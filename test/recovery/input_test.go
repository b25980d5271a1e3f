package recovery

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/chaosctl/chaosctl/pkg/journal"
	"github.com/chaosctl/chaosctl/pkg/report"
	"github.com/chaosctl/chaosctl/test/internal/binary"
)

// dead is a run that has broken a ConfigMap and died long ago.
func dead(t *testing.T) *world {
	t.Helper()
	namespace := newNamespace(t)
	w := &world{t: t, cluster: immortal(t), uid: clusterUID(t), namespace: namespace, run: "run-of-" + namespace}
	o := newThing(kinds[0], "settings")
	w.create(o, []string{`"fast"`, ``}, nil)
	w.things = []*thing{o}
	w.start()
	t.Cleanup(w.process.die)
	w.inject(w.plan(o, []int{0}, []string{`"fast"`}, []string{`"slow"`}))
	w.check("the fault")
	w.process.die()
	w.silent()
	return w
}

// silent makes the lease one that was not renewed for a long time.
func (w *world) silent() {
	patch := []byte(`{"spec": {"renewTime": "2026-01-02T03:04:05.000000Z"}}`)
	leases := w.cluster.Client.CoordinationV1().Leases(w.namespace)
	_, err := leases.Patch(context.Background(), w.lease(), types.MergePatchType, patch, metav1.PatchOptions{})
	require.NoError(w.t, err)
}

func (w *world) lease() string { return "chaosctl-deployment-" + w.run }

// secret is the journal.
func (w *world) secret(t *testing.T) *corev1.Secret {
	t.Helper()
	list, err := shared.client.CoreV1().Secrets(w.namespace).List(t.Context(), metav1.ListOptions{LabelSelector: journal.Label + "=" + w.run})
	require.NoError(t, err)
	require.Len(t, list.Items, 1)
	return &list.Items[0]
}

// spoil changes the journal.
func (w *world) spoil(t *testing.T, change func(data map[string][]byte)) {
	t.Helper()
	s := w.secret(t)
	change(s.Data)
	_, err := shared.client.CoreV1().Secrets(w.namespace).Update(t.Context(), s, metav1.UpdateOptions{})
	require.NoError(t, err)
}

// recovered is what must be there after a recovery.
func (w *world) recovered(t *testing.T) {
	t.Helper()
	undoneAll(w.changes)
	w.check("recovery")
}

// rewrite changes the header of a journal.
func rewrite(t *testing.T, data map[string][]byte, change func(*journal.Header)) {
	t.Helper()
	var h journal.Header
	require.NoError(t, json.Unmarshal(data["header"], &h))
	change(&h)
	text, err := json.Marshal(h)
	require.NoError(t, err)
	data["header"] = text
}

// TestForeignJournal: what a newer version has written, or another cluster, is not acted upon, neither in part; it can be
// abandoned.
func TestForeignJournal(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*journal.Header)
		says   string
	}{
		"newer version":   {func(h *journal.Header) { h.Version, h.By = journal.Version+1, "v9.9.9" }, "was written by a newer chaosctl (v9.9.9, format 3; this one reads up to 2): recover it with that one"},
		"another cluster": {func(h *journal.Header) { h.Cluster = "another" }, "belongs to another cluster (its kube-system has the UID another, this one's "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := dead(t)
			w.spoil(t, func(data map[string][]byte) { rewrite(t, data, c.change) })
			p, code := chaosctl(t, "recover", w.run)
			assert.Equal(t, report.ExitRefused, code)
			assert.Contains(t, p.Stderr.String(), c.says)
			w.check("refusal")
			assertAbandoned(t, w)
		})
	}
}

// assertAbandoned abandons a run: it asks, says what stays, and drops the marks.
func assertAbandoned(t *testing.T, w *world) {
	t.Helper()
	p, code := chaosctl(t, "recover", "--abandon", w.run)
	assert.Equal(t, report.ExitRefused, code)
	assert.Contains(t, p.Stderr.String(), "not abandoned")
	w.check("a question without an answer")
	p, code = chaosctl(t, "recover", "--abandon", "--yes", w.run)
	assert.Zero(t, code)
	o := w.things[0]
	if len(o.marks) > 0 {
		assert.Contains(t, p.Stderr.String(), "ConfigMap "+w.namespace+"/settings data.mode (originally \"fast\")")
	}
	o.marks, o.labelled = map[string]bool{}, false
	w.check("abandoned")
	assertNothingLeft(t, w.namespace)
}

func TestAbandon(t *testing.T) {
	t.Parallel()
	assertAbandoned(t, dead(t))
}

// TestDamagedJournal: what can be told is put back; that there may be more is said, until somebody drops the journal.
func TestDamagedJournal(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(data map[string][]byte){
		"header": func(data map[string][]byte) { data["header"] = []byte("{") },
		"entry":  func(data map[string][]byte) { data["00000000.1.1"][20] ^= 1 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := dead(t)
			w.spoil(t, damage)
			for range 2 {
				p, code := chaosctl(t, "recover", w.run)
				assert.Equal(t, report.ExitUndoIncomplete, code)
				assert.Contains(t, p.Stdout.String(), "the journal is damaged (")
				assert.Contains(t, p.Stdout.String(), "`chaosctl recover "+w.run+" --abandon`")
				w.recovered(t)
			}
			assertAbandoned(t, w)
		})
	}
}

// TestAlive: a lease that may be alive is waited for; one that is renewed is left alone, save by who knows better.
func TestAlive(t *testing.T) {
	t.Parallel()
	t.Run("not renewed", func(t *testing.T) {
		t.Parallel()
		w := dead(t)
		fresh, err := json.Marshal(map[string]any{"spec": map[string]any{"renewTime": metav1.NowMicro()}})
		require.NoError(t, err)
		_, err = shared.client.CoordinationV1().Leases(w.namespace).Patch(t.Context(), w.lease(), types.MergePatchType, fresh, metav1.PatchOptions{})
		require.NoError(t, err)
		_, code := chaosctl(t, "recover", "--stale", "-n", w.namespace)
		assert.Zero(t, code)
		w.check("stale alone")
		p, code := chaosctl(t, "recover", w.run)
		assert.Zero(t, code)
		assert.Contains(t, p.Stderr.String(), "may still be alive; its lease expires in 15s")
		w.recovered(t)
		assertNothingLeft(t, w.namespace)
	})
	t.Run("known to be dead", func(t *testing.T) {
		t.Parallel()
		w := dead(t)
		p, code := chaosctl(t, "recover", "--stale", "-n", w.namespace)
		assert.Zero(t, code)
		assert.NotContains(t, p.Stderr.String(), "may still be alive")
		w.recovered(t)
		assertNothingLeft(t, w.namespace)
	})
}

func TestUnknownRun(t *testing.T) {
	t.Parallel()
	p, code := chaosctl(t, "recover", "20260102-150405-pod-kill-x7k2")
	assert.Equal(t, report.ExitInvalid, code)
	assert.Contains(t, p.Stderr.String(), "nothing is known of a run 20260102-150405-pod-kill-x7k2: it has left nothing, or is another cluster's")
}

// TestWithoutPermission: who may not put back is told so, and nothing is done by halves without a word.
func TestWithoutPermission(t *testing.T) {
	t.Parallel()
	read := []string{"get", "list"}
	all := []rbacv1.PolicyRule{
		{APIGroups: []string{""}, Resources: []string{"configmaps", "secrets"}, Verbs: read},
		{APIGroups: []string{"coordination.k8s.io"}, Resources: []string{"leases"}, Verbs: append(read, "update", "delete")},
	}
	t.Run("to take the lease", func(t *testing.T) {
		t.Parallel()
		w := dead(t)
		rules := append([]rbacv1.PolicyRule{}, all...)
		rules[1].Verbs = read
		p := binary.Chaosctl{Kubeconfig: login(t, w.namespace, rules)}.Start(t, "recover", w.run, "-n", w.namespace)
		assert.Equal(t, report.ExitRefused, p.Exit(t))
		assert.Contains(t, p.Stderr.String(), "the lease of run "+w.run+" cannot be taken over: ")
		w.check("refusal")
	})
	t.Run("to look", func(t *testing.T) {
		t.Parallel()
		w := dead(t)
		p := binary.Chaosctl{Kubeconfig: login(t, w.namespace, all)}.Start(t, "recover", w.run)
		assert.Equal(t, report.ExitRefused, p.Exit(t))
		assert.Contains(t, p.Stderr.String(), "the leases of runs cannot be listed: ")
		assert.Contains(t, p.Stderr.String(), "hint: name a namespace that you may look at by -n")
		w.check("refusal")
	})
	t.Run("to patch", func(t *testing.T) {
		t.Parallel()
		w := dead(t)
		p := binary.Chaosctl{Kubeconfig: login(t, w.namespace, all)}.Start(t, "recover", w.run, "-n", w.namespace)
		assert.Equal(t, report.ExitUndoIncomplete, p.Exit(t))
		assert.Contains(t, p.Stdout.String(), "not done   ConfigMap "+w.namespace+"/settings data.mode")
		assert.Contains(t, p.Stdout.String(), "cannot patch resource \"configmaps\"")
		assert.Contains(t, p.Stdout.String(), "kubectl -n "+w.namespace+" patch configmap settings")
		w.check("not permitted")
		_, code := chaosctl(t, "recover", w.run)
		assert.Zero(t, code)
		w.recovered(t)
		assertNothingLeft(t, w.namespace)
	})
}

// login makes an account with these rights in a namespace, and that of reading the cluster's identity.
func login(t *testing.T, namespace string, rules []rbacv1.PolicyRule) (kubeconfig string) {
	t.Helper()
	ctx, options, name := t.Context(), metav1.CreateOptions{}, "account-"+strings.TrimPrefix(namespace, "recovery-")
	_, err := shared.client.CoreV1().ServiceAccounts(namespace).Create(ctx, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: name}}, options)
	require.NoError(t, err)
	subjects := []rbacv1.Subject{{Kind: "ServiceAccount", Namespace: namespace, Name: name}}
	meta := metav1.ObjectMeta{Name: name}
	_, err = shared.client.RbacV1().Roles(namespace).Create(ctx, &rbacv1.Role{ObjectMeta: meta, Rules: rules}, options)
	require.NoError(t, err)
	_, err = shared.client.RbacV1().RoleBindings(namespace).Create(ctx, &rbacv1.RoleBinding{
		ObjectMeta: meta, Subjects: subjects, RoleRef: rbacv1.RoleRef{Kind: "Role", Name: name},
	}, options)
	require.NoError(t, err)
	_, err = shared.client.RbacV1().ClusterRoles().Create(ctx, &rbacv1.ClusterRole{ObjectMeta: meta, Rules: []rbacv1.PolicyRule{
		{APIGroups: []string{""}, Resources: []string{"namespaces"}, ResourceNames: []string{metav1.NamespaceSystem}, Verbs: []string{"get"}},
	}}, options)
	require.NoError(t, err)
	_, err = shared.client.RbacV1().ClusterRoleBindings().Create(ctx, &rbacv1.ClusterRoleBinding{
		ObjectMeta: meta, Subjects: subjects, RoleRef: rbacv1.RoleRef{Kind: "ClusterRole", Name: name},
	}, options)
	require.NoError(t, err)
	token, err := shared.client.CoreV1().ServiceAccounts(namespace).CreateToken(ctx, name, &authenticationv1.TokenRequest{}, options)
	require.NoError(t, err)

	config, err := clientcmd.LoadFromFile(shared.Kubeconfig)
	require.NoError(t, err)
	for name := range config.AuthInfos {
		config.AuthInfos[name] = &clientcmdapi.AuthInfo{Token: token.Status.Token}
	}
	kubeconfig = t.TempDir() + "/kubeconfig"
	require.NoError(t, clientcmd.WriteToFile(*config, kubeconfig))
	eventually(t, "the account may look", func() bool {
		config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
		require.NoError(t, err)
		client, err := kubernetes.NewForConfig(config)
		require.NoError(t, err)
		_, own := client.CoreV1().ConfigMaps(namespace).List(ctx, metav1.ListOptions{})
		_, system := client.CoreV1().Namespaces().Get(ctx, metav1.NamespaceSystem, metav1.GetOptions{})
		return own == nil && system == nil
	})
	return kubeconfig
}
