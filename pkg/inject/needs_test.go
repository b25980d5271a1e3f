package inject_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/chaosctl/chaosctl/pkg/inject"
)

// TestNeedsOfCopies: where a controller copies the marker, the run may remove it there.
func TestNeedsOfCopies(t *testing.T) {
	for resource, copies := range map[string]string{"deployments": "replicasets", "statefulsets": "controllerrevisions", "daemonsets": "controllerrevisions", "replicasets": ""} {
		c := inject.Change{Edit: &inject.Edit{}, Object: inject.Object{Resource: schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: resource}, Namespace: "shop", Name: "web"}}
		want := []string{"get " + resource + ".apps web in namespace shop", "patch " + resource + ".apps web in namespace shop"}
		if copies != "" {
			want = append(want, "list "+copies+".apps in namespace shop", "patch "+copies+".apps in namespace shop")
		}
		var have []string
		for _, n := range c.Needs() {
			have = append(have, n.String())
		}
		assert.Equal(t, want, have)
	}
}
