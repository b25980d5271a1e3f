package verdict_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/inject"
	"github.com/chaosctl/chaosctl/pkg/verdict"
)

func TestReplicasAreMoreAndNotFewer(t *testing.T) {
	const document = `
apiVersion: chaosctl.dev/v1alpha1
kind: Experiment
metadata: {name: web}
spec:
  promise: scaling
  target: {namespace: shop, workload: deployment/web}
  faults:
  - podKill: {count: 1}
  expect:
  - replicas: {atLeast: all, more: MORE, within: 30s, during: fault}
`
	loader := experiment.Loader{Catalogue: experiment.Catalogue{Faults: inject.Kinds(), Expectations: verdict.Expectations()}}
	_, err := loader.Load("x.yaml", strings.NewReader(strings.Replace(document, "MORE", "2", 1)))
	require.NoError(t, err)
	_, err = loader.Load("x.yaml", strings.NewReader(strings.Replace(document, "MORE", "-1", 1)))
	assert.ErrorContains(t, err, "spec.expect[0].replicas.more: -1 is no number of pods beyond others: expected 0 or more")
}
