package access

import (
	"fmt"
	"io"
	"regexp"
	"strings"
)

// Manifest is how roles are written for an account.
type Manifest struct {
	// Title says in a comment what the permissions are for.
	Title string
	// Name is that of each role and binding. It should tell accounts apart, since cluster-wide names are shared by all.
	Name string
	// Account is the ServiceAccount that gets the roles; it is part of the manifest where Create is set.
	AccountNamespace, AccountName string
	Create                        bool
}

// Write writes YAML that can be applied as it stands. It is written by hand, not marshalled, for the sake of its comments.
func (m Manifest) Write(w io.Writer, roles Roles) error {
	var b strings.Builder
	b.WriteString("# " + oneLine(m.Title) + "\n")
	b.WriteString(`# Beyond this, chaosctl uses what Kubernetes gives to every account: asking for the server's version, for the kinds that
# it serves, and for one's own permissions (ClusterRoles system:public-info-viewer, system:discovery, system:basic-user).
`)
	if m.Create {
		fmt.Fprintf(&b, "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: %s\n  namespace: %s\n---\n", scalar(m.AccountName), scalar(m.AccountNamespace))
	}
	var parts []string
	for _, namespace := range roles.Namespaces() {
		parts = append(parts, m.role(namespace, roles.Namespaced[namespace]))
	}
	if len(roles.Cluster) > 0 {
		parts = append(parts, m.role("", roles.Cluster))
	}
	b.WriteString(strings.Join(parts, "---\n"))
	_, err := io.WriteString(w, b.String())
	return err
}

// role writes a Role with its binding; in no namespace, a ClusterRole.
func (m Manifest) role(namespace string, rules []Rule) string {
	kind, where := "ClusterRole", ""
	if namespace != "" {
		kind, where = "Role", "  namespace: "+scalar(namespace)+"\n"
	}
	var b strings.Builder
	head := func(kind string) {
		fmt.Fprintf(&b, "apiVersion: rbac.authorization.k8s.io/v1\nkind: %s\nmetadata:\n  name: %s\n%s", kind, scalar(m.Name), where)
	}
	head(kind)
	b.WriteString("rules:\n")
	for _, r := range rules {
		r.write(&b)
	}
	b.WriteString("---\n")
	head(kind + "Binding")
	fmt.Fprintf(&b, "roleRef:\n  apiGroup: rbac.authorization.k8s.io\n  kind: %s\n  name: %s\n", kind, scalar(m.Name))
	fmt.Fprintf(&b, "subjects:\n- kind: ServiceAccount\n  name: %s\n  namespace: %s\n", scalar(m.AccountName), scalar(m.AccountNamespace))
	return b.String()
}

func (r Rule) write(b *strings.Builder) {
	for _, why := range r.Why {
		b.WriteString("# " + oneLine(why) + "\n")
	}
	fmt.Fprintf(b, "- apiGroups: %s\n  resources: %s\n", list([]string{r.Group}), list(r.Resources))
	if len(r.Names) > 0 {
		fmt.Fprintf(b, "  resourceNames: %s\n", list(r.Names))
	}
	fmt.Fprintf(b, "  verbs: %s\n", list(r.Verbs))
}

func list(values []string) string {
	var quoted []string
	for _, v := range values {
		quoted = append(quoted, scalar(v))
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

var (
	plain = regexp.MustCompile(`^[a-z][a-z0-9./-]*$`)
	// words are read as something else than text by one version of YAML or another.
	words = regexp.MustCompile(`^(y|n|yes|no|on|off|true|false|null)$`)
)

// scalar quotes what YAML could take for something else than text: names come from files of users.
func scalar(s string) string {
	if plain.MatchString(s) && !words.MatchString(s) {
		return s
	}
	return fmt.Sprintf("%q", s)
}

// oneLine keeps a comment from ending early.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
