// Package point names the points at which a process may die, and makes one die there: at a request that changes
// something, counted from 1.
package point

import (
	"fmt"
	"slices"
)

// Point is one of them. The zero value is nowhere.
type Point struct {
	// Request is the number of the request among those of the process that change something.
	Request int
	When    When
}

// When is how far the request has come.
type When string

// The stages of a request.
const (
	// BeforeSend: nothing of it has left the process.
	BeforeSend When = "before-send"
	// InFlight: it was written, and nobody waits for what the server does.
	InFlight When = "in-flight"
	// AfterSend: the server has handled it, and the reply is lost.
	AfterSend When = "after-send"
	// AfterReply: the reply was read to its end.
	AfterReply When = "after-reply"
	// Late: a proxy holds it back, and delivers it when all is over.
	Late When = "late"
)

// Whens lists them in the order of time.
var Whens = []When{BeforeSend, InFlight, AfterSend, AfterReply, Late}

// String is what Parse reads: 3-after-send.
func (p Point) String() string {
	if p.Request == 0 {
		return ""
	}
	return fmt.Sprintf("%d-%s", p.Request, p.When)
}

// Delayed is a request that a proxy holds back.
type Delayed struct {
	Method, URI, ContentType string
	Body                     []byte
}

// Parse reads a point; that of an empty text is nowhere.
func Parse(text string) (Point, error) {
	var p Point
	if text == "" {
		return p, nil
	}
	if _, err := fmt.Sscanf(text, "%d-%s", &p.Request, &p.When); err != nil || p.Request < 1 || !slices.Contains(Whens, p.When) {
		return p, fmt.Errorf("%q is no point: expected one such as 3-%s", text, AfterSend)
	}
	return p, nil
}
