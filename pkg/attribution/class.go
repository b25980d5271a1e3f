package attribution

// Class is what became of a failed request.
type Class string

// The classes. Each failure has one.
const (
	// Stale was sent to a pod after that was told to stop.
	Stale Class = "stale"
	// InFlight was cut when the process that had it stopped or died.
	InFlight Class = "in-flight"
	// Starting was sent to a pod that did not serve yet, or whose container was not up again.
	Starting Class = "starting"
	// NotReady was sent to a pod that had been ready since its start, and was not any more.
	NotReady Class = "not-ready"
	// NodeLost was sent to a pod on a node that was not ready.
	NodeLost Class = "node-lost"
	// NoEndpoint found no pod that was ready in the Service.
	NoEndpoint Class = "no-endpoint"
	// Faulted was sent to a pod while a fault acted on it.
	Faulted Class = "faulted"
	// Rejected was answered by a pod in good health, with what is a failure.
	Rejected Class = "rejected"
	// Unanswered was cut off, or not answered in time, by a pod in good health.
	Unanswered Class = "unanswered"
	// Unresolved found no address for the name.
	Unresolved Class = "dns"
	// Insecure is a handshake that failed.
	Insecure Class = "tls"
	// Client failed on the machine that sent it.
	Client Class = "client"
	// Unknown is all that the record does not tell.
	Unknown Class = "unknown"
)

// Classes lists the classes in the order in which a table should show them.
func Classes() []Class {
	return []Class{Stale, InFlight, Starting, NotReady, NodeLost, NoEndpoint, Faulted, Rejected, Unanswered, Unresolved, Insecure, Client, Unknown}
}

// Words say what became of the requests of a class.
func (c Class) Words() string {
	switch c {
	case Stale:
		return "sent to a pod after it was told to stop"
	case InFlight:
		return "in flight when the process that had them stopped or died"
	case Starting:
		return "sent to a pod that did not serve yet"
	case NotReady:
		return "sent to a pod that was not ready any more"
	case NodeLost:
		return "sent to a pod on a node that was not ready"
	case NoEndpoint:
		return "without a ready endpoint to go to"
	case Faulted:
		return "sent to a pod while a fault acted on it"
	case Rejected:
		return "answered with a failure by a pod in good health"
	case Unanswered:
		return "cut off, or not answered in time, by a pod in good health"
	case Unresolved:
		return "without an address, since the name was not resolved"
	case Insecure:
		return "ended by a TLS handshake that failed"
	case Client:
		return "lost on the machine that sent them"
	}
	return "not explained by what was recorded"
}

// trouble says that the class tells of a pod that could not be expected to answer.
func (c Class) trouble() bool {
	switch c {
	case Stale, InFlight, Starting, NotReady, NodeLost, Faulted:
		return true
	}
	return false
}

// Phase is where in its life a pod was when a request was sent to it.
type Phase string

// The phases.
const (
	// Down is a pod whose containers do not run, yet or again.
	Down Phase = "container not up"
	// Unready is one whose containers run, and that is not ready.
	Unready Phase = "not ready"
	// Unproven is ready, and had not answered any request with success since it was started.
	Unproven Phase = "ready, had not served"
	// Serving is ready, and has served.
	Serving Phase = "ready"
	// Terminating was told to stop.
	Terminating Phase = "terminating"
	// Gone is not there any more.
	Gone Phase = "gone"
)

// Evidence is how the pod of a request is known.
type Evidence string

// The kinds of evidence. All but the last make a class exact.
const (
	// Named is an answer that names its pod.
	Named Evidence = "answer"
	// Addressed is a request that went to a pod's own address.
	Addressed Evidence = "address"
	// Kept is a connection on which the pod had answered before.
	Kept Evidence = "connection"
	// Certain is a failure that no pod has a part in.
	Certain Evidence = "no pod"
	// Inferred is a conclusion from what state the pods were in.
	Inferred Evidence = "inferred"
)
