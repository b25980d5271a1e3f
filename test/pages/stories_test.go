package pages

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/load"
)

// hostile is what a name or a message can hold where somebody means harm, or has an unusual language.
const hostile = "--></title></style></svg><script>alert(1)</script><img src=http://192.0.2.1/x onerror=alert(1)>\"'`|[x](javascript:alert(1))\n\x1b[31m\u202egnp.exe مرحبا 😀 ]]>{{.}}"

// experiment is the document of one: its name, promise, description, what it targets, its faults and its expectations.
func experiment(name, promise, description, workload, faults, expect string) string {
	return fmt.Sprintf(`apiVersion: chaosctl.dev/v1alpha1
kind: Experiment
metadata: {name: %s, description: %q}
spec:
  promise: %s
  target: {namespace: shop, workload: %s}
  load:
  - {name: browse, http: {service: web, podHeader: X-Pod}, rate: 100/s, connections: both}
  probes:
  - {name: catalogue-answers, http: {url: "http://catalogue/"}, interval: 1s}
  steady: {for: 10s}
  faults: [%s]
  duration: 15s
  recovery: {timeout: 1m, stableFor: 2s}
  expect: [%s]
  abortIf:
  - availability: {of: browse, below: 50%%, over: 5s}
`, name, description, promise, workload, faults, expect)
}

const (
	killOne = "{name: kill-one, podKill: {count: 1}}"
	usual   = "availability: {of: browse, atLeast: 99.5%}}, {outage: {of: browse, longest: 500ms}}, {latency: {of: browse, p99: 500ms}}, {recovery: {within: 20s}}, {replicas: {atLeast: all, within: 20s}"
)

// stories are runs of every kind, by the name of their directory.
var stories = map[string]func(*testing.T, string){
	"20261123-132004-web-survives-pod-kill-a1b2": func(t *testing.T, dir string) { passed(t, dir, 1) },
	"20261123-132104-single-replica-kill-c3d4":   failed,
	"20261123-132204-zone-outage-e5f6":           aborted,
	"20261123-132304-config-garbage-g7h8":        unknown,
	"20261123-132404-bad-image-j9k0":             killed,
	"20261123-132504-node-drain-l1m2":            drained,
	"20261123-132604-not-steady-n3p4":            unsteady,
}

// passed loses one of three replicas, and a few requests with it. Slower stretches its recovery.
func passed(t *testing.T, dir string, slower float64) {
	t.Helper()
	r := record(t, dir, experiment("web-survives-pod-kill", "self-healing", "One of three replicas is killed; clients must not notice.", "deployment/web", killOne, "{"+usual+"}"))
	victim, replacement := podName(1), podName(2)
	object := podObject(victim, "node2")
	r.add(0.002, event.Planned{TargetPods: 3, ReadyPods: 3, Changes: []event.PlannedChange{{
		ID: "kill-one/1", Fault: "kill-one", Object: object, Verb: "delete", What: "delete the pod with its grace period of 30 s", Undo: "its controller replaces it",
	}}})
	for i, node := range []string{"node1", "node3"} {
		r.steadyPod(podName(3+i), node)
	}
	r.steadyPod(victim, "node2")
	r.scaled(victim, replacement)
	r.checks(25, 11)
	r.change(10.01, event.ChangeUpdated{ID: "kill-one/1/delete-" + victim, Fault: "kill-one", Verb: "delete", Object: object},
		event.ChangeIntended, event.ChangeSent, event.ChangeApplied, event.ChangeProved)
	r.replaced(victim, "node2", replacement, "node3", 10.014, 2.7*slower)
	r.load("browse", 100, 27, 0.0034*slower, []string{podName(3), podName(4), replacement}, loss{10.02, 10.06, 1, load.Refused})
	r.windows(10, 25, 27)
	r.end(27, event.RunEnded{})
}

// windows are the three phases.
func (r *recording) windows(fault, recovery, end float64) {
	r.phase(event.Steady, 0.01, fault)
	r.phase(event.Fault, fault, recovery)
	r.phase(event.Recovery, recovery, end)
}

// checks are those of a probe, one a second, that fails once.
func (r *recording) checks(seconds, failing int) {
	for i := range seconds {
		c := event.ProbeChecked{Name: "catalogue-answers", OK: i != failing, Seconds: 0.004}
		if !c.OK {
			c.Message = "GET http://catalogue/: connection refused"
		}
		r.add(float64(i)+0.5, c)
	}
}

