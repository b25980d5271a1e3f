package inject

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/command"
	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/experiment"
)

// Change is one thing that is done to one object: data, so that it can be shown, checked, recorded and undone by
// those who did not plan it. Exactly one of Delete, Evict, Edit, Create, Withdraw, Agent, Surge
// and Command is set.
type Change struct {
	// ID is unique within a run.
	ID    string `json:"id"`
	Fault string `json:"fault"`
	// Stage orders the changes of an injection: those of one stage are sent side by side, the next stage follows
	// when all of them are through.
	Stage  int     `json:"stage,omitempty"`
	Object Object  `json:"object"`
	Delete *Delete `json:"delete,omitempty"`
	Evict  *Evict  `json:"evict,omitempty"`
	Edit   *Edit   `json:"edit,omitempty"`
	Create *Create `json:"create,omitempty"`
	// Withdraw takes an object away as a whole.
	Withdraw *Withdraw `json:"withdraw,omitempty"`
	Agent    *Agent    `json:"agent,omitempty"`
	Surge    *Surge    `json:"surge,omitempty"`
	// Command is the one operation that is not the API server's.
	Command *Command `json:"command,omitempty"`
	// What says in words what is done.
	What string `json:"what"`
	// Removes are pods that the change takes away in consequence. Their number is sure; which ones is their controller's choice.
	Removes []types.UID `json:"removes,omitempty"`
	// UndoAfter names a change that must be undone before this one. Without it the newest is undone first.
	UndoAfter string `json:"undoAfter,omitempty"`
}

// Object is the thing changed. The UID fences every request: an object of the same name that came later is another. One that
// is yet to be created has none.
type Object struct {
	Resource  schema.GroupVersionResource `json:"resource"`
	Kind      string                      `json:"kind"`
	Namespace string                      `json:"namespace,omitempty"`
	Name      string                      `json:"name"`
	UID       types.UID                   `json:"uid"`
	Node      string                      `json:"node,omitempty"`
	Owner     string                      `json:"owner,omitempty"`
	Labels    map[string]string           `json:"labels,omitempty"`
}

// Delete removes a pod. It cannot be undone: what brings the pod back is its controller.
type Delete struct {
	// GracePeriodSeconds overrides the pod's own; nil leaves that.
	GracePeriodSeconds *int64 `json:"gracePeriodSeconds,omitempty"`
	// Held says that a finalizer keeps the pod: the effect is that it is on its way out and does not go.
	Held bool `json:"held,omitempty"`
}

// Evict asks for a pod's removal through the Eviction API, which heeds PodDisruptionBudgets. It cannot be undone.
type Evict struct {
	GracePeriodSeconds *int64 `json:"gracePeriodSeconds,omitempty"`
	// Timeout is how long a budget may block the eviction before it counts as failed.
	Timeout time.Duration `json:"timeout"`
}

// Edit sets fields of an object, and is undone field by field.
type Edit struct {
	Fields []Field `json:"fields"`
	// Subresource is by which the fields are written, and the marker with them: "status" for those of a status, of which nothing
	// is written otherwise. Its kind must let metadata be written by that too, as pods do. Empty is the object itself.
	Subresource string `json:"subresource,omitempty"`
	// Credential says that what the fields hold lets somebody in, and is to be shown to nobody, whatever object holds it.
	// Journals do not hold it.
	Credential bool `json:"-"`
}

// Create makes an object, and is undone by its deletion, under the UID that it then has. Somebody else's object of the same
// name is left alone.
type Create struct {
	// Manifest is the object as it is sent. Journals do not hold it: to undo the creation, its name is enough.
	Manifest json.RawMessage `json:"-"`
	// Until is a CEL condition over the object that must hold before the fault counts as in effect; at once where it is empty.
	Until string `json:"until,omitempty"`
	// Refused is what the API server must refuse to create, too, before the fault counts as in effect; nil where that is not its
	// effect. Journals do not hold it.
	Refused *Refused `json:"-"`
	// Cut are addresses that must not take connections any more before it counts as in effect; nil where that is not its effect.
	// Journals do not hold them.
	Cut *Cut `json:"-"`
	// Timeout is how long all of that may take; half a minute where it is zero.
	Timeout time.Duration `json:"timeout,omitempty"`
}

// Withdraw deletes an object, and is undone by creating it again: another object, which holds the same.
type Withdraw struct {
	// Original is the object, without what the API server says of it by itself; see [Bare]. It is nil where it is withheld (G18).
	Original json.RawMessage `json:"original,omitempty"`
}

// Refused is an object that is not let in. It is tried by a dry run, and never made.
type Refused struct {
	Resource schema.GroupVersionResource
	Kind     string
	Manifest json.RawMessage
	// By is a text in the refusal that tells it from those for other reasons.
	By string
}

// Cut is what is not to be reached any more. It is tried before the creation and after it.
type Cut struct {
	// Addresses are where pods listen that are to be cut off. They are tried from where chaosctl runs.
	Addresses []string
	// Inside says that it is tried from inside of pods instead, by those agents of the fault that look.
	Inside bool
}

// Surge is requests like those of the load that the object names. They are the engine's to send; nothing in the cluster changes.
type Surge struct {
	// Rate is how many there are beside those of the load.
	Rate experiment.Rate `json:"rate"`
}

