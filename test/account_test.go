package e2e

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// permission is a rule of a role that allows one verb on one resource.
type permission struct {
	rbacv1.PolicyRule
	// namespace is that of the role; empty for the ClusterRole.
	namespace string
}

// String is how chaosctl begins to name the permission: verb, resource and group.
func (p permission) String() string {
	text := p.Verbs[0] + " " + p.Resources[0]
	if p.APIGroups[0] != "" {
		text += "." + p.APIGroups[0]
	}
	if len(p.ResourceNames) > 0 {
		text += " " + p.ResourceNames[0]
	}
	return text
}

// account is a ServiceAccount with the roles that chaosctl rbac has printed.
type account struct {
	*shop
	name        string
	role        string
	kubeconfig  string
	permissions []permission
	// namespaces are those of the roles.
	namespaces []string
	without    int
}

// nothing is the index of no permission.
const nothing = -1

// newAccount applies what chaosctl rbac prints for an experiment, its name or -f and its file, in the shop's namespace.
func newAccount(t *testing.T, s *shop, experiment ...string) *account {
	t.Helper()
	a := &account{shop: s, without: nothing}
	p := chaosctl(t, s.cluster, "rbac", append(experiment, "--live", "-n", s.namespace)...)
	require.Zero(t, p.Exit(t))
	for _, text := range strings.Split(p.Stdout.String(), "\n---\n") {
		a.create(t, text)
	}
	require.NotEmpty(t, a.permissions)
	a.kubeconfig = a.login(t, &clientcmdapi.Cluster{Server: s.config.Host, CertificateAuthority: s.config.CAFile, CertificateAuthorityData: s.config.CAData})
	return a
}

func (a *account) create(t *testing.T, text string) {
	t.Helper()
	decoder := serializer.NewCodecFactory(scheme.Scheme, serializer.EnableStrict).UniversalDeserializer()
	object, _, err := decoder.Decode([]byte(text), nil, nil)
	require.NoError(t, err, text)
	rbac, options := a.client.RbacV1(), metav1.CreateOptions{}
	switch o := object.(type) {
	case *corev1.ServiceAccount:
		a.name = o.Name
		_, err = a.client.CoreV1().ServiceAccounts(o.Namespace).Create(t.Context(), o, options)
	case *rbacv1.Role:
		a.role = o.Name
		a.add(o.Rules, o.Namespace)
		a.namespaces = append(a.namespaces, o.Namespace)
		_, err = rbac.Roles(o.Namespace).Create(t.Context(), o, options)
		t.Cleanup(func() {
			assert.NoError(t, ignoreNotFound(rbac.Roles(o.Namespace).Delete(context.WithoutCancel(t.Context()), o.Name, metav1.DeleteOptions{})))
		})
	case *rbacv1.RoleBinding:
		_, err = rbac.RoleBindings(o.Namespace).Create(t.Context(), o, options)
		t.Cleanup(func() {
			assert.NoError(t, ignoreNotFound(rbac.RoleBindings(o.Namespace).Delete(context.WithoutCancel(t.Context()), o.Name, metav1.DeleteOptions{})))
		})
	case *rbacv1.ClusterRole:
		a.add(o.Rules, "")
		_, err = rbac.ClusterRoles().Create(t.Context(), o, options)
		t.Cleanup(func() {
			assert.NoError(t, rbac.ClusterRoles().Delete(context.WithoutCancel(t.Context()), o.Name, metav1.DeleteOptions{}))
		})
	case *rbacv1.ClusterRoleBinding:
		_, err = rbac.ClusterRoleBindings().Create(t.Context(), o, options)
		t.Cleanup(func() {
			assert.NoError(t, rbac.ClusterRoleBindings().Delete(context.WithoutCancel(t.Context()), o.Name, metav1.DeleteOptions{}))
		})
	default:
		t.Fatalf("chaosctl rbac printed a %T:\n%s", object, text)
	}
	require.NoError(t, err, text)
}

