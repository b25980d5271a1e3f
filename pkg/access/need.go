package access

import (
	"slices"
	"strings"
)

// Everywhere stands for all namespaces.
const Everywhere = "*"

// Object is what a request is about.
type Object struct {
	Group       string `json:"group,omitempty"`
	Resource    string `json:"resource"`
	Subresource string `json:"subresource,omitempty"`
	// Namespace is empty for what has none, such as nodes; see [Everywhere].
	Namespace string `json:"namespace,omitempty"`
	// Name limits the request to one object; empty means any.
	Name string `json:"name,omitempty"`
}

// Need is one kind of request, and why it is sent.
type Need struct {
	Verb string `json:"verb"`
	Object
	Why string `json:"why"`
	// Maybe marks a request that is sent only if the plan holds such a change, which depends on what is in the cluster.
	Maybe bool `json:"-"`
}

// Needs makes a need for each verb.
func Needs(why string, on Object, verbs ...string) []Need {
	var needs []Need
	for _, verb := range verbs {
		needs = append(needs, Need{Verb: verb, Object: on, Why: why})
	}
	return needs
}

// path is the resource as roles name it: pods/eviction.
func (o Object) path() string {
	if o.Subresource == "" {
		return o.Resource
	}
	return o.Resource + "/" + o.Subresource
}

// String is the request as people say it: patch deployments.apps web in namespace shop.
func (n Need) String() string {
	var b strings.Builder
	b.WriteString(n.Verb + " " + n.path())
	if n.Group != "" {
		b.WriteString("." + n.Group)
	}
	if n.Name != "" {
		b.WriteString(" " + n.Name)
	}
	switch n.Namespace {
	case "":
	case Everywhere:
		b.WriteString(" in all namespaces")
	default:
		b.WriteString(" in namespace " + n.Namespace)
	}
	return b.String()
}

// covers says that who may do n may do other too.
func (n Need) covers(other Need) bool {
	return n.Verb == other.Verb && n.Group == other.Group && n.path() == other.path() &&
		(n.Namespace == other.Namespace || n.Namespace == Everywhere && other.Namespace != "") &&
		(n.Name == other.Name || n.Name == "")
}

// Minimal leaves out each need that another covers, and keeps its reason with that other.
func Minimal(needs []Need) []Need {
	var least []Need
	for _, n := range needs {
		if i := slices.IndexFunc(least, func(have Need) bool { return have.covers(n) }); i >= 0 {
			least[i] = least[i].absorb(n)
			continue
		}
		least = slices.DeleteFunc(least, func(have Need) bool {
			if !n.covers(have) {
				return false
			}
			n = n.absorb(have)
			return true
		})
		least = append(least, n)
	}
	return least
}

// absorb adds the reason of a need that n covers.
func (n Need) absorb(other Need) Need {
	if !slices.Contains(strings.Split(n.Why, "; "), other.Why) {
		n.Why += "; " + other.Why
	}
	n.Maybe = n.Maybe && other.Maybe
	return n
}

// Sure leaves out what may not come to be.
func Sure(needs []Need) []Need {
	return slices.DeleteFunc(slices.Clone(needs), func(n Need) bool { return n.Maybe })
}

// Beyond lists the needs that none of the others covers.
func Beyond(needs, others []Need) []Need {
	return slices.DeleteFunc(slices.Clone(needs), func(n Need) bool {
		return slices.ContainsFunc(others, func(o Need) bool { return o.covers(n) })
	})
}
