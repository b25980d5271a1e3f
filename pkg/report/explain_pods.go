package report

import "time"

// ofPods explains replicas that were missing and recoveries that took too long; nil where the record has no reason.
func (c *circumstances) ofPods() *Explanation {
	g := c.lost
	if c.failing("replicas") && g.Pods > 1 {
		e := &Explanation{Broke: c.lostOf(g.Pods) + " were lost " + c.apart() + "."}
		if !c.spread(e, 0) {
			c.budget(e, 0)
		}
		if e.Why != "" {
			return e
		}
	}
	if !c.failing("recovery") {
		return nil
	}
	if e := c.slowStop(); e != nil {
		return e
	}
	return c.slowPhase()
}

// slowStop explains a recovery that waited for a pod which used up its grace period.
func (c *circumstances) slowStop() *Explanation {
	if c.slowest == nil || c.configured == nil || c.within == 0 {
		return nil
	}
	_, sleeps, own := c.preStop()
	grace, took := secondsOf(c.configured.GracePeriod), c.slowest.Lasted
	// It is killed at the end of the grace period, and the kubelet needs a moment to say so.
	if own || grace == 0 || took < grace*95/100 || took > grace+10*time.Second || took < c.within || sleeps > grace/2 {
		return nil
	}
	return &Explanation{
		Broke: c.slowest.Pod + " took " + inWords(took) + " to stop, where " + inWords(c.within) + " are allowed for the whole recovery.",
		Why:   "The process did not end when it was told to, and was killed when its grace period of " + inWords(grace) + " was over.",
		Mend:  "A process that ends by itself at SIGTERM would have been gone before.",
		Kind:  "sigterm",
	}
}

// slowPhase explains a recovery by the phase that took most of it.
func (c *circumstances) slowPhase() *Explanation {
	worst := slowest(c.recoveries)
	if worst == nil {
		return nil
	}
	longest, ok := worst.Phases.longest()
	total := worst.length()
	if !ok || 2**longest.Seconds < total {
		return nil
	}
	e := &Explanation{
		Broke: sentence("the recovery from the loss of " + worst.Victim.Name + " took " + worst.took()),
		Why:   sentence(seconds(*longest.Seconds) + " of it (" + wholePercent(*longest.Seconds/total) + ") were spent until " + longest.Waits),
	}
	rest := secondsOf(total - *longest.Seconds)
	if longest.Owner == "application" && worst.Total != nil && !worst.Censored && c.within > rest {
		e.Mend = "An application that is ready within " + inWords(c.within-rest) + " of the start of its containers would have met the bound of " + inWords(c.within) + ": all else took " + inWords(rest) + "."
		e.Kind = "start"
	}
	return e
}
