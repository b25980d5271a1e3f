package library

import "slices"

// trial is an experiment of the library, and the weakness that it is there to find.
type trial struct {
	experiment string
	// weakness is the overlay of the shop that has it.
	weakness string
	// finds is the kind of the expectation that is to fail there.
	finds string
	// mend is the kind of the mend that the report is to name for it; empty where the record cannot tell.
	mend string
	// set are values of the experiment that are smaller here than in the library, so that the test takes less time, and
	// bounds that tell of this machine.
	set []string
	// rate of the load in place of the usual one, for weaknesses that show in what is in flight.
	rate string
	// alone keeps all others away: what is done to a node is done to the pods of everybody.
	alone bool
	// intrusive has an agent change the network of a pod, which not every namespace lets it.
	intrusive bool
}

// trials are in the order in which they are begun, the longest first.
func trials() []trial {
	return slices.Concat(onNodes(), underRush(), configuration(), rollout(), scaling(), loadBalancing(), selfHealing())
}

// usualRate is enough to see the failures that last.
const usualRate = "25/s"

// inFlight is a rate at which requests are in flight at any time.
const inFlight = "50/s"

// finer is a bound that such a rate can show.
const finer = "expect.availability.atLeast=99.5%"

func onNodes() []trial {
	return []trial{
		{experiment: "node-drain", weakness: "strict-spread", finds: "recovery", alone: true,
			set: []string{"duration=40s", "expect.recovery.within=35s", "expect.replicas.within=3m"}},
		{experiment: "node-taint", weakness: "strict-spread", finds: "replicas", alone: true, set: []string{"duration=40s", "expect.replicas.within=35s"}},
		{experiment: "zone-outage", weakness: "one-zone", finds: "replicas", mend: "spread", alone: true,
			set: []string{"duration=25s", "expect.availability.atLeast=90%", "expect.replicas.within=3m"}},
	}
}

// underRush are those that take the whole machine.
func underRush() []trial {
	const rush = "faults.rush.loadSurge.rate=200/s" // as much as two processors bear beside the cluster
	return []trial{
		{experiment: "load-surge", weakness: "few-workers", finds: "availability", alone: true, set: []string{rush}},
		{experiment: "autoscaler-stuck", weakness: "few-workers", finds: "availability", alone: true, set: []string{rush}},
	}
}

func configuration() []trial {
	return []trial{
		// As long as kubelets take to show a change to all pods.
		{experiment: "config-live", weakness: "crash-on-bad-config", finds: "replicas", set: []string{"duration=100s"}},
		{experiment: "config-broken-pod-loss", weakness: "unchecked-catalogue", finds: "availability"},
		{experiment: "secret-empty", weakness: "unchecked-catalogue", finds: "availability", set: []string{"duration=10s"}},
		{experiment: "config-truncated", weakness: "unchecked-catalogue", finds: "availability", set: []string{"duration=10s"}},
		{experiment: "config-wrong-type", weakness: "unchecked-catalogue", finds: "availability", set: []string{"duration=10s"}},
		{experiment: "config-key-missing", weakness: "unchecked-catalogue", finds: "availability", set: []string{"duration=10s"}},
		{experiment: "config-empty", weakness: "unchecked-catalogue", finds: "availability", set: []string{"duration=10s"}},
		{experiment: "config-corrupt", weakness: "unchecked-catalogue", finds: "availability", set: []string{"duration=10s"}},
	}
}

