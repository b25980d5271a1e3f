package access_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/yaml"

	"github.com/chaosctl/chaosctl/pkg/access"
)

func rolesOf(needs ...[]access.Need) access.Roles {
	var all []access.Need
	for _, n := range needs {
		all = append(all, n...)
	}
	return access.RolesFor(all)
}

func TestRolesFor(t *testing.T) {
	in := func(group, resource, name string) access.Object {
		return access.Object{Group: group, Resource: resource, Namespace: "shop", Name: name}
	}
	roles := rolesOf(
		access.Needs("follow", in("apps", "statefulsets", ""), "list"),
		access.Needs("follow", in("apps", "daemonsets", ""), "list"),
		access.Needs("follow", in("apps", "deployments", "b"), "get", "watch"),
		access.Needs("follow", in("apps", "deployments", "a"), "get", "watch"),
		access.Needs("look", in("", "pods", ""), "list", "get"),
		access.Needs("kill", in("", "pods", ""), "delete"),
		access.Needs("drain", access.Object{Resource: "pods", Subresource: "eviction", Namespace: access.Everywhere}, "create"),
		access.Needs("drain", nodes, "patch"),
	)
	assert.Equal(t, []string{"shop"}, roles.Namespaces())
	assert.Equal(t, []access.Rule{
		{Resources: []string{"pods"}, Verbs: []string{"delete", "get", "list"}, Why: []string{"get, list: look", "delete: kill"}},
		{Group: "apps", Resources: []string{"daemonsets", "statefulsets"}, Verbs: []string{"list"}, Why: []string{"follow"}},
		{Group: "apps", Resources: []string{"deployments"}, Names: []string{"a", "b"}, Verbs: []string{"get", "watch"}, Why: []string{"follow"}},
	}, roles.Namespaced["shop"])
	assert.Equal(t, []access.Rule{
		{Resources: []string{"nodes"}, Verbs: []string{"patch"}, Why: []string{"drain"}},
		{Resources: []string{"pods/eviction"}, Verbs: []string{"create"}, Why: []string{"drain"}},
	}, roles.Cluster)
}

// TestRulesGrantNoMore: two rules must not become one that allows a pair which neither did.
func TestRulesGrantNoMore(t *testing.T) {
	a := access.Object{Resource: "configmaps", Namespace: "shop", Name: "a"}
	b := access.Object{Resource: "secrets", Namespace: "shop", Name: "b"}
	any := access.Object{Resource: "services", Namespace: "shop"}
	roles := rolesOf(access.Needs("x", a, "get"), access.Needs("x", b, "get"), access.Needs("x", any, "get"))
	assert.Len(t, roles.Namespaced["shop"], 3)
}

func TestWrite(t *testing.T) {
	var b strings.Builder
	m := access.Manifest{Title: "What x needs.\nkind: Evil", Name: "chaosctl:shop:x", AccountNamespace: "shop", AccountName: "x", Create: true}
	roles := rolesOf(
		access.Needs("first\nrules: []", access.Object{Resource: "configmaps", Namespace: "shop", Name: "true"}, "get"),
		access.Needs("second", access.Object{Group: "e: {}", Resource: "x\ny", Namespace: "shop"}, "get"),
		access.Needs("third", nodes, "list"),
	)
	require.NoError(t, m.Write(&b, roles))
	parts := strings.Split(b.String(), "\n---\n")
	require.Len(t, parts, 5, b.String())
	var role rbacv1.Role
	require.NoError(t, yaml.UnmarshalStrict([]byte(parts[1]), &role), b.String())
	assert.Equal(t, "chaosctl:shop:x", role.Name)
	assert.Equal(t, "shop", role.Namespace)
	assert.Equal(t, []rbacv1.PolicyRule{
		{APIGroups: []string{""}, Resources: []string{"configmaps"}, ResourceNames: []string{"true"}, Verbs: []string{"get"}},
		{APIGroups: []string{"e: {}"}, Resources: []string{"x\ny"}, Verbs: []string{"get"}},
	}, role.Rules)
	var binding rbacv1.ClusterRoleBinding
	require.NoError(t, yaml.UnmarshalStrict([]byte(parts[4]), &binding))
	assert.Equal(t, rbacv1.RoleRef{APIGroup: "rbac.authorization.k8s.io", Kind: "ClusterRole", Name: "chaosctl:shop:x"}, binding.RoleRef)
	assert.Equal(t, []rbacv1.Subject{{Kind: "ServiceAccount", Name: "x", Namespace: "shop"}}, binding.Subjects)
}