// failed loses the only replica.
func failed(t *testing.T, dir string) {
	t.Helper()
	r := record(t, dir, experiment("single-replica-kill", "self-healing", "", "deployment/cart", killOne, "{"+usual+"}"))
	victim, replacement := podName(11), podName(12)
	r.add(0.002, event.Planned{TargetPods: 1, ReadyPods: 1})
	r.add(0.003, event.TargetConfigured{Replicas: 1, GracePeriod: 30, Containers: []event.ContainerConfigured{{Name: "cart", Readiness: true}}})
	r.steadyPod(victim, "node1")
	r.change(10.01, event.ChangeUpdated{ID: "kill-one/1/delete-" + victim, Fault: "kill-one", Verb: "delete", Object: podObject(victim, "node1")},
		event.ChangeIntended, event.ChangeSent, event.ChangeApplied, event.ChangeProved)
	r.replaced(victim, "node1", replacement, "node2", 10.014, 3.1)
	r.checks(25, 11)
	r.load("browse", 100, 27, 0.0021, []string{victim, replacement},
		loss{10.02, 13.22, 1, load.Refused}, loss{13.3, 13.9, 0.2, load.ServerError}, loss{14.2, 14.4, 0.5, load.Timeout}, loss{16, 16.2, 0.5, load.Reset})
	r.windows(10, 25, 27)
	r.end(27, event.RunEnded{})
}

// aborted is stopped by its own guard, and cannot put everything back.
func aborted(t *testing.T, dir string) {
	t.Helper()
	r := record(t, dir, experiment("zone-outage", "self-healing", "A zone is lost.", "deployment/web", "{name: cordon, nodeCordon: {count: 3}}", "{"+usual+"}"))
	r.add(0.002, event.Planned{TargetPods: 3, ReadyPods: 3})
	for i := range 3 {
		r.steadyPod(podName(i), fmt.Sprintf("node%d", i+1))
	}
	for i := range 3 {
		c := event.ChangeUpdated{
			ID: fmt.Sprintf("cordon/%d", i+1), Fault: "cordon", Verb: "patch", Message: "spec.unschedulable holds our value",
			Object: event.Object{Kind: "Node", Name: fmt.Sprintf("node%d", i+1), UID: fmt.Sprintf("n%d", i+1)},
		}
		r.change(10.1+0.05*float64(i), c, event.ChangeIntended, event.ChangeSent, event.ChangeApplied, event.ChangeProved)
		if i < 2 {
			r.change(15.2+0.1*float64(i), c, event.ChangeUndone)
			continue
		}
		c.Message = "the server did not answer; run: kubectl uncordon node3"
		r.change(16.2, c, event.ChangeStuck)
	}
	r.load("browse", 100, 17, 0.003, []string{podName(0), podName(1), podName(2)}, loss{10.3, 15.1, 0.8, load.Timeout})
	r.phase(event.Steady, 0.01, 10)
	r.add(10, event.PhaseStarted{Phase: event.Fault})
	r.add(15.1, event.PhaseEnded{Phase: event.Fault, Reason: "abortIf[0] came true"})
	r.end(17, event.RunEnded{Outcome: event.Aborted, Reason: "availability of browse was 48.2% over 5s; the run aborts below 50%", Condition: event.AbortPath(0)})
}

