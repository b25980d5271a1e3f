package verdict_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/inject"
	"github.com/chaosctl/chaosctl/pkg/probe"
	"github.com/chaosctl/chaosctl/pkg/verdict"
)

// answered are the shares of pods that were ready all the time.
func answered(counts ...uint64) verdict.Shares {
	var s verdict.Shares
	total := uint64(0)
	for _, n := range counts {
		total += n
	}
	for i, n := range counts {
		s.Pods = append(s.Pods, verdict.Share{Pod: fmt.Sprintf("web-%d", i), Answered: n, Equal: float64(total) / float64(len(counts)), Ready: 1})
	}
	return s
}

func spreadOver(s verdict.Shares) *verdict.Facts {
	return served(1000, 0, func(l *verdict.Load) { l.Shares = map[verdict.Window]verdict.Shares{verdict.Run: s} })
}

func balance(maxSkew experiment.Percent) *verdict.Balance {
	return &verdict.Balance{Of: "browse", MaxSkew: maxSkew, During: verdict.Run}
}

func TestBalance(t *testing.T) {
	brief := func(pod string, answered uint64, equal, ready float64) verdict.Share {
		return verdict.Share{Pod: pod, Answered: answered, Equal: equal, Ready: ready}
	}
	and := func(s verdict.Shares, more ...verdict.Share) verdict.Shares {
		s.Pods = append(s.Pods, more...)
		return s
	}
	unnamed := answered(0, 0)
	unnamed.Unnamed = 900
	leftOut := answered(500, 500)
	leftOut.Unnamed, leftOut.Others = 12, 7
	judge(t, map[string]judged{
		"even":                      {balance(0.25), spreadOver(answered(334, 333, 333)), verdict.Pass, "web-0 answered 334 of 1000 requests, where its equal share is 333"},
		"at the bound":              {balance(0.25), spreadOver(answered(250, 150)), verdict.Pass, ""},
		"above the bound":           {balance(0.25), spreadOver(answered(2520, 1480)), verdict.Fail, "chi-square 270 over 2 pods (p below 0.0001, effect size w 0.26)"},
		"one pod has none":          {balance(1), spreadOver(answered(500, 500, 0)), verdict.Pass, ""},
		"one pod has none, bounded": {balance(0.25), spreadOver(answered(500, 500, 0)), verdict.Fail, "web-2 answered 0 of 1000"},
		"one pod has all":           {balance(1), spreadOver(answered(1000, 0, 0)), verdict.Fail, "web-0 answered 1000 of 1000"},
		"chance":                    {balance(0.25), spreadOver(answered(16, 8)), verdict.Unknown, "can be told from chance"},
		"few, and yet clear":        {balance(0.25), spreadOver(answered(40, 0)), verdict.Fail, "web-0 answered 40 of 40"},
		"too few":                   {balance(0.25), spreadOver(answered(4, 4)), verdict.Unknown, "8 requests to 2 pods are too few"},
		"one pod":                   {balance(0.25), spreadOver(answered(400)), verdict.Unknown, "pods that were ready in the Service: 1"},
		"no pod":                    {balance(0.25), spreadOver(verdict.Shares{}), verdict.Unknown, "pods that were ready in the Service: 0"},
		"no names":                  {balance(0.25), spreadOver(unnamed), verdict.Unknown, "none of 900 requests was answered with the name of a pod"},
		"others":                    {balance(0.25), spreadOver(leftOut), verdict.Pass, "12 requests were answered by nobody known; 7 were answered by pods that were not ready"},
		"not known for long":        {balance(0.25), spreadOver(and(answered(500, 500), brief("new", 1, 2, 0.1))), verdict.Pass, "ready for too short a time to judge: 1 of 3 pods"},
		"known too little":          {balance(0.25), spreadOver(and(answered(500, 500), brief("new", 9, 10, 0.1))), verdict.Pass, "web-0 answered 500"},
		"ready, but hardly known":   {balance(0.25), spreadOver(and(answered(500, 500), brief("new", 9, 10, 0.6))), verdict.Unknown, "of 1010 requests"},
		"ready, but not known":      {balance(0.25), spreadOver(and(answered(500, 500), brief("new", 1, 2, 0.6))), verdict.Unknown, "no skew below 100 %"},
		"brief, and left out":       {balance(0.25), spreadOver(and(answered(550, 550), brief("new", 0, 50, 0.1))), verdict.Fail, "new answered 0 of 1150"},
		"starved":                   {balance(0.25), served(1000, 0, starved), verdict.Unknown, "could not keep its rate"},
		"no request":                {balance(0.25), served(0, 0, nil), verdict.Unknown, "no request was made"},
	})
}