// Command is programs that run on the machine of chaosctl, by absolute paths. That which takes the others back is empty where
// there is none.
type Command struct {
	Argv  []string `json:"argv"`
	Undo  []string `json:"undo,omitempty"`
	Proof []string `json:"proof,omitempty"`
	// Env are variables of their environment. Those whose value is not the experiment's are known by name alone (G18).
	Env []command.Variable `json:"env,omitempty"`
	// Directory is where they run, on the machine of this name.
	Directory string `json:"directory"`
	Host      string `json:"host"`
	// Timeout is how long each of them may take.
	Timeout time.Duration `json:"timeout"`
}

// InCluster says that the change is one of an object in the cluster.
func (c *Change) InCluster() bool { return c.Surge == nil && c.Command == nil }

// Verb names the operation.
func (c *Change) Verb() string {
	switch {
	case c.Delete != nil:
		return "delete"
	case c.Evict != nil:
		return "evict"
	case c.Create != nil:
		return "create"
	case c.Withdraw != nil:
		return "delete"
	case c.Agent != nil && c.Agent.Ends != "":
		return "restart container of"
	case c.Agent != nil:
		return "run agent in"
	case c.Surge != nil:
		return "load"
	case c.Command != nil:
		return "run"
	}
	return "patch"
}

// Removed are the pods that the change takes away.
func (c *Change) Removed() []types.UID {
	if c.Delete != nil || c.Evict != nil {
		return []types.UID{c.Object.UID}
	}
	return c.Removes
}

// Lasting says that what the change does stays, though there is something of it to clean up.
func (c *Change) Lasting() bool { return c.Agent != nil && c.Agent.Lasting != "" }

// Reversible says that the change can be undone (G13), or leaves something to clean up.
func (c *Change) Reversible() bool {
	return c.Edit != nil || c.Create != nil || c.Withdraw != nil || c.Agent != nil || c.Surge != nil || c.Command != nil && len(c.Command.Undo) > 0
}

// Fields are those that the change sets.
func (c *Change) Fields() []Field {
	if c.Edit == nil {
		return nil
	}
	return c.Edit.Fields
}

// Subresource is that by which the change is written; empty for the object itself.
func (c *Change) Subresource() string {
	if c.Edit == nil {
		return ""
	}
	return c.Edit.Subresource
}

// Undo says in words how the change is taken back.
func (c *Change) Undo() string {
	switch {
	case c.Create != nil:
		return "delete it"
	case c.Withdraw != nil:
		return "create it again with what it held; it gets another UID"
	case c.Lasting():
		return fmt.Sprintf("cannot be undone: %s; success is a verified recovery. The agent's ended container stays in the pod's list", c.Agent.Lasting)
	case c.Agent != nil:
		return fmt.Sprintf("stop the agent, which ends by itself after %s; its ended container stays in the pod's list", c.Agent.For)
	case c.Surge != nil:
		return "end it"
	case c.Command != nil && len(c.Command.Undo) > 0:
		return "run " + command.Shell(c.Command.Undo)
	case c.Command != nil:
		return "cannot be undone: the experiment names no command for that"
	case c.Edit == nil:
		return "cannot be undone; success is a verified recovery"
	}
	var steps []string
	for _, f := range c.Edit.Fields {
		step := "restore " + f.PathString()
		if f.Original == nil {
			step = "remove " + f.PathString()
		}
		if f.Yields {
			step += ", unless somebody has written it since"
		}
		steps = append(steps, step)
	}
	return strings.Join(steps, ", ")
}

// Confidential says that the object's values must not be written anywhere but into the cluster's own Secrets (G18).
func (o Object) Confidential() bool {
	return o.Resource.GroupResource() == secrets.GroupResource()
}

// Key tells objects apart, those that are yet to be created too.
func (o Object) Key() string {
	if o.UID != "" {
		return string(o.UID)
	}
	return o.Resource.GroupResource().String() + " " + o.Namespace + "/" + o.Name
}

// Event is the object as the log names it.
func (o Object) Event() event.Object {
	return event.Object{Kind: o.Kind, Namespace: o.Namespace, Name: o.Name, UID: string(o.UID), Node: o.Node, Owner: o.Owner}
}

var (
	pods           = corev1.SchemeGroupVersion.WithResource("pods")
	nodes          = corev1.SchemeGroupVersion.WithResource("nodes")
	services       = corev1.SchemeGroupVersion.WithResource("services")
	configMaps     = corev1.SchemeGroupVersion.WithResource("configmaps")
	secrets        = corev1.SchemeGroupVersion.WithResource("secrets")
	autoscalers    = autoscalingv2.SchemeGroupVersion.WithResource("horizontalpodautoscalers")
	leases         = coordinationv1.SchemeGroupVersion.WithResource("leases")
	resourceQuotas = corev1.SchemeGroupVersion.WithResource("resourcequotas")
)

func podObject(pod *cluster.Pod) Object {
	o := Object{Resource: pods, Kind: "Pod", Namespace: pod.Namespace, Name: pod.Name, UID: pod.UID, Node: pod.Node, Labels: pod.Labels}
	if c := metav1.GetControllerOf(pod); c != nil {
		o.Owner = c.Kind + "/" + c.Name
	}
	return o
}

// createdName is the name of something that a fault creates for the target: the same in each plan of an injection, and another
// for each injection and target.
func createdName(s Scope, what string) string {
	return "chaosctl-" + what + "-" + drawn(s)
}

// drawn is the part of a name that tells it from those of other injections and targets.
func drawn(s Scope) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d\n%s\n%s", s.Draw.Seed, s.Draw.Label, s.Workload))
	return hex.EncodeToString(sum[:4])
}

// mustJSON encodes values of our own making, which cannot fail.
func mustJSON(v any) json.RawMessage {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return text
}
