package access_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/chaosctl/chaosctl/pkg/access"
)

var (
	podsHere       = access.Object{Resource: "pods", Namespace: "shop"}
	podsEverywhere = access.Object{Resource: "pods", Namespace: access.Everywhere}
	onePod         = access.Object{Resource: "pods", Namespace: "shop", Name: "web-0"}
	nodes          = access.Object{Resource: "nodes"}
)

func need(verb string, on access.Object, why string) access.Need {
	return access.Need{Verb: verb, Object: on, Why: why}
}

func TestString(t *testing.T) {
	for want, n := range map[string]access.Need{
		"patch nodes":                             need("patch", nodes, ""),
		"list pods in all namespaces":             need("list", podsEverywhere, ""),
		"get pods web-0 in namespace shop":        need("get", onePod, ""),
		"create pods/eviction in namespace shop":  need("create", access.Object{Resource: "pods", Subresource: "eviction", Namespace: "shop"}, ""),
		"watch deployments.apps in namespace web": need("watch", access.Object{Group: "apps", Resource: "deployments", Namespace: "web"}, ""),
	} {
		assert.Equal(t, want, n.String())
	}
}

func TestMinimal(t *testing.T) {
	for name, c := range map[string]struct{ needs, want []access.Need }{
		"nothing": {nil, nil},
		"the same twice": {
			[]access.Need{need("get", nodes, "a"), need("get", nodes, "a")},
			[]access.Need{need("get", nodes, "a")},
		},
		"reasons are kept": {
			[]access.Need{need("get", nodes, "a"), need("get", nodes, "b"), need("get", nodes, "a")},
			[]access.Need{need("get", nodes, "a; b")},
		},
		"any name covers one": {
			[]access.Need{need("get", onePod, "a"), need("get", podsHere, "b")},
			[]access.Need{need("get", podsHere, "b; a")},
		},
		"all namespaces cover one": {
			[]access.Need{need("list", podsHere, "a"), need("list", onePod, "b"), need("list", podsEverywhere, "c")},
			[]access.Need{need("list", podsEverywhere, "c; a; b")},
		},
		"the wide one first": {
			[]access.Need{need("list", podsEverywhere, "c"), need("list", onePod, "b")},
			[]access.Need{need("list", podsEverywhere, "c; b")},
		},
		"verbs, resources and subresources differ": {
			[]access.Need{
				need("get", podsHere, "a"), need("list", podsHere, "a"), need("get", nodes, "a"),
				need("get", access.Object{Resource: "pods", Subresource: "log", Namespace: "shop"}, "a"),
				need("get", access.Object{Group: "metrics.k8s.io", Resource: "pods", Namespace: "shop"}, "a"),
			},
			[]access.Need{
				need("get", podsHere, "a"), need("list", podsHere, "a"), need("get", nodes, "a"),
				need("get", access.Object{Resource: "pods", Subresource: "log", Namespace: "shop"}, "a"),
				need("get", access.Object{Group: "metrics.k8s.io", Resource: "pods", Namespace: "shop"}, "a"),
			},
		},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, c.want, access.Minimal(c.needs)) })
	}
}

func TestMaybe(t *testing.T) {
	maybe := need("get", podsHere, "a")
	maybe.Maybe = true
	sure := need("get", onePod, "b")
	assert.Equal(t, []access.Need{sure}, access.Sure([]access.Need{maybe, sure}))
	assert.False(t, access.Minimal([]access.Need{maybe, sure})[0].Maybe, "what is needed for sure is not made uncertain by what covers it")
	assert.True(t, access.Minimal([]access.Need{maybe, maybe})[0].Maybe)
}

func TestBeyond(t *testing.T) {
	have := []access.Need{need("get", podsHere, ""), need("list", nodes, "")}
	want := []access.Need{need("get", onePod, ""), need("get", nodes, ""), need("list", nodes, ""), need("get", podsEverywhere, "")}
	assert.Equal(t, []access.Need{need("get", nodes, ""), need("get", podsEverywhere, "")}, access.Beyond(want, have))
	assert.Equal(t, want, access.Beyond(want, nil))
}