// draw spreads requests over pods at random, as a Service does.
func draw(random *rand.Rand, requests, pods int) verdict.Shares {
	counts := make([]uint64, pods)
	for range requests {
		counts[random.IntN(pods)]++
	}
	return answered(counts...)
}

// TestChanceDoesNotFail draws even spreads of all sizes from a fixed seed: hardly any must fail, and none of those that are
// large enough to be judged must be anything but a pass.
func TestChanceDoesNotFail(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	outcomes := map[verdict.Outcome]int{}
	const rounds = 4000
	for range rounds {
		pods, requests := 2+random.IntN(8), 10+random.IntN(3000)
		outcomes[balance(0.25).Judge(spreadOver(draw(random, requests, pods))).Outcome]++
	}
	t.Logf("%v", outcomes)
	assert.LessOrEqual(t, outcomes[verdict.Fail], rounds/500)
	assert.Greater(t, outcomes[verdict.Pass], rounds/2)
	for range 200 {
		assert.Equal(t, verdict.Pass, balance(0.25).Judge(spreadOver(draw(random, 8000, 4))).Outcome)
	}
}

func TestBalanceProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		counts := rapid.SliceOfN(rapid.Uint64Range(0, 5000), 2, 12).Draw(t, "answered")
		bound := experiment.Percent(rapid.Float64Range(0.01, 1).Draw(t, "bound"))
		j := balance(bound).Judge(spreadOver(answered(counts...)))

		reversed := make([]uint64, len(counts))
		for i, n := range counts {
			reversed[len(counts)-1-i] = n
		}
		other := balance(bound).Judge(spreadOver(answered(reversed...)))
		require.Equal(t, j.Outcome, other.Outcome, "the order of pods does not matter")
		require.Equal(t, j.Observed, other.Observed)

		if j.Outcome == verdict.Fail {
			for i := range counts {
				reversed[i] = counts[i] * 10
			}
			require.Equal(t, verdict.Fail, balance(bound).Judge(spreadOver(answered(reversed...))).Outcome, "more of the same is no better")
		}
		most := counts[0]
		for _, n := range counts {
			most = max(most, n)
		}
		even := make([]uint64, len(counts))
		for i := range even {
			even[i] = most
		}
		require.NotEqual(t, verdict.Fail, balance(bound).Judge(spreadOver(answered(even...))).Outcome)
	})
}

func TestBalanceIsChecked(t *testing.T) {
	loader := experiment.Loader{Catalogue: experiment.Catalogue{
		Faults: inject.Kinds(), Probes: probe.Kinds(), Expectations: verdict.Expectations(), Aborts: verdict.Aborts(),
	}}
	const document = `
apiVersion: chaosctl.dev/v1alpha1
kind: Experiment
metadata: {name: web}
spec:
  promise: load-balancing
  target: {namespace: shop, workload: deployment/web}
  load:
  - {name: browse, rate: 1/s, http: {service: web, podHeader: X-Pod}}
  - {name: kept, rate: 1/s, connections: reuse, http: {service: web, podHeader: X-Pod}}
  - {name: silent, rate: 1/s, http: {service: web}}
  faults:
  - podKill: {count: 1}
  expect:
  - balance: WHAT
`
	for what, problem := range map[string]string{
		"{of: browse, maxSkew: 25%}":                   "",
		"{of: browse, maxSkew: 25%, during: recovery}": "",
		"{of: brows, maxSkew: 25%}":                    `spec.expect[0].balance.of: there is no stream "brows"`,
		"{of: kept, maxSkew: 25%}":                     "the load kept keeps its connections",
		"{of: silent, maxSkew: 25%}":                   "http.podHeader",
		"{of: browse, maxSkew: 0%}":                    "spec.expect[0].balance.maxSkew: no number of requests",
		"{of: browse}":                                 "spec.expect[0].balance.maxSkew: the field is missing",
	} {
		_, err := loader.Load("x.yaml", strings.NewReader(strings.Replace(document, "WHAT", what, 1)))
		if problem == "" {
			require.NoError(t, err, what)
			continue
		}
		assert.ErrorContains(t, err, problem, what)
	}
}
