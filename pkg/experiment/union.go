package experiment

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Member is the chosen member of a union keyed by name: for `podKill: {count: 1}`, Kind is podKill and Params is a
// pointer to the parameters' type, defaults and values filled in.
type Member struct {
	Kind   string
	Params any
}

// Catalogue holds the members that each union of the language may have.
type Catalogue struct {
	Faults       Kinds
	Probes       Kinds
	Expectations Kinds
	Aborts       Kinds
}

// Kinds maps the name of a union's member to a function that returns a new pointer to its parameters, set to defaults.
//
// The parameters are decoded by the json tags of their type. They are mostly a struct; a string or a type that reads
// itself from text makes a member such as `cel: "a == b"`. What the types say is held by the [Loader]:
//
//   - A field without omitempty or omitzero must be in the file, unless it has a default: one set by the function, or
//     one in its tag, as in `json:"timeout" default:"2s"`. Defaults other than the zero value do not go together with
//     omitempty, which would make a zero that was written come back as the default.
//   - A list that must be in the file must not be empty.
//   - `number:"allowed"` on a string lets a number be written without quotes, for ports.
//   - A type that implements [encoding.TextUnmarshaler] gets the text of a scalar, [Exemplar] says what it expects.
//   - A named string type that implements [Enumeration] has no other values.
//
// What the types cannot say is said by a [Checker].
type Kinds map[string]func() any

// Fault is one entry of spec.faults: when something is done, and what.
type Fault struct {
	// Name is used in the report; the kind, numbered where needed, unless told otherwise.
	Name string `json:"name,omitempty" form:"label-name"`
	// At is the offset from the start of the fault window.
	At Duration `json:"at,omitempty"`
	// For is how long the fault stays; without it, to the end of the fault window.
	For    *Duration `json:"for,omitempty" form:"positive"`
	Repeat *Repeat   `json:"repeat,omitempty"`
	// Targets says whether the fault keeps to the objects that the plan showed. Repetitions always choose anew, since
	// what they act on may not be there yet when the plan is made.
	Targets Targets `json:"targets" default:"fixed"`
	Member  `json:"-" union:"faults"`
}

// Targets says what happens when the world has moved between the plan and the injection.
type Targets string

// The ways of keeping to a plan.
const (
	// Fixed acts on those objects of the plan that are still there, and on no other.
	Fixed Targets = "fixed"
	// Follow chooses anew among what is there at the time of the injection, by the same seed.
	Follow Targets = "follow"
)

// Values lists the ways.
func (Targets) Values() []string { return []string{string(Fixed), string(Follow)} }

// Repeat injects a fault several times.
type Repeat struct {
	// Every is the time between two starts.
	Every Duration `json:"every" form:"positive"`
	// Times is the number of injections in all.
	Times int `json:"times" form:"one-or-more"`
}

// Probe is one entry of spec.probes: a condition checked at an interval.
type Probe struct {
	// Name is what the report calls the probe.
	Name string `json:"name" form:"label-name"`
	// Interval between two checks; 1s unless told otherwise.
	Interval Duration `json:"interval" default:"1s" form:"positive"`
	// Timeout of one check; 1s unless told otherwise.
	Timeout Duration `json:"timeout" default:"1s" form:"positive"`
	// Mode says when the probe is checked, and whether that asserts something by itself: watch, during the whole run, where
	// an expectation says what the checks must show; start, before the first fault, where each check must hold, or there is
	// no fault; end, once after the recovery, where it must hold, or the run fails; both, at the start and at the end.
	Mode   ProbeMode `json:"mode" default:"watch"`
	Member `json:"-" union:"probes"`
}

// Expectation is one entry of spec.expect.
type Expectation struct {
	Member `json:"-" union:"expectations"`
}

// AbortCondition is one entry of spec.abortIf.
type AbortCondition struct {
	Member `json:"-" union:"aborts"`
}

// MarshalJSON writes the fault as it is read.
func (f Fault) MarshalJSON() ([]byte, error) {
	type plain Fault
	return marshalUnion(plain(f), f.Member)
}

// MarshalJSON writes the probe as it is read.
func (p Probe) MarshalJSON() ([]byte, error) {
	type plain Probe
	return marshalUnion(plain(p), p.Member)
}

// MarshalJSON writes the expectation as it is read.
func (e Expectation) MarshalJSON() ([]byte, error) { return marshalUnion(struct{}{}, e.Member) }

// MarshalJSON writes the condition as it is read.
func (a AbortCondition) MarshalJSON() ([]byte, error) { return marshalUnion(struct{}{}, a.Member) }

// marshalUnion appends the member to the JSON object that common makes.
func marshalUnion(common any, m Member) ([]byte, error) {
	head, err := json.Marshal(common)
	if err != nil {
		return nil, err
	}
	params, err := json.Marshal(m.Params)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", m.Kind, err)
	}
	var out bytes.Buffer
	out.Write(bytes.TrimSuffix(head, []byte("}")))
	if len(head) > len("{}") {
		out.WriteByte(',')
	}
	fmt.Fprintf(&out, "%q:%s}", m.Kind, params)
	return out.Bytes(), nil
}
