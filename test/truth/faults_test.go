package truth

import "github.com/chaosctl/chaosctl/test/internal/shop"

// fault is a column of the table. All cells of a column are the same experiment.
type fault struct {
	// name is that of the column, and yaml the entry of spec.faults. NODE stands for the node that has the most pods of the
	// target, and ZONE for its zone.
	name, yaml string
	// target is the workload; the frontend unless it is given.
	target string
	// duration is that of the fault window; 8s unless it is given.
	duration string
	// lasts is how long the fault is there; as long as the window unless it is given.
	lasts string
	// availability, outage, recovery and replicas are the bounds of the expectations of that name, where they differ from
	// the usual ones.
	availability, outage, recovery, replicas string
	// expect are more expectations.
	expect string
	// live says that pods see the fault in their files, which kubelets bring up to date when they look at a pod: once in a
	// minute, or when it changes.
	live bool
	// nodes says that the fault is done to nodes, so that the shop must have some for itself.
	nodes bool
}

// The bounds of every experiment that asks for nothing else. A busy machine is to stay within them, and no weakness is.
const (
	// usualAvailability allows three failures of the 650 requests or so that a cell makes, which are as many as it takes to tell.
	usualAvailability = "99.5%"
	usualOutage       = "1s"
	// usualRecovery is less than a slow start takes, which is 20 s.
	usualRecovery = "18s"
	// usualReplicas are two of three, and one of one.
	usualReplicas = "{atLeast: 67%}"
)

// faults are the columns, in the order of the table, which is that in which they are done to a shop.
func faults() []fault {
	return []fault{
		{name: "kill", yaml: "podKill: {count: 1}"},
		{name: "evict", yaml: "podEvict: {count: 67%, timeout: 20s}"},
		// The process serves on until its readiness probe has failed; whoever closes the port at once loses more, but not that much.
		{name: "crash", yaml: "containerKill: {count: 1, image: '" + shop.AgentImage + "'}", duration: "16s", availability: "90%", outage: "2s"},
		{name: "rollout", yaml: "rolloutRestart: {}", recovery: "30s"},
		// The undo scales in, which takes as long as pods take to stop: 3 s, and 15 s where they have to be killed.
		{name: "scale", yaml: "scale: {by: 2}", duration: "14s", recovery: "12s", replicas: "{atLeast: all, more: 2, within: 12s, during: fault}"},
		{name: "drift", yaml: "endpointRemove: {count: 1, orphan: true}", duration: "12s", recovery: "30s", expect: "balance: {of: browse, maxSkew: 60%, during: fault}"},
		{name: "dependency", yaml: "serviceSelector: {}", target: "deployment/catalogue", lasts: "6s"},
		{name: "config", yaml: "configCorrupt: {configMap: catalogue-config, key: catalogue.json, mutation: garbage}", target: "deployment/catalogue", live: true},
		{name: "password", yaml: "configCorrupt: {secret: catalogue-password, key: password, mutation: wrongCredential}", live: true},
		{name: "image", yaml: "badImage: {image: '127.0.0.1:9/chaosctl/no-such-image:v0'}"},
		// So long that what fits nowhere meanwhile is not back in time.
		{name: "drain", yaml: "nodeDrain: {nodes: [NODE], timeout: 20s}", nodes: true, duration: "22s"},
		// Two of three pods go at once and without notice, and nodes take a moment to learn of that.
		{name: "zone", yaml: "zoneOutage: {zone: ZONE}", nodes: true, duration: "22s", availability: "90%", outage: "3s", replicas: "{atLeast: 30%}"},
	}
}