// unknown has a fault that was not seen to happen and a load that could not keep its rate.
func unknown(t *testing.T, dir string) {
	t.Helper()
	r := record(t, dir, experiment("config-garbage", "configuration", "A configuration that cannot be parsed is rolled out.", "deployment/web",
		"{name: corrupt, configCorrupt: {configMap: settings, key: settings.json, mutation: garbage}}", "{availability: {of: browse, atLeast: 99.99%}}"))
	object := event.Object{Kind: "ConfigMap", Namespace: "shop", Name: "settings", UID: "c0ffee"}
	r.add(0.002, event.Planned{TargetPods: 2, ReadyPods: 2, Changes: []event.PlannedChange{{
		ID: "corrupt/1", Fault: "corrupt", Object: object, Verb: "patch", What: "put garbage in the key settings.json", Undo: "patch the key back to its prior value", Reversible: true,
	}}})
	r.steadyPod(podName(1), "node1")
	r.steadyPod(podName(2), "node2")
	c := event.ChangeUpdated{ID: "corrupt/1", Fault: "corrupt", Verb: "patch", Object: object, Message: "no replica was seen to read the new value within 10 s"}
	c.Config = &event.ConfigChange{Keys: []event.ConfigKey{{Key: "data[settings.json]", Before: new(158), After: new(79), Lines: []string{
		"@ line 4", `   "mode": "open",`, `   "products": [`, `     {"name": "Teapot", "price": 1900},`, `-    {"name": "Kettle", "price": 4900}`, "-  ]", "-}", `+    {"name": "Ket`,
		"+" + strings.Repeat("one long line ", 12) + "…",
	}}, {Key: "data.password", Before: new(12), After: new(12), Withheld: "it may hold a credential"}}}
	r.change(10.02, c, event.ChangeIntended)
	c.Config = nil
	r.change(10.024, c, event.ChangeSent, event.ChangeApplied, event.ChangeUnproved)
	r.change(25.01, c, event.ChangeUndone)
	for i := range 26 {
		lost := i > 11 && i < 15
		c := event.ProbeChecked{Name: "catalogue-answers", OK: !lost, Unknown: lost, Seconds: 0.003}
		if lost {
			c.Message = "the connection to where the probe runs was lost"
		}
		r.add(float64(i)+0.5, c)
	}
	r.load("browse", 60, 27, 0.002, []string{podName(1), podName(2)})
	r.add(3, event.Noted{Level: "warning", Message: "the generator is behind: 40 requests in flight, its bound"})
	r.add(4, event.WatchInterrupted{Resource: "pods", Reason: "the server closed it: too old resource version"})
	r.windows(10, 25, 27)
	for id := range r.streams {
		r.add(27, event.StreamEnded{ID: id, Starved: true})
	}
	r.end(27, event.RunEnded{})
}

// killed was killed in its fault window: its log has no end, and its samples are torn.
func killed(t *testing.T, dir string) {
	t.Helper()
	r := record(t, dir, experiment("bad-image", "rollout", "", "statefulset/db", "{name: image, badImage: {}}", "{"+usual+"}"))
	r.add(0.002, event.Planned{TargetPods: 3, ReadyPods: 3})
	r.steadyPod("db-0", "node1")
	r.phase(event.Steady, 0.01, 10)
	r.add(10, event.PhaseStarted{Phase: event.Fault})
	r.change(10.01, event.ChangeUpdated{ID: "image/1", Fault: "image", Verb: "patch", Object: event.Object{Kind: "StatefulSet", Namespace: "shop", Name: "db", UID: "d"}},
		event.ChangeIntended, event.ChangeSent, event.ChangeApplied)
	r.add(12.4, event.Noted{Level: "info", Message: "1 of 3 pods is on its way"})
	r.load("browse", 100, 12.5, 0.002, []string{"db-0"})
	r.write(true)
}

// drained evicts nine pods, held up by a budget.
func drained(t *testing.T, dir string) {
	t.Helper()
	r := record(t, dir, experiment("node-drain", "self-healing", "A node is drained, within the budget of the workload.", "deployment/web", "{name: drain, nodeDrain: {count: 1}}", "{"+usual+"}"))
	r.add(0.002, event.Planned{TargetPods: 12, ReadyPods: 12})
	for i := range 3 {
		r.steadyPod(podName(40+i), "node1")
	}
	for i := range 9 {
		r.steadyPod(podName(i), "node2")
	}
	for i := range 9 {
		when := 10.2 + 1.5*float64(i)
		c := event.ChangeUpdated{ID: fmt.Sprintf("drain/%d", i), Fault: "drain", Verb: "evict", Object: podObject(podName(i), "node2")}
		if i > 0 {
			blocked := c
			blocked.Message = "the budget web allows no disruption"
			r.change(when-1.3, blocked, event.ChangeIntended, event.ChangeBlocked)
		}
		r.change(when, c, event.ChangeSent, event.ChangeApplied, event.ChangeProved)
		r.replaced(podName(i), "node2", podName(20+i), fmt.Sprintf("node%d", 1+i%2*2), when+0.004, 1+0.13*float64(i%4))
	}
	pods := []string{podName(40), podName(41), podName(42)}
	for i := range 9 {
		pods = append(pods, podName(20+i))
	}
	r.checks(27, 14)
	r.load("browse", 100, 30, 0.0022, pods, loss{12.5, 12.9, 0.05, load.EOF}, loss{19.1, 19.4, 0.04, load.EOF})
	r.windows(10, 27, 30)
	r.end(30, event.RunEnded{})
}

