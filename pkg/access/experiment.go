package access

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/hold"
	"github.com/chaosctl/chaosctl/pkg/killswitch"
	"github.com/chaosctl/chaosctl/pkg/lock"
)

// Requester is implemented by the parameters of faults, of probes, and of expectations that read objects: it lists the requests that they send themselves, and
// that are sent for the changes that a fault plans.
type Requester interface {
	Needs(s Scope) []Need
}

// Scope is what parameters do not know themselves.
type Scope struct {
	Target experiment.Target
	Kinds  Kinds
}

// Kinds finds the resource of a kind as people write it: deployment, deployments, or with its group deployment.apps.
type Kinds interface {
	Resource(kind string) (resource schema.GroupResource, namespaced bool, err error)
}

// Of lists the requests of an experiment's run: first those of every run, then those of its faults, probes and expectations.
func Of(e *experiment.Experiment, kinds Kinds) []Need {
	scope := Scope{Target: e.Spec.Target, Kinds: kinds}
	needs := Needs("tell this cluster from others, by a UID", Object{Resource: "namespaces", Name: metav1.NamespaceSystem}, "get")
	needs = append(needs, ofTarget(scope.Target)...)
	needs = append(needs, OfSurroundings(scope.Target)...)
	needs = append(needs, ofClaim(&e.Spec)...)
	needs = append(needs, ofLoad(e)...)
	for _, f := range e.Spec.Faults {
		if r, ok := f.Params.(Requester); ok {
			needs = append(needs, r.Needs(scope)...)
		}
	}
	for _, p := range e.Spec.Probes {
		if r, ok := p.Params.(Requester); ok {
			needs = append(needs, r.Needs(scope)...)
		}
	}
	for _, x := range e.Spec.Expect {
		if r, ok := x.Params.(Requester); ok {
			needs = append(needs, r.Needs(scope)...)
		}
	}
	return needs
}

// ofTarget is what package timeline watches, and what a plan reads of the target before.
func ofTarget(t experiment.Target) []Need {
	in := func(group, resource string) Object {
		return Object{Group: group, Resource: resource, Namespace: t.Namespace}
	}
	// A namespace counts as lying in itself, so that a Role there can allow this.
	namespace := in("", "namespaces")
	namespace.Name = t.Namespace
	needs := Needs("see whether the namespace has opted out of faults", namespace, "get")
	needs = append(needs, Needs("follow the target's pods", in("", "pods"), "list", "watch")...)
	needs = append(needs, Needs("see when pods become endpoints, and cease to be", in("discovery.k8s.io", "endpointslices"), "list", "watch")...)
	needs = append(needs, Needs("follow the nodes", Object{Resource: "nodes"}, "list", "watch")...)
	kind, name := t.WorkloadKind()
	if kind == "" {
		return needs
	}
	workload := in("apps", kind+"s")
	workload.Name = name
	if kind == "job" {
		workload.Group = "batch"
	}
	needs = append(needs, Needs("follow the target", workload, "get", "list", "watch")...)
	if kind == "deployment" {
		needs = append(needs, Needs("follow the target's rollouts", in("apps", "replicasets"), "list", "watch")...)
	}
	return needs
}

// OfSurroundings is what a run tells of where it may. It is asked for by no check, since no verdict depends on it.
func OfSurroundings(t experiment.Target) []Need {
	needs := Needs("show Events of Kubernetes in the report", Object{Resource: "events", Namespace: t.Namespace}, "list", "watch")
	if kind, _ := t.WorkloadKind(); kind != "" {
		scalers := Object{Group: "autoscaling", Resource: "horizontalpodautoscalers", Namespace: t.Namespace}
		needs = append(needs, Needs("show in the report what scales the target", scalers, "list", "watch")...)
	}
	for i := range needs {
		needs[i].Maybe = true
	}
	return needs
}

