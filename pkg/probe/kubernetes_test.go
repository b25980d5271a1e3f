package probe_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/chaosctl/chaosctl/pkg/probe"
)

// world holds one object, or an error.
type world struct {
	object string
	err    error
}

func (w world) Object(context.Context, string) (*unstructured.Unstructured, error) {
	if w.err != nil {
		return nil, w.err
	}
	o := &unstructured.Unstructured{}
	return o, o.UnmarshalJSON([]byte(w.object))
}

func TestKubernetes(t *testing.T) {
	web := world{object: `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web"},"spec":{"replicas":3,"paused":false},"status":{"readyReplicas":3,"conditions":[{"type":"Available","status":"True"}]}}`}
	missing := world{err: apierrors.NewNotFound(schema.GroupResource{Resource: "deployments"}, "web")}
	for name, c := range map[string]struct {
		world   world
		cel     string
		want    string
		unknown bool
	}{
		"holds":                {web, "object.status.readyReplicas >= 3", "", false},
		"holds for a list":     {web, "object.status.conditions.exists(c, c.type == 'Available' && c.status == 'True')", "", false},
		"does not hold":        {web, "object.status.readyReplicas >= 4", "does not hold for deployment/web", false},
		"a field is missing":   {web, "object.status.availableReplicas >= 1", "the condition does not hold: no such key: availableReplicas", false},
		"a part is missing":    {web, "object.none.at.all == 1", "the condition does not hold", false},
		"asks whether it is":   {web, "!has(object.status.availableReplicas)", "", false},
		"a field as condition": {web, "object.spec.paused", "does not hold", false},
		"no object":            {missing, "true", "deployment/web does not exist", false},
		"no answer":            {world{err: errors.New("no route to host")}, "true", "no route to host", true},
		"not a condition":      {web, "object.spec.replicas", "the condition gave 3, not true or false", true},
		"wrong types":          {web, "object.spec.replicas > 'x'", "no such overload", true},
		"out of bounds":        {web, "object.status.conditions[7].status == 'True'", "out of", true},
		"does not compile":     {web, "object.", "Syntax error", true},
		"computes too much":    {web, "[" + strings.Repeat("1,", 200) + "1].all(a, [" + strings.Repeat("1,", 200) + "1].all(b, [" + strings.Repeat("1,", 200) + "1].all(c, a + b + c > 0)))", "cost", true},
	} {
		t.Run(name, func(t *testing.T) {
			err := (&probe.Kubernetes{Resource: "deployment/web", CEL: c.cel}).Measure(t.Context(), c.world)
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.want)
			assert.Equal(t, c.unknown, errors.Is(err, probe.ErrUnknown), "%v", err)
		})
	}
}
