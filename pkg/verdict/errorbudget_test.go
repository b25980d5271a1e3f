package verdict_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/inject"
	"github.com/chaosctl/chaosctl/pkg/verdict"
)

func TestErrorBudget(t *testing.T) {
	// The run takes 25 s; a budget of 1 % of 2500 s is 25 s.
	budget := func(atMost experiment.Percent) *verdict.ErrorBudget {
		return &verdict.ErrorBudget{Of: "browse", Objective: 0.99, Period: experiment.Duration(2500 * time.Second), AtMost: atMost, During: verdict.Run}
	}
	judge(t, map[string]judged{
		"none":                {budget(0.01), served(1000, 0, nil), verdict.Pass, "0 of 1000 requests failed"},
		"little":              {budget(0.05), served(1000, 40, nil), verdict.Pass, "40 of 1000 requests failed, as if nobody had been served for 1s of 25s"},
		"at the bound":        {budget(0.04), served(1000, 40, nil), verdict.Pass, ""},
		"more":                {budget(0.04), served(1000, 41, nil), verdict.Fail, "1.03s of 25s"},
		"all":                 {budget(0.99), served(1000, 1000, nil), verdict.Fail, "25s of 25s"},
		"none at a low rate":  {budget(0.05), served(10, 0, nil), verdict.Unknown, "one failed request would have cost 10 %"},
		"one at a low rate":   {budget(0.2), served(10, 1, nil), verdict.Pass, ""},
		"nothing was allowed": {budget(0), served(1000, 0, nil), verdict.Unknown, "would have cost 0.1 %"},
		"no requests":         {budget(0.05), served(0, 0, nil), verdict.Unknown, "no request was made"},
		"starved":             {budget(0.05), served(1000, 900, func(l *verdict.Load) { l.Starved = true }), verdict.Unknown, "could not keep"},
	})
	j := budget(0.05).Judge(served(1000, 40, nil))
	assert.Equal(t, "4 %", j.Observed)
	assert.Equal(t, "0.1 %", j.Resolution)
	assert.Equal(t, "at most 5% of 25s, which 99% leaves in 41m40s", j.Bound)
}

func TestBoundsThatCannotBeMeant(t *testing.T) {
	const document = `
apiVersion: chaosctl.dev/v1alpha1
kind: Experiment
metadata: {name: web}
spec:
  promise: scaling
  target: {namespace: shop, workload: deployment/web}
  load:
  - {name: browse, http: {url: "http://web.example/"}, rate: 100/s}
  faults:
  - podKill: {count: 1}
  expect:
  - EXPECTATION
`
	loader := experiment.Loader{Catalogue: experiment.Catalogue{Faults: inject.Kinds(), Expectations: verdict.Expectations()}}
	for expectation, want := range map[string]string{
		"errorBudget: {of: browse, objective: 99.9%, atMost: 1%}":             "",
		"errorBudget: {of: search, objective: 99.9%, atMost: 1%}":             `spec.expect[0].errorBudget.of: `,
		"errorBudget: {of: browse, objective: 100%, atMost: 1%}":              "spec.expect[0].errorBudget.objective: 100% leaves no room for errors: expected less than 100%",
		"errorBudget: {of: browse, objective: 99%, atMost: 1%, period: 0s}":   "spec.expect[0].errorBudget.period: 0s is too short: expected more than zero",
		"errorBudget: {of: browse, objective: 99%, atMost: 1%, period: 168h}": "",
		"noFlap: {}":          "",
		"noFlap: {times: -1}": "spec.expect[0].noFlap.times: -1 is no number of times: expected 0 or more",
	} {
		_, err := loader.Load("x.yaml", strings.NewReader(strings.Replace(document, "EXPECTATION", expectation, 1)))
		if want == "" {
			require.NoError(t, err, expectation)
		} else {
			require.ErrorContains(t, err, want, expectation)
		}
	}
}