// ofLoad is how the Service under load is found. The nodes, for node ports, are listed in any case.
func ofLoad(e *experiment.Experiment) []Need {
	var needs []Need
	for _, l := range e.Spec.Load {
		to := l.Destination()
		services := Object{Resource: "services", Namespace: e.Spec.Target.Namespace, Name: to.Service}
		switch {
		case to.Address != "":
		case to.Service != "":
			needs = append(needs, Needs("find where the Service answers", services, "get")...)
		default:
			needs = append(needs, Needs("find the Service that selects the target", services, "list")...)
		}
		for _, s := range to.Secrets() {
			if s.Secret == nil {
				continue
			}
			secret := Object{Resource: "secrets", Namespace: e.Spec.Target.Namespace, Name: s.Secret.Name}
			needs = append(needs, Needs("read by what the server lets the load in", secret, "get")...)
		}
	}
	return needs
}

// ofClaim is what package claim does: the lock on the target, the journal, the kill switch.
func ofClaim(s *experiment.Spec) []Need {
	scope := lock.ScopeOf(s.Target)
	lease := Object{Group: "coordination.k8s.io", Resource: "leases", Namespace: scope.Namespace, Name: scope.Name}
	journal := Object{Resource: "secrets", Namespace: s.JournalNamespace(), Name: scope.JournalName()}
	stop := Object{Resource: "configmaps", Namespace: killswitch.Namespace, Name: killswitch.Name}
	needs := Needs("keep other runs off the target", lease, "get", "update", "delete")
	needs = append(needs, Needs("measure how late watches are", lease, "watch")...)
	needs = append(needs, Needs("record what will be changed, and how to undo it", journal, "get", "patch", "delete")...)
	// Roles cannot limit what is created to a name.
	lease.Name, journal.Name = "", ""
	needs = append(needs, Needs("keep other runs off the target", lease, "create")...)
	needs = append(needs, Needs("record what will be changed, and how to undo it", journal, "create")...)
	return append(needs, Needs("heed the kill switch", stop, "get", "watch")...)
}

// OfDeadMan is what a run needs beside its own to have a dead man's Job.
func OfDeadMan(e *experiment.Experiment) []Need {
	jobs := Object{Group: "batch", Resource: "jobs", Namespace: e.Spec.Target.Namespace}
	return Needs("make the dead man's Job, see it run, and remove it", jobs, "create", "get", "delete")
}

// OfHold is what a game day needs beside the needs of an experiment of its that waits for a person's go.
func OfHold(gameDay string, e *experiment.Experiment) []Need {
	scope := lock.ScopeOf(e.Spec.Target)
	lease := Object{Group: "coordination.k8s.io", Resource: "leases", Namespace: scope.Namespace, Name: hold.Name(gameDay, e.Metadata.Name, scope)}
	const why = "wait for a person's go"
	needs := Needs(why, lease, "get", "update", "delete")
	lease.Name = "" // roles cannot limit what is created to a name
	return append(needs, Needs(why, lease, "create")...)
}

// OfNotify is what a game day needs to tell others of an experiment of its.
func OfNotify(day *experiment.GameDay, e *experiment.Experiment) []Need {
	var needs []Need
	for _, n := range day.Receivers() {
		if n.Event != nil {
			events := Object{Group: "events.k8s.io", Resource: "events", Namespace: e.Spec.Target.Namespace}
			needs = append(needs, Needs("tell of the experiment by Events on its target", events, "create")...)
		}
		for _, v := range n.Hidden() {
			if s := v.Secret; s != nil {
				needs = append(needs, Needs("tell others how the game day goes", Object{Resource: "secrets", Namespace: s.Namespace, Name: s.Name}, "get")...)
			}
		}
	}
	return needs
}

// OfElection is what replicas need beside their runs' needs to elect a leader by a Lease, which remembers what was run last.
func OfElection(namespace, name string) []Need {
	lease := Object{Group: "coordination.k8s.io", Resource: "leases", Namespace: namespace, Name: name}
	const why = "elect one of several replicas, and remember what it has run"
	needs := Needs(why, lease, "get", "update")
	lease.Name = "" // roles cannot limit what is created to a name
	return append(needs, Needs(why, lease, "create")...)
}
