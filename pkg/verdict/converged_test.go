package verdict_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/access"
	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/inject"
	"github.com/chaosctl/chaosctl/pkg/verdict"
)

// compared is a look at an instant, with the differences that it shows.
func compared(seconds float64, different ...string) verdict.DeclaredLook {
	l := verdict.DeclaredLook{At: at(seconds), DeclaredCompared: event.DeclaredCompared{Objects: 4, Every: 1}}
	for _, field := range different {
		l.Differences = append(l.Differences, event.Difference{Object: "deployment/web", Field: field, What: "is 2, was 3"})
	}
	return l
}

func last(l verdict.DeclaredLook) verdict.DeclaredLook {
	l.Last = true
	return l
}

func TestConverged(t *testing.T) {
	looks := func(all ...verdict.DeclaredLook) *verdict.Facts {
		return facts(func(f *verdict.Facts) { f.Declared, f.StableFor, f.Restored = all, 3*time.Second, at(15.5) })
	}
	unread := last(compared(25))
	unread.Unread = "services cannot be listed: forbidden"
	written := compared(23)
	written.Moved = []string{"configmap/settings"}
	earlier := compared(17)
	earlier.Moved = []string{"configmap/settings"}
	many := last(compared(25, "a", "b", "c", "d"))
	many.More = 2
	soon := &verdict.Converged{Within: duration(5 * time.Second)}
	judge(t, map[string]judged{
		"as before":               {&verdict.Converged{}, looks(compared(16), last(compared(25))), verdict.Pass, "4 declarations are as they were before the first fault, and stayed so for 9s"},
		"after a while":           {soon, looks(compared(16, "spec.replicas"), compared(20), last(compared(25))), verdict.Pass, "stayed so for 5s"},
		"too late":                {soon, looks(compared(16, "spec.replicas"), compared(21), last(compared(25))), verdict.Fail, "it was too late: before, deployment/web: spec.replicas is 2, was 3"},
		"in the end":              {&verdict.Converged{}, looks(compared(16, "spec.replicas"), compared(21), last(compared(25))), verdict.Pass, ""},
		"never":                   {&verdict.Converged{}, looks(compared(16, "spec.replicas"), last(compared(25, "spec.replicas"))), verdict.Fail, "deployment/web: spec.replicas is 2, was 3"},
		"not again":               {&verdict.Converged{}, looks(compared(16), last(compared(25, "spec.replicas"))), verdict.Fail, "spec.replicas"},
		"many":                    {&verdict.Converged{}, looks(many), verdict.Fail, "; and 3 more"},
		"not for long enough":     {&verdict.Converged{}, looks(compared(16, "spec.replicas"), compared(23), last(compared(25))), verdict.Unknown, "it was so for 2s, and nobody knows whether it stays: expected 3s"},
		"written in between":      {&verdict.Converged{}, looks(compared(16), written, last(compared(25))), verdict.Unknown, "configmap/settings was written in between"},
		"written a while ago":     {&verdict.Converged{}, looks(compared(16), earlier, last(compared(25))), verdict.Pass, "stayed so for 8s"},
		"not read in the end":     {&verdict.Converged{}, looks(compared(16), unread), verdict.Unknown, "it could not be compared: services cannot be listed: forbidden"},
		"killed":                  {&verdict.Converged{}, looks(compared(16, "spec.replicas")), verdict.Unknown, "the record breaks off"},
		"killed, as before":       {&verdict.Converged{}, looks(compared(16), compared(25)), verdict.Unknown, "nobody knows"},
		"no recovery":             {&verdict.Converged{}, looks(), verdict.Unknown, "the run did not come to where it is compared"},
		"late, but not judged so": {soon, looks(compared(16), last(compared(25, "spec.replicas"))), verdict.Fail, "is 2, was 3"},
	})
}

func TestConvergedNeedsAWorkload(t *testing.T) {
	loader := experiment.Loader{Catalogue: experiment.Catalogue{Faults: inject.Kinds(), Expectations: verdict.Expectations()}}
	document := strings.NewReplacer("TARGET", "selector: {app: web}").Replace(`
apiVersion: chaosctl.dev/v1alpha1
kind: Experiment
metadata: {name: web}
spec:
  promise: self-healing
  target: {namespace: shop, TARGET}
  faults: [{podKill: {count: 1}}]
  duration: 10s
  expect:
  - converged: {}
`)
	_, err := loader.Load("x.yaml", strings.NewReader(document))
	require.ErrorContains(t, err, "spec.expect[0].converged: the target is a selector, of which nothing is declared")
	_, err = loader.Load("x.yaml", strings.NewReader(strings.Replace(document, "selector: {app: web}", "workload: deployment/web", 1)))
	require.NoError(t, err)
}

func TestConvergedNeeds(t *testing.T) {
	needs := (&verdict.Converged{}).Needs(access.Scope{Target: experiment.Target{Namespace: "shop", Workload: "deployment/web"}, Kinds: access.Offline{}})
	var told []string
	for _, n := range needs {
		told = append(told, n.String())
	}
	assert.Equal(t, []string{
		"get deployments.apps web in namespace shop", "list services in namespace shop", "list endpointslices.discovery.k8s.io in namespace shop",
		"list poddisruptionbudgets.policy in namespace shop", "list horizontalpodautoscalers.autoscaling in namespace shop", "get configmaps in namespace shop",
	}, told)
}
