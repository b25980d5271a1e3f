package report

import (
	"fmt"
	"time"

	"github.com/chaosctl/chaosctl/pkg/event"
)

// samples are runs of every outcome, by name.
func samples() map[string]*Model {
	return map[string]*Model{
		"pass": passingKill(), "fail": failingKill(), "unknown": unknownRun(), "aborted": abortedRun(),
		"drain": drainRun(), "long": longRun(), "empty": {}, "killed": killedRun(),
	}
}

// passingKill loses one of three replicas, and a few requests with it.
func passingKill() *Model {
	s := newSample("web-survives-pod-kill", "self-healing", "shop/deployment/web", 10, 15, 10)
	s.Experiment.Description = "One of three replicas is killed without grace; clients must not notice."
	s.Plan.TargetPods, s.Plan.ReadyPods = 3, 3
	s.load("browse", "reuse", 100, 0.1, 0.0021, "eof", loss{10.02, 10.03, 0.1})
	s.load("browse", "fresh", 100, 0.1, 0.0034, "refused", loss{10.02, 10.055, 1})
	s.recovery("web-7d9f8b6c5-x2k4p", "web-7d9f8b6c5-9qz7m", "node2", "node3", 10.01, Phases{
		Detect: sec(0.006), Create: sec(0.018), Schedule: sec(0.004), Prepare: sec(0.61), Start: sec(0.22), Ready: sec(1.84), Publish: sec(0.031), Serve: sec(0.012), Stabilise: sec(0.4),
	})
	s.steadyPod("web-7d9f8b6c5-bv8rt", "node1")
	s.steadyPod("web-7d9f8b6c5-lw5hd", "node3")
	s.change("kill-one/0", "kill-one", "delete", pod("web-7d9f8b6c5-x2k4p", "node2"), 10.01, "none")
	s.expect("availability of browse", "availability", Pass, "99.94 %", "≥ 99.9 %", "0.03 %", "run", "5 of 7,000 requests failed; the evidence against the bound is 0.4 of 1,000")
	s.expect("longest outage of browse", "outage", Pass, "35 ms", "≤ 500 ms", "10 ms", "run", "one outage, of fresh connections, between two successes 45 ms apart")
	s.expect("recovery", "recovery", Pass, "3.14 s", "≤ 20 s", "4 ms", "run", "the only victim was replaced by web-7d9f8b6c5-9qz7m")
	s.Reasons = []string{"all 3 expectations held", "the fault took effect: the UID of web-7d9f8b6c5-x2k4p is gone"}
	s.Probes = []ProbeResult{{Name: "ready replicas", Checks: 35, Failures: 3, LastMessage: "object.status.readyReplicas >= 3 was false: 2"}}
	s.ProbeLanes = []ProbeLane{{Name: "ready replicas", Segments: []ProbeSegment{
		{"held", at(0.4), at(10.4), 10, ""}, {"failed", at(10.4), at(13.4), 3, s.Probes[0].LastMessage}, {"held", at(13.4), at(34.9), 22, ""},
	}}}
	s.Notes = []Note{{at(0.1), "info", "the watch delay is 4 ms (p95 of 20 patches)"}}
	return s.Model
}

