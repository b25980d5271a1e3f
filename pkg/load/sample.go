package load

import (
	"time"

	"github.com/chaosctl/chaosctl/pkg/event"
)

// Sample is the record of one request. Instants are offsets from the base of the run's clock.
type Sample struct {
	// Stream is the number of the stream that sent the request.
	Stream int
	// Due is when the request should have been sent; Start is when it was; End is when the whole answer had been read,
	// or the failure was seen.
	Due, Start, End event.Instant
	// Status is the HTTP status; 0 where no header of an answer was received, and where nothing but a connection was asked for.
	Status int
	// Cause says why the request failed; empty for a success.
	Cause Cause
	// Pod is the name in the answer's identity header; empty without one.
	Pod string
	// Peer is the other end of the connection of a request that failed, and whose answer names no pod.
	Peer Peer
}

// OK says whether the request succeeded: a status of 2xx or 3xx, and the whole body read, or what the stream expects of answers
// in place of that. A redirect is an answer and is not followed.
func (s Sample) OK() bool { return s.Cause == None }

// Response is the time from when the request was due to its end. It holds the time that a request waited because those
// before it were slow, and so is free of coordinated omission. Judge by this one.
func (s Sample) Response() time.Duration { return s.End.Sub(s.Due) }

// Service is the time from when the request was sent to its end: what the server and the network took.
func (s Sample) Service() time.Duration { return s.End.Sub(s.Start) }

// Late is how long after it was due the request was sent.
func (s Sample) Late() time.Duration { return s.Start.Sub(s.Due) }
