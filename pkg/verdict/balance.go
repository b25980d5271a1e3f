package verdict

import (
	"fmt"
	"math"
	"strconv"

	"gonum.org/v1/gonum/mathext"

	"github.com/chaosctl/chaosctl/pkg/experiment"
)

var _ = expectations.Add(experiment.Definition[Expectation]{
	Name: "balance", Summary: "How evenly a Service spreads requests over its ready pods.",
	Example: `
- balance: {of: browse, maxSkew: 25%, during: recovery}
`,
	New: func() Expectation { return &Balance{During: Run} },
})

// Balance expects the pods of a Service to have equal shares of a load's requests. The pods must name themselves in their
// answers (podHeader). Counted are requests on fresh connections, for each of which the Service chooses anew; those
// on a kept connection all follow one choice, and say nothing of the others.
//
// Where pods come and go, a pod's equal share is taken of the requests that came while it was ready: of each stretch of
// time in which the same pods were, an equal part for each of them. A pod's skew is by how much of its equal share the
// requests that it answered are more or fewer. A pod is ready from when its EndpointSlice says so: the time that proxies
// take to follow is part of the skew, and weighs more in a short window. The expectation fails where the skew of a pod is above its bound, and a
// chi-square test says that chance makes such differences less than once in 1000 times. It is unknown where there are too
// few requests to tell a skew of that size from chance, for a pod that was ready for half of the window or longer.
type Balance struct {
	// Of names the load.
	Of string `json:"of"`
	// MaxSkew is the skew that is accepted: at 25%, of 1000 requests to 4 pods each has from 188 to 312.
	MaxSkew experiment.Percent `json:"maxSkew"`
	// During is the window; run unless told otherwise.
	During Window `json:"during"`
}

// Check refuses a load that does not exist, and one that cannot show how requests are spread.
func (b *Balance) Check(c *experiment.Check) {
	if b.MaxSkew <= 0 {
		c.Fail("maxSkew", "no number of requests is spread so evenly by chance: expected more than 0%%")
	}
	if !c.Stream("of", b.Of) {
		return
	}
	for _, l := range c.Experiment().Spec.Load {
		switch {
		case l.Name != b.Of:
		case l.TCP != nil:
			c.Fail("of", "the load %s makes connections, and no answer says which pod got one: expected a load by http or grpc", b.Of)
		case l.Destination().PodHeader == "":
			c.Fail("of", "the load %s does not say which pod answers: name the header in which answers do (http.podHeader)", b.Of)
		case l.Connections == experiment.Reuse:
			c.Fail("of", "the load %s keeps its connections, on which one choice of the Service's holds for many requests: let it use fresh connections, or both", b.Of)
		}
	}
}

// Shares are how the requests of a window were spread over the pods of a Service.
type Shares struct {
	Pods []Share
	// Unnamed counts the requests without an answer that names a pod, and Others those that a pod answered which was not
	// ready then; neither is part of any share.
	Unnamed, Others uint64
}

// Share is a pod's part.
type Share struct {
	Pod      string
	Answered uint64
	// Equal is how many requests its equal share is.
	Equal float64
	// Ready is the part of the window in which the pod was ready in the Service, from 0 to 1.
	Ready float64
}

// Skew is by how much of its equal share the pod has more or fewer.
func (s Share) Skew() float64 { return math.Abs(float64(s.Answered)-s.Equal) / s.Equal }

const (
	// leastEqual is the least number of requests that the chi-square test wants of each share (Cochran, Biometrics 1954).
	leastEqual = 5
	// chance is how seldom chance must make such differences for them to be none of chance's.
	chance = 0.001
	// longReady is the part of a window from which on a pod is too important to go unjudged.
	longReady = 0.5
)