// unsteady was over before any fault.
func unsteady(t *testing.T, dir string) {
	t.Helper()
	r := record(t, dir, experiment("not-steady", "scaling", "", "deployment/web", killOne, "{"+usual+"}"))
	r.add(0.002, event.Planned{TargetPods: 3, ReadyPods: 1})
	r.add(0.01, event.PhaseStarted{Phase: event.Steady})
	r.add(10, event.PhaseEnded{Phase: event.Steady, Reason: "1 of 3 pods are ready"})
	r.end(10, event.RunEnded{Outcome: event.NotSteady, Reason: "the system was not steady before the fault: 1 of 3 pods are ready"})
}

// attacked has hostile names and messages wherever a run takes down what others say. Endless ones are among them.
func attacked(t *testing.T, dir string) {
	t.Helper()
	long := strings.Repeat(hostile, 2000)
	r := record(t, dir, experiment("attacked", "self-healing", strings.NewReplacer("\n", " ", "\x1b", "", "\u202e", "").Replace(hostile), "deployment/web", killOne, "{"+usual+"}"))
	r.add(0.002, event.Planned{TargetPods: 2, ReadyPods: 2, Changes: []event.PlannedChange{
		{ID: "kill-one/1", Fault: hostile, Object: event.Object{Kind: hostile, Namespace: hostile, Name: long, UID: hostile, Node: hostile, Owner: hostile}, Verb: hostile, What: long, Undo: long},
	}})
	for i, name := range []string{hostile, strings.Repeat("x", 5000), "مرحبا", long} {
		r.steadyPod(name, hostile)
		c := event.ChangeUpdated{ID: fmt.Sprintf("kill-one/1/%d%s", i, name), Fault: hostile, Verb: hostile, Message: name, Object: event.Object{Kind: hostile, Namespace: hostile, Name: name, UID: "uid-" + name, Node: name, Owner: name}}
		c.Config = &event.ConfigChange{Keys: []event.ConfigKey{{Key: name, Before: new(1), After: new(2), Lines: []string{"-" + name, "+" + name, "@" + name, name}, Cut: 5}, {Key: name, Withheld: name}}, More: 6}
		r.change(10+float64(i), c, event.ChangeIntended, event.ChangeSent, event.ChangeApplied, event.ChangeProved, event.ChangeStuck)
		r.replaced(name, hostile, name+"2", strings.Repeat("node", 200), 10.01+float64(i), 2)
		r.add(11, event.Noted{Level: hostile, Message: name})
		r.add(12, event.ProbeChecked{Name: name, Message: name})
		r.add(13, event.Happened{Kind: hostile, Name: name, UID: "u", Warning: i == 0, Reason: name, Message: name})
		r.add(13, event.ScalerObserved{Name: name, UID: name, Min: 1, Max: 9, Current: i, Desired: 2, Limited: hostile})
		r.add(14, event.ScalerObserved{Name: name, UID: name, Min: 1, Max: 9, Current: 9, Desired: 3, Limited: name})
	}
	r.load("browse", 100, 27, 0.002, []string{hostile, long}, loss{12, 13, 1, load.Cause(hostile)})
	r.windows(10, 25, 27)
	r.end(27, event.RunEnded{Outcome: event.Failed, Reason: long})
}

// crowded is a run so large that a page cannot show all of it.
func crowded(t *testing.T, dir string) {
	t.Helper()
	r := record(t, dir, experiment("pod-kill", "self-healing", "", "deployment/web", "{name: kill-all, podKill: {count: all}}", "{"+usual+"}"))
	planned := event.Planned{TargetPods: 1000, ReadyPods: 1000}
	for i := range 1000 {
		name := fmt.Sprintf("web-%04d-%s", i, strings.Repeat("a", 200))
		planned.Changes = append(planned.Changes, event.PlannedChange{ID: "kill-all/" + name, Fault: "kill-all", Object: podObject(name, "node1"), Verb: "delete", What: "delete the pod", Undo: "its controller replaces it"})
		r.steadyPod(name, "node1")
		r.change(10+0.01*float64(i), event.ChangeUpdated{ID: "kill-all/" + name, Fault: "kill-all", Verb: "delete", Object: podObject(name, "node1"), Message: strings.Repeat("<&\"'", 100)},
			event.ChangeIntended, event.ChangeSent, event.ChangeApplied, event.ChangeProved)
		r.replaced(name, "node1", name+"-new", "node2", 10.01+0.01*float64(i), 2)
		r.add(11, event.Noted{Level: "warning", Message: name})
	}
	r.add(0.002, planned)
	r.load("browse", 100, 27, 0.002, []string{"web-1", "web-2"}, loss{12, 13, 1, load.Refused}, loss{15, 16, 1, load.Refused})
	r.windows(10, 25, 27)
	r.end(27, event.RunEnded{})
}
