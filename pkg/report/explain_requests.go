package report

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/chaosctl/chaosctl/pkg/attribution"
	"github.com/chaosctl/chaosctl/pkg/event"
)

// leavingShare is how many of the requests that came after a stop a preStop hook is to outlast.
const leavingShare = 0.95

// ofRequests explains failed requests by their largest class. Requests that met the end of a pod are one, whether they were sent before or
// after.
func (c *circumstances) ofRequests() *Explanation {
	top := c.found.Classes[0]
	stale, cut := c.found.Of(attribution.Stale), c.found.Of(attribution.InFlight)
	e := &Explanation{Broke: sentence(c.broke(top))}
	switch {
	case c.published(e):
	case c.most(stale+cut) && 2*c.found.Leaving.Failures > stale+cut:
		if stale > 0 && cut > 0 {
			e.Broke = sentence(c.share(stale+cut) + " met a pod on its way out: " + count(stale) + " " + attribution.Stale.Words() + ", " + count(cut) + " in flight when it did" + c.surely(stale+cut, attribution.Stale, attribution.InFlight))
		}
		c.leaving(e)
	case !c.most(top.Failures):
	case top.Class == attribution.Starting:
		c.starting(e)
	case top.Class == attribution.NoEndpoint:
		c.empty(e, top.Failures)
	case top.Class == attribution.NodeLost:
		c.spread(e, top.Failures)
	case top.Class == attribution.Faulted:
		c.faulted(e)
	case top.Class == attribution.Rejected:
		e.Why = "The pods that answered so were ready, and had answered others with success; the first failure was " + failureOf(top) + "."
	case top.Class == attribution.InFlight:
		e.Why = "Processes died in place, and took the requests with them that they had in hand."
	}
	return e
}

// broke says what became of most of the failures.
func (c *circumstances) broke(top attribution.ClassCount) string {
	if top.Class == attribution.Unknown && c.most(top.Failures) {
		return "what became of " + c.share(top.Failures) + " is not explained by what was recorded"
	}
	if !c.most(top.Failures) {
		var parts []string
		for _, each := range c.found.Classes[:min(len(c.found.Classes), 3)] {
			parts = append(parts, count(each.Failures)+" "+each.Class.Words())
		}
		return "the " + plural(c.found.Failures, "failed request") + " have several reasons: " + strings.Join(parts, "; ")
	}
	verb := "were "
	if top.Failures == 1 {
		verb = "was "
	}
	return c.share(top.Failures) + " " + verb + top.Class.Words() + c.surely(top.Failures, top.Class)
}

// surely says how much of what is said of some classes is inferred.
func (c *circumstances) surely(n uint64, classes ...attribution.Class) string {
	exact := uint64(0)
	for _, each := range c.found.Classes {
		for _, class := range classes {
			if each.Class == class {
				exact += each.Exact
			}
		}
	}
	switch exact = min(exact, n); exact {
	case n:
		return ""
	case 0:
		return ", as the state of the pods suggests"
	}
	return ", " + count(n-exact) + " of them as the state of the pods suggests"
}

// failureOf is what the client saw of the first failure of a class.
func failureOf(c attribution.ClassCount) string {
	if len(c.Examples) == 0 {
		return "not kept"
	}
	s := c.Examples[0].Sample
	if s.Status != 0 {
		return "a status of " + count(s.Status)
	}
	return string(s.Cause)
}

