package report

import (
	"math"

	"github.com/chaosctl/chaosctl/pkg/attribution"
)

// limits lists what a run does not show, so that nobody reads more out of it than is in it.
func limits(m *Model) []string {
	var out []string
	add := func(s string) { out = append(out, unbroken(s)) }
	if m.EndedAt.IsZero() {
		add("The end of the run was not recorded: it was killed, or its log was cut. What came after the last event is not known.")
	}
	if m.Windows.Fault == nil {
		add("The fault never began, so the run says nothing about the promise.")
	} else if m.Windows.Recovery == nil {
		add("There was no recovery window: what happened after the fault was not measured.")
	}
	if len(m.Streams) == 0 {
		add("No load was sent: what clients would have seen was not measured.")
	}
	for _, s := range m.Streams[:min(len(m.Streams), 12)] {
		streamLimits(s, add)
	}
	if len(m.Streams) > 0 && onlyReused(m.Streams) {
		add("Every stream reused its connections, which can hide what new clients meet: a kept connection never asks the load balancer again. Connections: both would show it.")
	}
	attributionLimits(m.Attribution, add)
	for _, c := range m.Changes {
		if c.Proof == "unproved" {
			add("The effect of " + c.Verb + " on " + objectName(c.Object) + " was not observed, so the fault may not have happened.")
		}
	}
	recoveryLimits(m.Recoveries, add)
	if len(m.Recoveries) > 0 && m.WatchDelay == nil {
		add("How late the watches were was not measured before the fault, so the resolution of the recovery times is not known.")
	}
	for _, e := range m.Expectations {
		if e.Verdict == Unknown {
			add("The expectation " + e.Name + " was not judged: " + e.Why)
		}
	}
	for _, p := range m.Probes {
		if p.Unknown > 0 {
			add("Probe " + p.Name + " could not measure in " + count(p.Unknown) + " of " + plural(p.Checks, "check") + ".")
		}
		if p.Failures > 0 && !p.Judged {
			add("Probe " + p.Name + " did not hold in " + count(p.Failures) + " of " + plural(p.Checks, "check") + ", and the verdict does not depend on it: no expectation is about it.")
		}
	}
	return out
}

func streamLimits(s StreamResult, add func(string)) {
	name := s.Label()
	if s.Starved || (s.Asked > 0 && s.Achieved > 0 && s.Achieved < 0.95*s.Asked) {
		add("The load of " + name + " was starved: " + rate(s.Achieved) + " of " + rate(s.Asked) + " asked. Its figures describe the generator as much as the service.")
	}
	switch {
	case s.Requests == 0:
		add("No request of " + name + " was measured.")
		return
	case s.Failures == 0:
		add(plural(s.Requests, "request") + " of " + name + " without a failure support an availability of no more than " + percent(math.Max(0, 1-3/float64(s.Requests))) + ".")
	}
	if s.Achieved > 0 {
		add("Outages of " + name + " shorter than about " + seconds(max(s.Spacing, 1/s.Achieved)) + ", the distance between its requests, cannot be seen.")
	}
	if beyond := math.Floor(float64(s.Requests-min(s.Failures, s.Requests)) / 1000); s.Latency != nil && beyond < 10 {
		add("The p99.9 of " + name + " rests on " + slowestRequests(beyond) + ": read it as little more than the slowest.")
	}
	for _, o := range s.Outages {
		if o.Open {
			add("The last outage of " + name + " had not ended when the run did: it lasted at least " + seconds(o.Duration) + ".")
		}
	}
}

func attributionLimits(a *AttributionResult, add func(string)) {
	if a == nil {
		return
	}
	unknown := uint64(0)
	for _, c := range a.Classes {
		if c.Class == string(attribution.Unknown) {
			unknown = c.Failures
		}
	}
	if inferred := a.Failures - min(a.Failures, a.Exact+unknown); inferred > 0 {
		add("What became of " + count(inferred) + " of " + plural(a.Failures, "failed request") + " is inferred from the state of the pods at the time: nothing named the pod that each of them was sent to.")
	}
	if unknown > 0 {
		add("What became of " + count(unknown) + " of " + plural(a.Failures, "failed request") + " is not known.")
	}
}

func slowestRequests(n float64) string {
	if n < 1 {
		return "less than one request"
	}
	return plural(int(n), "request")
}

func onlyReused(streams []StreamResult) bool {
	for _, s := range streams {
		if s.Connections != "reuse" {
			return false
		}
	}
	return true
}

func recoveryLimits(all []RecoveryResult, add func(string)) {
	censored, inferred, unmatched := 0, 0, 0
	for _, r := range all {
		if r.Censored || r.Total == nil {
			censored++
		}
		if r.Inferred {
			inferred++
		}
		if r.Replacement == nil {
			unmatched++
		}
	}
	if censored > 0 {
		add(plural(censored, "recovery time") + " of " + count(len(all)) + " is a lower bound: events may have been missed, or the end was not seen.")
	}
	if inferred > 0 {
		add("In " + count(inferred) + " of " + count(len(all)) + " recoveries the first answer was not seen to come from the replacement itself: it is inferred from the endpoints, for answers carried no identity.")
	}
	if unmatched > 0 {
		add("For " + plural(unmatched, "victim") + " of " + count(len(all)) + " no replacement was seen.")
	}
}