func rollout() []trial {
	// That nothing answers at the address of the registry is known at once; that there is no domain of its name takes longer.
	const nowhere = "faults.cannot-be-pulled.badImage.image=127.0.0.1:9/chaosctl/no-such-image:v0"
	return []trial{
		{experiment: "rollout-restart", weakness: "no-readiness", finds: "availability", mend: "readiness", set: []string{"duration=35s"}},
		{experiment: "rollout-paused", weakness: "greedy-rollout", finds: "replicas", set: []string{"duration=30s"}},
		{experiment: "rollout-pod-loss", weakness: "greedy-rollout", finds: "replicas", set: []string{"duration=25s"}},
		{experiment: "rollout-no-room", weakness: "greedy-rollout", finds: "replicas", set: []string{"duration=15s"}},
		{experiment: "admission-down", weakness: "greedy-rollout", finds: "replicas", set: []string{"duration=18s"}},
		{experiment: "bad-image", weakness: "greedy-rollout", finds: "replicas", set: []string{"duration=10s", nowhere}},
		{experiment: "bad-readiness", weakness: "greedy-rollout", finds: "replicas", set: []string{"duration=10s"}},
		{experiment: "bad-command", weakness: "greedy-rollout", finds: "replicas", set: []string{"duration=10s"}},
		{experiment: "bad-resources", weakness: "greedy-rollout", finds: "replicas", set: []string{"duration=10s"}},
	}
}

func scaling() []trial {
	return []trial{
		{experiment: "quota-exhausted", weakness: "tight-quota", finds: "replicas", set: []string{"duration=52s"}},
		{experiment: "scale-flap", weakness: "no-readiness", finds: "availability"},
		{experiment: "scale-out", weakness: "hpa-capped", finds: "replicas", set: []string{"duration=35s"}},
		{experiment: "scale-in", weakness: "ignore-sigterm", finds: "recovery", mend: "sigterm", set: []string{"duration=20s"}},
		{experiment: "scale-out-cold", weakness: "no-readiness", finds: "availability", mend: "readiness", rate: inFlight, set: []string{finer, "duration=15s"}},
	}
}

func loadBalancing() []trial {
	return []trial{
		{experiment: "graceful-termination", weakness: "cut-short", finds: "availability", mend: "preStop", rate: inFlight,
			set: []string{finer, "duration=30s", "faults.stop-one.repeat.times=2"}},
		{experiment: "spread-after-loss", weakness: "sticky-service", finds: "balance", rate: inFlight, set: []string{"duration=15s"}},
		{experiment: "new-endpoints", weakness: "sticky-service", finds: "balance", rate: inFlight, set: []string{"duration=30s"}},
		{experiment: "failing-endpoint", weakness: "no-readiness", finds: "availability", intrusive: true,
			set: []string{"faults.errors.httpFault.image=" + agentImage}},
		{experiment: "isolated-endpoint", weakness: "no-readiness", finds: "availability", intrusive: true,
			set: []string{"faults.cut-off.netPartition.image=" + agentImage}},
		{experiment: "dependency-down", weakness: "no-memory", finds: "availability"},
		{experiment: "dependency-slow", weakness: "no-memory", finds: "availability", intrusive: true,
			set: []string{"faults.late.httpFault.image=" + agentImage}},
		{experiment: "label-drift", weakness: "sticky-service", finds: "balance", rate: inFlight, set: []string{"duration=18s", "faults.drift.for=15s"}},
		{experiment: "unready-endpoints", weakness: "publish-not-ready", finds: "availability", mend: "publish", set: []string{"duration=12s"}},
		{experiment: "dependency-unreachable", weakness: "no-memory", finds: "availability"},
	}
}

func selfHealing() []trial {
	return []trial{
		{experiment: "repeated-loss", weakness: "slow-start", finds: "recovery", mend: "start", set: []string{"duration=27s"}},
		{experiment: "pod-evict", weakness: "no-budget", finds: "replicas", mend: "budget", set: []string{"duration=25s"}},
		{experiment: "pod-crash", weakness: "no-readiness", finds: "availability",
			set: []string{"duration=24s", "expect.replicas.within=3m", "faults.crash-one.containerKill.image=" + agentImage}},
		{experiment: "pod-kill", weakness: "no-readiness", finds: "availability", mend: "readiness", set: []string{"duration=12s", "expect.replicas.within=3m"}},
	}
}
