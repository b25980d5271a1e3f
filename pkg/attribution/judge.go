package attribution

import (
	"net/http"

	"github.com/chaosctl/chaosctl/pkg/load"
)

// kind is what sort of failure a client saw.
type kind int

const (
	answered kind = iota // with a status or a content that is a failure
	cut                  // the connection was made, and broke off
	turned               // no connection could be made
	silent               // nothing came in time
	other
)

func kindOf(s load.Sample) kind {
	switch s.Cause {
	case load.ClientError, load.ServerError, load.Unexpected:
		return answered
	case load.Reset, load.EOF, load.TLS:
		return cut
	case load.Refused, load.Unreachable:
		return turned
	case load.Timeout:
		return silent
	}
	return other
}

// request is a failed one, with what of it decides.
type request struct {
	load.Sample
	kind kind
	// proven says that answers tell who gave them.
	proven bool
}

// judge says what became of a request that was sent to a pod. The last resort is that of a pod in good health.
func (h *History) judge(p *pod, r request) (Class, Phase) {
	phase := p.phase(r.Start, r.proven)
	if class, ok := h.trouble(p, r, phase); ok {
		return class, phase
	}
	switch r.kind {
	case answered:
		return Rejected, phase
	case other:
		return Unknown, phase
	}
	if r.Cause == load.TLS {
		return Insecure, phase
	}
	return Unanswered, phase
}

// trouble says for what reason a pod could not be expected to answer a request; false where there was none.
func (h *History) trouble(p *pod, r request, phase Phase) (Class, bool) {
	switch {
	case r.Start >= p.stop:
		return Stale, true
	case r.kind == answered && p.acted(r.Start, r.End):
		return Faulted, true
	case r.kind != answered && r.End >= p.stop:
		// A connection that is refused had not begun before.
		if r.kind == turned {
			return Stale, true
		}
		return InFlight, true
	}
	if d, died := p.dead(r.Start, r.End); died {
		if class, ok := ofDeath(d, r); ok {
			return class, true
		}
	}
	switch {
	case phase == Unready && p.wasReady(r.Start):
		return NotReady, true
	case phase == Down || phase == Unready:
		return Starting, true
	case r.kind != answered && p.acted(r.Start, r.End):
		return Faulted, true
	case r.kind != answered && h.lostNode(p, r.Start, r.End) && (!r.proven || p.served <= r.Start):
		return NodeLost, true
	case phase == Unproven:
		return Starting, true
	}
	return Unknown, false
}

// ofDeath says whether a death in place explains a failure. That it was seen late leaves a time in which it is likely for those
// whose connection was cut or refused, and not for the others.
func ofDeath(d death, r request) (Class, bool) {
	switch r.kind {
	case cut:
		if r.Start < d.seen && r.End >= d.from {
			return InFlight, true
		}
		return Starting, true
	case turned:
		return Starting, true
	case silent:
		if r.Start < d.seen && r.End >= d.seen {
			return InFlight, true
		}
		return Starting, r.Start >= d.seen
	case answered:
		return Starting, r.Start >= d.seen
	}
	return Unknown, false
}

// inference is what the pods tell of a request that may have been sent to any of them.
type inference struct {
	class Class
	phase Phase
	// pod is nil where it may have been several, or none.
	pod *pod
	// quiet says that no pod was in trouble.
	quiet bool
}

// infer says what became of a request of which nobody knows the pod, from those that it may have been sent to.
func (h *History) infer(s *stream, r request) inference {
	if r.kind == other {
		return inference{class: Unknown}
	}
	some, known := h.endpoints(s.service, r.Start)
	none := known && !some
	if none && r.kind != cut {
		return inference{class: NoEndpoint}
	}
	found, ok := h.suspects(s, r)
	switch {
	case ok:
		return found
	case none:
		return inference{class: NoEndpoint}
	case r.kind == answered && r.Status != http.StatusBadGateway && r.Status != http.StatusGatewayTimeout:
		return inference{class: Rejected, quiet: true}
	case r.Cause == load.TLS:
		return inference{class: Insecure, quiet: true}
	}
	return inference{class: Unknown, quiet: true}
}

// suspects are the pods in trouble that a request may have been sent to, as one where they agree, and unknown where they do not;
// false where there are none.
func (h *History) suspects(s *stream, r request) (found inference, ok bool) {
	several, young := false, false
	for p := range h.candidates(s, r.Start) {
		phase := p.phase(r.Start, r.proven)
		class, troubled := h.trouble(p, r, phase)
		switch {
		case troubled && r.kind == turned && (phase == Unready || phase == Unproven) && p.listens(r.Start):
		case !troubled:
			young = young || !r.proven && p.unproven(r.Start)
		case !ok:
			found, ok = inference{class: class, phase: phase, pod: p}, true
		case class != found.class:
			return inference{class: Unknown}, true
		default:
			several = true
			if phase != found.phase {
				found.phase = ""
			}
		}
	}
	switch {
	case several:
		found.pod = nil
	case !ok && young:
		// It may have been a pod that did not serve yet, which nobody can tell where answers do not name their pods.
		return inference{class: Unknown}, true
	}
	return found, ok
}

// known is the pod of a request, and how that is known.
func (h *History) known(s *stream, r load.Sample) (*pod, Evidence) {
	if r.Pod != "" {
		return h.named(r.Pod, r.End), Named
	}
	if r.Peer.Pod != "" && !s.shared {
		return h.named(r.Peer.Pod, r.Start), Kept
	}
	for _, address := range []string{r.Peer.Address, s.host} {
		if address == "" {
			continue
		}
		if p := h.addressed(address, r.End); p != nil {
			return p, Addressed
		}
	}
	return nil, Inferred
}

// serves is the pod that answered with success.
func (h *History) serves(s *stream, r load.Sample) *pod {
	switch {
	case r.Pod != "":
		return h.named(r.Pod, r.End)
	case s.host != "":
		return h.addressed(s.host, r.End)
	}
	return nil
}