// add takes rules apart: one permission for each verb on each resource and name.
func (a *account) add(rules []rbacv1.PolicyRule, namespace string) {
	for _, r := range rules {
		names := [][]string{nil}
		if len(r.ResourceNames) > 0 {
			names = nil
			for _, name := range r.ResourceNames {
				names = append(names, []string{name})
			}
		}
		for _, resource := range r.Resources {
			for _, verb := range r.Verbs {
				for _, name := range names {
					a.permissions = append(a.permissions, permission{rbacv1.PolicyRule{
						APIGroups: r.APIGroups, Resources: []string{resource}, ResourceNames: name, Verbs: []string{verb},
					}, namespace})
				}
			}
		}
	}
}

// grantAllBut leaves one permission out of the roles, and returns when the API server knows.
func (a *account) grantAllBut(t *testing.T, i int) {
	t.Helper()
	rules := map[string][]rbacv1.PolicyRule{}
	for n, p := range a.permissions {
		if n != i {
			rules[p.namespace] = append(rules[p.namespace], p.PolicyRule)
		}
	}
	for _, namespace := range a.namespaces {
		role := rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Name: a.role}, Rules: rules[namespace]}
		_, err := a.client.RbacV1().Roles(namespace).Update(t.Context(), &role, metav1.UpdateOptions{})
		require.NoError(t, err)
	}
	cluster := rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: a.role}, Rules: rules[""]}
	_, err := a.client.RbacV1().ClusterRoles().Update(t.Context(), &cluster, metav1.UpdateOptions{})
	require.NoError(t, err)
	if a.without != nothing {
		a.await(t, a.permissions[a.without], true)
	}
	if i != nothing {
		a.await(t, a.permissions[i], false)
	}
	a.without = i
}

// await returns when the API server allows the account something, or does so no longer.
func (a *account) await(t *testing.T, p permission, allowed bool) {
	t.Helper()
	resource, subresource, _ := strings.Cut(p.Resources[0], "/")
	attributes := authorizationv1.ResourceAttributes{Namespace: p.namespace, Verb: p.Verbs[0], Group: p.APIGroups[0], Resource: resource, Subresource: subresource}
	if len(p.ResourceNames) > 0 {
		attributes.Name = p.ResourceNames[0]
	}
	review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
		User: fmt.Sprintf("system:serviceaccount:%s:%s", a.namespace, a.name), ResourceAttributes: &attributes,
	}}
	require.NoError(t, wait.PollUntilContextTimeout(t.Context(), 10*time.Millisecond, 10*time.Second, true, func(ctx context.Context) (bool, error) {
		answer, err := a.client.AuthorizationV1().SubjectAccessReviews().Create(ctx, review, metav1.CreateOptions{})
		return err == nil && answer.Status.Allowed == allowed, err
	}), "%s is not %t", p, allowed)
}

// login writes a kubeconfig with a token of the account.
func (a *account) login(t *testing.T, server *clientcmdapi.Cluster) string {
	t.Helper()
	token, err := a.client.CoreV1().ServiceAccounts(a.namespace).CreateToken(t.Context(), a.name, &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	require.NoError(t, err)
	config := clientcmdapi.NewConfig()
	config.Clusters["lab"] = server
	config.AuthInfos["account"] = &clientcmdapi.AuthInfo{Token: token.Status.Token}
	config.Contexts["account"] = &clientcmdapi.Context{Cluster: "lab", AuthInfo: "account"}
	config.CurrentContext = "account"
	path := filepath.Join(t.TempDir(), "kubeconfig")
	require.NoError(t, clientcmd.WriteToFile(*config, path))
	return path
}

// versions are those of the shop's objects, save the role, which the test itself changes.
func (a *account) versions(t *testing.T) map[string]string {
	t.Helper()
	versions := a.shop.versions(t)
	maps.DeleteFunc(versions, func(object, _ string) bool { return object == "Role/"+a.role })
	return versions
}

func ignoreNotFound(err error) error {
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}