// leaving explains requests that met a pod on its way out.
func (c *circumstances) leaving(e *Explanation) {
	l := c.found.Leaving
	if 2*l.Forced > l.Failures {
		e.Why = "The pods were taken away without a grace period, which leaves no time in which they could have done better."
		return
	}
	after, covered := l.Within(leavingShare)
	if c.configured == nil {
		e.Why = "These came up to " + inWords(l.Longest) + " after the pod was told to stop; what its template says of that was not read."
		return
	}
	grace := secondsOf(c.configured.GracePeriod)
	if l.Cut >= grace*9/10 && after >= grace/2 {
		e.Why = "The process did not end when it was told to, and was killed with requests in hand when its grace period of " + inWords(grace) + " was over."
		e.Mend, e.Kind, e.Avoided = "A process that closes its connections and ends by itself at SIGTERM "+c.avoided(covered)+".", "sigterm", covered
		return
	}
	hook, sleeps, own := c.preStop()
	need := wholeSeconds(after + c.answer)
	e.Why = "The pod stopped serving before the last of them: these were sent up to " + inWords(l.Longest) + " after it was told to stop, and " + hook + "."
	if cut := c.found.Of(attribution.InFlight); cut > c.found.Of(attribution.Stale) {
		e.Why = "The process ended with requests in hand, and " + hook + "."
	}
	if 2*l.Listed > l.Failures {
		e.Why = "The pod stayed a ready endpoint after it was told to stop, and did not serve for so long."
		return
	}
	if own || sleeps >= need || covered == 0 || !c.most(covered) {
		return
	}
	e.Mend = "A preStop hook that sleeps for " + ofSeconds(need) + " or longer " + c.avoided(covered) + ": so long does it take until no more come, and the last is answered."
	if need+time.Second >= grace {
		e.Mend = strings.TrimSuffix(e.Mend, ".") + "; the grace period of " + inWords(grace) + " has to be longer than that."
	}
	e.Kind, e.Avoided = "preStop", covered
}

// preStop says what the template does about the stop of a pod; own is a hook of which that is not known.
func (c *circumstances) preStop() (words string, sleeps time.Duration, own bool) {
	words = "the template has no preStop hook"
	for _, each := range c.configured.Containers {
		switch {
		case !each.PreStop:
		case each.PreStopSleep == 0:
			return "the preStop hook of " + each.Name + " did not keep it serving for so long", 0, true
		case secondsOf(each.PreStopSleep) > sleeps:
			sleeps = secondsOf(each.PreStopSleep)
			words = "the preStop hook sleeps for " + inWords(sleeps)
		}
	}
	return words, sleeps, false
}

// starting explains requests that came to pods which did not serve yet.
func (c *circumstances) starting(e *Explanation) {
	unproven := c.found.In(attribution.Starting, attribution.Unproven)
	switch {
	case c.most(unproven) && len(c.found.Waits) > 0:
		c.ready(e, unproven)
	case c.most(c.unready()):
		e.Why = "Containers were not up, and their pods were still reached."
	}
}

// unready counts the requests that came to pods which were not ready yet.
func (c *circumstances) unready() uint64 {
	return c.found.In(attribution.Starting, attribution.Unready, attribution.Down)
}

// published explains requests that came to pods which were not ready, yet or any more, by a Service that publishes such; false where
// that is not so.
func (c *circumstances) published(e *Explanation) bool {
	n := c.unready() + c.found.Of(attribution.NotReady) + c.found.Leaving.Listed
	if !c.most(n) || c.configured == nil || len(c.configured.PublishesNotReady) == 0 {
		return false
	}
	e.Broke = sentence(c.share(n) + " came to pods that were not ready, yet or any more" + c.surely(n, attribution.Starting, attribution.NotReady, attribution.Stale))
	e.Why = "The Service " + c.configured.PublishesNotReady[0] + " sends requests to pods that are not ready (publishNotReadyAddresses)."
	e.Mend, e.Kind, e.Avoided = "A Service without publishNotReadyAddresses "+c.avoided(n)+", which would have gone to pods that were ready.", "publish", n
	return true
}

// ready explains requests to pods that were ready and had not served.
func (c *circumstances) ready(e *Explanation, n uint64) {
	wait := c.found.Waits[0]
	lasted := inWords(wait.Lasted)
	if wait.Open {
		lasted = "at least " + lasted
	}
	e.Why = "Pods were Ready for " + lasted + " before they first served (" + wait.Pod + ")"
	if c.configured == nil {
		e.Why += "."
		return
	}
	if !c.probed() {
		e.Why += ", and the template has no readiness probe."
		e.Mend = "A readiness probe that asks for what a request needs " + c.avoided(n) + "."
	} else {
		e.Why += ", though the template has a readiness probe."
		e.Mend = "A readiness probe that passes no sooner than requests succeed " + c.avoided(n) + "."
	}
	e.Kind, e.Avoided = "readiness", n
}

