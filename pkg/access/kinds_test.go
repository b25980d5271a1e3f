package access_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/chaosctl/chaosctl/pkg/access"
)

func TestOffline(t *testing.T) {
	for kind, want := range map[string]struct {
		schema.GroupResource
		namespaced bool
	}{
		"deployment":               {schema.GroupResource{Group: "apps", Resource: "deployments"}, true},
		"Deployments":              {schema.GroupResource{Group: "apps", Resource: "deployments"}, true},
		"deployment.apps":          {schema.GroupResource{Group: "apps", Resource: "deployments"}, true},
		"service":                  {schema.GroupResource{Resource: "services"}, true},
		"endpoints":                {schema.GroupResource{Resource: "endpoints"}, true},
		"event":                    {schema.GroupResource{Resource: "events"}, true},
		"event.events.k8s.io":      {schema.GroupResource{Group: "events.k8s.io", Resource: "events"}, true},
		"ingress":                  {schema.GroupResource{Group: "networking.k8s.io", Resource: "ingresses"}, true},
		"networkpolicy":            {schema.GroupResource{Group: "networking.k8s.io", Resource: "networkpolicies"}, true},
		"poddisruptionbudget":      {schema.GroupResource{Group: "policy", Resource: "poddisruptionbudgets"}, true},
		"horizontalpodautoscaler":  {schema.GroupResource{Group: "autoscaling", Resource: "horizontalpodautoscalers"}, true},
		"node":                     {schema.GroupResource{Resource: "nodes"}, false},
		"namespace":                {schema.GroupResource{Resource: "namespaces"}, false},
		"storageclass":             {schema.GroupResource{Group: "storage.k8s.io", Resource: "storageclasses"}, false},
		"rollout.argoproj.io":      {schema.GroupResource{Group: "argoproj.io", Resource: "rollouts"}, true},
		"rollouts.argoproj.io":     {schema.GroupResource{Group: "argoproj.io", Resource: "rollouts"}, true},
		"gateway.example.com":      {schema.GroupResource{Group: "example.com", Resource: "gateways"}, true},
		"policy.something.example": {schema.GroupResource{Group: "something.example", Resource: "policies"}, true},
	} {
		t.Run(kind, func(t *testing.T) {
			resource, namespaced, err := access.Offline{}.Resource(kind)
			assert.NoError(t, err)
			assert.Equal(t, want.GroupResource, resource)
			assert.Equal(t, want.namespaced, namespaced)
		})
	}
}