// Judge compares the greatest skew with the bound.
func (b *Balance) Judge(f *Facts) Judgement {
	j := Judgement{Name: "balance of " + b.Of, Window: b.During, Bound: "at most " + b.MaxSkew.String(), Outcome: Unknown, Observed: "nothing"}
	_, l, problem := requests(f, b.Of, b.During)
	if problem != "" {
		j.Why = problem
		return j
	}
	s := newSpread(l.Shares[b.During])
	switch {
	case s.total == 0 && len(s.all.Pods) > 0 && s.all.Others == 0:
		j.Why = fmt.Sprintf("none of %d requests was answered with the name of a pod", s.all.Unnamed)
		return j
	case len(s.all.Pods) < 2:
		j.Why = fmt.Sprintf("pods that were ready in the Service: %d; there is nothing to balance", len(s.all.Pods))
		return j
	case len(s.pods) < 2:
		j.Why = fmt.Sprintf("%.0f requests to %d pods are too few: raise the rate, or make the window longer", s.total, len(s.all.Pods))
		return j
	}
	worst, resolution := s.worst(float64(b.MaxSkew))
	j.Observed, j.Resolution = wide(worst.Skew()), wide(resolution)
	story := s.story(worst)
	switch {
	case worst.Skew() > float64(b.MaxSkew) && s.significance() < chance:
		j.Outcome, j.Why = Fail, story
	case resolution > float64(b.MaxSkew):
		j.Why = fmt.Sprintf("%s; no skew below %s can be told from chance: raise the rate, or make the window longer", story, wide(resolution))
	case worst.Skew() > float64(b.MaxSkew):
		j.Why = story + "; chance explains that"
	default:
		j.Outcome, j.Why = Pass, story
	}
	return j
}

// spread is the shares that are large enough for the test.
type spread struct {
	all   Shares
	pods  []Share
	total float64
}

func newSpread(all Shares) spread {
	s := spread{all: all}
	for _, p := range all.Pods {
		s.total += p.Equal
		if p.Equal >= leastEqual {
			s.pods = append(s.pods, p)
		}
	}
	return s
}

// resolution is the least skew of a pod that is more than chance makes of an equal share 95 times out of 100, for any
// of the pods.
func (s spread) resolution(p Share) float64 {
	quantile := mathext.NormalQuantile(1 - 0.05/2/float64(len(s.pods)))
	return quantile * math.Sqrt((1-p.Equal/s.total)/p.Equal)
}

// worst is the pod with the greatest skew among those whose skew is above a bound and more than chance makes of it; where
// there is none, among those whose skew can be told to the bound. The resolution is that of the pod of which the least is
// known, among those that were ready for long.
func (s spread) worst(bound float64) (worst Share, resolution float64) {
	weight := func(p Share) float64 {
		switch {
		case p.Skew() > max(bound, s.resolution(p)):
			return 2
		case s.resolution(p) <= bound:
			return 1
		}
		return 0
	}
	worst = s.pods[0]
	for _, p := range s.pods {
		if w, most := weight(p), weight(worst); w > most || w == most && p.Skew() > worst.Skew() {
			worst = p
		}
		if p.Ready >= longReady {
			resolution = max(resolution, s.resolution(p))
		}
	}
	for _, p := range s.all.Pods {
		if p.Ready >= longReady && p.Equal < leastEqual {
			resolution = max(resolution, 1)
		}
	}
	if resolution == 0 { // nobody was ready for long
		for _, p := range s.pods {
			resolution = max(resolution, s.resolution(p))
		}
	}
	return worst, resolution
}

// chiSquare is Pearson's statistic of the observed shares against the equal ones.
func (s spread) chiSquare() float64 {
	sum := 0.0
	for _, p := range s.pods {
		d := float64(p.Answered) - p.Equal
		sum += d * d / p.Equal
	}
	return sum
}

// significance is how often chance makes such differences, or greater ones.
func (s spread) significance() float64 {
	return mathext.GammaIncRegComp(float64(len(s.pods)-1)/2, s.chiSquare()/2)
}

// story tells what was seen, with the test and the size of the effect (Cohen's w: 0.1 is small, 0.3 medium, 0.5 large).
func (s spread) story(worst Share) string {
	text := fmt.Sprintf("%s answered %d of %.0f requests, where its equal share is %.0f; chi-square %.3g over %d pods (p %s, effect size w %.2g)",
		worst.Pod, worst.Answered, s.total, worst.Equal, s.chiSquare(), len(s.pods), seldom(s.significance()), math.Sqrt(s.chiSquare()/s.total))
	if left := len(s.all.Pods) - len(s.pods); left > 0 {
		text += fmt.Sprintf("; ready for too short a time to judge: %d of %d pods", left, len(s.all.Pods))
	}
	if s.all.Unnamed > 0 {
		text += fmt.Sprintf("; %d requests were answered by nobody known", s.all.Unnamed)
	}
	if s.all.Others > 0 {
		text += fmt.Sprintf("; %d were answered by pods that were not ready", s.all.Others)
	}
	return text
}

func seldom(p float64) string {
	if p < 0.0001 {
		return "below 0.0001"
	}
	return strconv.FormatFloat(p, 'g', 2, 64)
}

// wide writes a skew, which may be above 100 %.
func wide(skew float64) string { return strconv.FormatFloat(100*skew, 'g', 3, 64) + " %" }