// probed says whether any container has a readiness probe.
func (c *circumstances) probed() bool {
	return slices.ContainsFunc(c.configured.Containers, func(each event.ContainerConfigured) bool { return each.Readiness })
}

// faulted explains requests to a pod on which a fault acted.
func (c *circumstances) faulted(e *Explanation) {
	if c.configured != nil && !c.probed() {
		e.Why = "The template has no readiness probe, by which such a pod could have left the Service."
	}
}

// empty explains requests for which there was no pod.
func (c *circumstances) empty(e *Explanation, n uint64) {
	e.Why = "No pod was ready in the Service for " + inWords(c.found.Empty)
	g := c.lost
	switch {
	case c.configured != nil && c.configured.Replicas == 1 && (g.Pods > 0 && g.All <= 1 || g.Pods == 0 && c.died):
		e.Why += ": the workload has one replica, and that was lost."
		e.Mend = "A second replica, which stays while the first is replaced, " + c.avoided(n) + "."
		e.Kind, e.Avoided = "replicas", n
	case g.All > 1 && g.Pods >= g.All:
		e.Why += ": " + allOf(g.All) + " were lost " + c.apart() + "."
		if !c.spread(e, n) {
			c.budget(e, n)
		}
	default:
		e.Why += "."
	}
}

// spread says that pods were in one place, and that this was lost; false where they were not.
func (c *circumstances) spread(e *Explanation, n uint64) bool {
	g := c.lost
	if !c.onNodes || g.All < 2 || g.Pods < g.All {
		return false
	}
	switch {
	case g.Zone != "" && g.OtherZones:
		e.Why = upperFirst(allOf(g.All)) + " were in zone " + g.Zone + ", which was lost."
		e.Mend = "Pods that are spread over zones (topologySpreadConstraints by topology.kubernetes.io/zone)"
	case g.Node != "" && g.OtherNodes:
		e.Why = upperFirst(allOf(g.All)) + " were on node " + g.Node + ", which was lost."
		e.Mend = "Pods that are spread over nodes (topologySpreadConstraints by kubernetes.io/hostname)"
	default:
		return false
	}
	e.Kind, e.Avoided = "spread", n
	e.Mend += " " + cmp.Or(c.mended(n), "would not all have been lost") + "."
	return true
}

// allOf are pods without exception.
func allOf(n int) string {
	switch n {
	case 1:
		return "the only pod"
	case 2:
		return "both pods"
	}
	return "all " + count(n) + " pods"
}

func upperFirst(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// lostOf is a number of the pods that there were.
func (c *circumstances) lostOf(n int) string {
	if n >= c.lost.All {
		return upperFirst(allOf(n))
	}
	return count(n) + " of " + plural(c.lost.All, "pod")
}

// apart is the time between the first loss and the last.
func (c *circumstances) apart() string {
	if c.lost.Within < 50*time.Millisecond {
		return "at once"
	}
	return "within " + inWords(c.lost.Within)
}

func (c *circumstances) mended(n uint64) string {
	if n == 0 {
		return ""
	}
	return c.avoided(n)
}

// budget says that nothing kept pods from being evicted together.
func (c *circumstances) budget(e *Explanation, n uint64) {
	g := c.lost
	if g.Evicted < 2 || g.Evicted < g.Pods || c.configured == nil || !c.configured.BudgetsRead || len(c.configured.Budgets) > 0 {
		return
	}
	e.Why = c.lostOf(g.Evicted) + " were evicted " + c.apart() + ", and no PodDisruptionBudget covers them."
	e.Mend = "A PodDisruptionBudget with maxUnavailable: 1 would have held up the second eviction until the first pod was replaced"
	if n > 0 {
		e.Mend += ", and " + c.avoided(n)
	}
	e.Mend += "."
	e.Kind, e.Avoided = "budget", n
}
