package access

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// Rule is a rule of a role, and why it is there.
type Rule struct {
	Group     string
	Resources []string
	// Names limits the rule to these objects; empty means all.
	Names []string
	Verbs []string
	// Why lists the reasons; each names its verbs where it is not the reason for all of them.
	Why []string
}

// Roles are the least that allow some needs: rules for each namespace, and those that hold for the whole cluster.
type Roles struct {
	Cluster    []Rule
	Namespaced map[string][]Rule
}

// RolesFor sorts needs into roles, and writes them with as few rules as grant nothing beyond them.
func RolesFor(needs []Need) Roles {
	byNamespace := map[string][]Need{}
	for _, n := range Minimal(needs) {
		where := n.Namespace
		if where == Everywhere {
			where = ""
		}
		byNamespace[where] = append(byNamespace[where], n)
	}
	roles := Roles{Cluster: rules(byNamespace[""]), Namespaced: map[string][]Rule{}}
	delete(byNamespace, "")
	for namespace, needs := range byNamespace {
		roles.Namespaced[namespace] = rules(needs)
	}
	return roles
}

// rules puts the verbs on one resource together, then objects that have their verbs in common, then resources.
func rules(needs []Need) []Rule {
	byObject := map[Object][]Need{}
	for _, n := range needs {
		byObject[n.Object] = append(byObject[n.Object], n)
	}
	var all []Rule
	for o, needs := range byObject {
		r := Rule{Group: o.Group, Resources: []string{o.path()}, Why: reasons(needs)}
		if o.Name != "" {
			r.Names = []string{o.Name}
		}
		for _, n := range needs {
			r.Verbs = append(r.Verbs, n.Verb)
		}
		slices.Sort(r.Verbs)
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b Rule) int {
		return cmp.Or(strings.Compare(a.Group, b.Group), slices.Compare(a.Resources, b.Resources), slices.Compare(a.Names, b.Names))
	})
	all = merge(all, func(a *Rule, b Rule) bool {
		// A rule without names must not swallow one with names, nor the reverse.
		if !slices.Equal(a.Resources, b.Resources) || len(a.Names) == 0 || len(b.Names) == 0 {
			return false
		}
		a.Names = append(a.Names, b.Names...)
		return true
	})
	return merge(all, func(a *Rule, b Rule) bool {
		if !slices.Equal(a.Names, b.Names) {
			return false
		}
		a.Resources = append(a.Resources, b.Resources...)
		return true
	})
}

// merge joins each rule with one before it that has its group, its verbs and its reasons, where join agrees.
func merge(all []Rule, join func(into *Rule, r Rule) bool) []Rule {
	var merged []Rule
next:
	for _, r := range all {
		for i := range merged {
			m := &merged[i]
			if m.Group == r.Group && slices.Equal(m.Verbs, r.Verbs) && slices.Equal(m.Why, r.Why) && join(m, r) {
				continue next
			}
		}
		merged = append(merged, r)
	}
	return merged
}

// reasons of the verbs on one object, each reason once.
func reasons(needs []Need) []string {
	verbs := map[string][]string{}
	var order []string
	for _, n := range needs {
		for why := range strings.SplitSeq(n.Why, "; ") {
			if verbs[why] == nil {
				order = append(order, why)
			}
			verbs[why] = append(verbs[why], n.Verb)
		}
	}
	for i, why := range order {
		if len(verbs[why]) < len(needs) {
			order[i] = strings.Join(slices.Sorted(slices.Values(verbs[why])), ", ") + ": " + why
		}
	}
	return order
}

// Namespaces lists those that have a role, sorted.
func (r Roles) Namespaces() []string { return slices.Sorted(maps.Keys(r.Namespaced)) }