// failingKill loses the only replica.
func failingKill() *Model {
	s := newSample("single-replica-kill", "self-healing", "shop/deployment/cart", 10, 15, 10)
	s.Plan.TargetPods, s.Plan.ReadyPods = 1, 1
	s.load("cart", "reuse", 100, 0.1, 0.0021, "refused", loss{10.02, 13.22, 1}, loss{13.3, 13.9, 0.2})
	s.load("cart", "fresh", 100, 0.1, 0.0034, "refused", loss{10.02, 13.24, 1})
	s.Streams[0].FailuresByCause = map[string]uint64{"refused": 288, "reset": 21, "timeout": 8, "5xx": 12}
	s.recovery("cart-6c5d4b7f98-hh2tz", "cart-6c5d4b7f98-p9w4c", "node1", "node2", 10.01, Phases{
		Detect: sec(0.005), Create: sec(0.022), Schedule: sec(0.003), Prepare: sec(0.55), Start: sec(0.31), Ready: sec(2.26), Publish: sec(0.04), Serve: sec(0.03), Stabilise: sec(0.9),
	})
	s.change("kill/0", "kill", "delete", pod("cart-6c5d4b7f98-hh2tz", "node1"), 10.01, "none")
	s.expect("availability of cart", "availability", Fail, "90.6 %", "≥ 99.9 %", "0.03 %", "run", "654 of 7,000 requests failed, where 7 were allowed")
	s.expect("longest outage of cart", "outage", Fail, "3.22 s", "≤ 500 ms", "10 ms", "run", "no request that began between 10.02 s and 13.24 s succeeded")
	s.expect("recovery", "recovery", Pass, "4.12 s", "≤ 20 s", "4 ms", "run", "the only victim was replaced")
	s.Verdict, s.ExitCode = Fail, 1
	s.Attribution = &AttributionResult{Failures: 654, Exact: 33, Classes: []FailureClass{
		{Class: "no-endpoint", Words: "without a ready endpoint to go to", Failures: 621, Pods: []FailurePod{
			{Failures: 621, ByCause: map[string]uint64{"refused": 621}, First: wall(10.02), Last: wall(13.24)},
		}},
		{Class: "in-flight", Words: "in flight when the process that had them stopped or died", Failures: 33, Exact: 33, Pods: []FailurePod{
			{Pod: "cart-6c5d4b7f98-hh2tz", UID: "v", Phase: "ready", Failures: 33, Exact: 33, ByCause: map[string]uint64{"reset": 21, "timeout": 12}, First: wall(10), Last: wall(10.1)},
		}},
	}}
	s.Explanation = &Explanation{
		Broke: "621 of 654 failed requests (94 %) were without a ready endpoint to go to, as the state of the pods suggests.",
		Why:   "No pod was ready in the Service for 3.22 s: the workload has one replica, and that was lost.",
		Mend:  "A second replica, which stays while the first is replaced, would have avoided 621 of 654 failed requests (94 %).",
		Kind:  "replicas", Avoided: 621,
	}
	s.Reasons = []string{"availability of cart was 90.6 %, where at least 99.9 % is promised", "the longest outage of cart was 3.22 s, where 500 ms are allowed"}
	return s.Model
}

// unknownRun has a generator that could not keep its rate, and a fault that was not seen to happen.
func unknownRun() *Model {
	s := newSample("config-garbage", "configuration", "shop/deployment/web", 5, 10, 5)
	stream := s.load("browse", "reuse", 200, 0.1, 0.002, "")
	stream.Achieved, stream.Starved = 131.4, true
	object := event.Object{Kind: "ConfigMap", Namespace: "shop", Name: "settings", UID: "c0ffee"}
	c := s.change("corrupt/0", "corrupt", "patch", object, 5.02, "undone")
	c.Proof, c.Message, c.UndoneAt = "unproved", "no replica was seen to read the new value within 10 s", wall(15.01)
	s.Plan.Changes[0].Undo, s.Plan.Changes[0].Reversible = "patch the key back to its prior value", true
	s.Marks = append(s.Marks, Mark{at(15.01), "undo", "settings is put back", "settings"})
	s.steadyPod("web-7d9f8b6c5-bv8rt", "node1")
	s.expect("availability of browse", "availability", Unknown, "100 %", "≥ 99.99 %", "0.08 %", "run", "4,000 requests without a failure support no more than 99.92 %")
	s.Verdict, s.ExitCode = Unknown, 2
	s.Reasons = []string{"the load was starved: 131/s of 200/s", "the effect of patch on shop/ConfigMap/settings was not observed"}
	s.Notes = []Note{{at(3), "warning", "the generator is behind: 40 requests in flight, its bound"}}
	return s.Model
}

// abortedRun is stopped by its own guard, and cannot put everything back.
func abortedRun() *Model {
	s := newSample("zone-outage", "self-healing", "shop/deployment/web", 10, 6, 0)
	s.load("browse", "fresh", 200, 0.1, 0.003, "timeout", loss{10.3, 14.8, 0.8})
	for i := range 3 {
		object := event.Object{Kind: "Node", Name: fmt.Sprintf("node%d", i+1), UID: fmt.Sprintf("n%d", i)}
		c := s.change(fmt.Sprintf("zone/%d", i), "zone", "patch", object, 10.1+float64(i)*0.05, "undone")
		c.Message, c.UndoneAt = "spec.unschedulable holds our value", wall(15.2+float64(i)*0.1)
	}
	s.Changes[2].Undo, s.Changes[2].UndoneAt = "stuck", time.Time{}
	s.Marks = append(s.Marks, Mark{at(15.1), "abort", "abortIf: availability below 50 % over 5 s", ""}, Mark{at(15.2), "undo", "node1 is put back", "node1"}, Mark{at(15.3), "undo", "node2 is put back", "node2"})
	s.expect("availability of browse", "availability", Fail, "77.5 %", "≥ 99.9 %", "0.1 %", "run", "the run was aborted")
	s.AbortIf = []AbortResult{
		{"availability of browse below 50% over 5s", "availability", Fail, "availability of browse was 48.2 % over 5s; the run aborts below 50%"},
		{"availability of search below 50% over 5s", "availability", Unknown, "no request of search was watched"},
	}
	s.Verdict, s.ExitCode, s.Undo = Aborted, 3, UndoIncomplete
	s.Reasons = []string{"abortIf: availability of browse was below 50 % for 5 s", "node3 could not be put back: the server did not answer"}
	s.Recoveries = []RecoveryResult{{Victim: PodRef{"web-1", "v1", "node1"}, FaultAt: wall(10.1), Censored: true, Reached: 5.9, Phases: Phases{Detect: sec(1.2), Create: sec(0.4), Schedule: sec(0.1)}}}
	return s.Model
}

// drainRun evicts nine pods, held up by a budget.
func drainRun() *Model {
	s := newSample("node-drain", "self-healing", "shop/deployment/web", 10, 30, 20)
	s.Plan.TargetPods, s.Plan.ReadyPods = 12, 12
	s.load("browse", "reuse", 250, 0.1, 0.0022, "eof", loss{12.5, 12.9, 0.05}, loss{19.1, 19.4, 0.04})
	s.load("browse", "fresh", 250, 0.1, 0.0038, "refused", loss{12.5, 13.1, 0.1}, loss{19.05, 19.11, 1})
	for i := range 9 {
		when := 10.2 + float64(i)*2.1
		name := fmt.Sprintf("web-7d9f8b6c5-v%c%d2t", 'a'+rune(i), i)
		c := s.change(fmt.Sprintf("drain/%d", i), "drain", "evict", pod(name, "node2"), when, "none")
		if i > 0 {
			c.BlockedSeconds = 1.9
			s.Marks = append(s.Marks, Mark{at(when - 1.9), "block", "budget web allows no disruption", ""})
		}
		s.recovery(name, fmt.Sprintf("web-7d9f8b6c5-r%c%d5z", 'k'+rune(i), i), "node2", fmt.Sprintf("node%d", 1+i%2*2), when, Phases{
			Detect: sec(0.004), Create: sec(0.02), Schedule: sec(0.005), Prepare: sec(0.5 + 0.1*float64(i)), Start: sec(0.2), Ready: sec(1 + 0.13*float64(i%4)), Publish: sec(0.03), Serve: sec(0.05), Stabilise: sec(0.3),
		})
	}
	for i := range 3 {
		s.steadyPod(fmt.Sprintf("web-7d9f8b6c5-s%d7ww", i), "node1")
	}
	s.expect("availability of browse", "availability", Pass, "99.91 %", "≥ 99.9 %", "0.01 %", "run", "27 of 30,000 requests failed")
	s.Reasons = []string{"all 1 expectations held"}
	return s.Model
}

// longRun is an hour, with one short outage in it.
func longRun() *Model {
	s := newSample("soak", "load-balancing", "shop/deployment/web", 600, 2400, 600)
	s.load("browse", "reuse", 500, 1, 0.002, "eof", loss{1500.2, 1500.3, 0.01})
	s.load("browse", "fresh", 500, 1, 0.003, "refused", loss{1500.1, 1503.3, 1})
	s.change("kill/0", "kill", "delete", pod("web-7d9f8b6c5-x2k4p", "node2"), 1500, "none")
	s.recovery("web-7d9f8b6c5-x2k4p", "web-7d9f8b6c5-9qz7m", "node2", "node3", 1500, Phases{
		Detect: sec(0.006), Create: sec(0.018), Schedule: sec(0.004), Prepare: sec(0.61), Start: sec(0.22), Ready: sec(2.3), Publish: sec(0.031), Serve: sec(0.012), Stabilise: sec(5.2),
	})
	s.expect("longest outage of browse", "outage", Pass, "3.20 s", "≤ 5 s", "2 ms", "run", "one outage")
	s.Reasons = []string{"all 1 expectations held"}
	return s.Model
}

// killedRun was killed in its fault window: its log has no end.
func killedRun() *Model {
	s := newSample("killed", "rollout", "shop/statefulset/db", 5, 3, 0)
	s.EndedAt, s.Verdict, s.Undo, s.ExitCode = time.Time{}, Unknown, UndoIncomplete, 3
	s.change("image/0", "image", "patch", event.Object{Kind: "StatefulSet", Namespace: "shop", Name: "db", UID: "d"}, 5.01, "pending")
	s.Reasons = []string{"the run was killed before its end"}
	return s.Model
}
