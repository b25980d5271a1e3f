package mutation

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/chaosctl/chaosctl/pkg/target"
)

// Mutation is one way of breaking a value, with its parameters.
type Mutation struct {
	Kind Kind
	// At is the path of the one value inside that is broken; where it is empty, the draw chooses one.
	At string
	// With takes the place of the value, for a kind that replaces it.
	With []byte
	Draw target.Draw
}

// Value is what is to be broken.
type Value struct {
	Original []byte
	// Text says that the value can hold nothing else.
	Text bool
	// Room is how many bytes the value may have.
	Room int
}

// Broken is what has become of a value.
type Broken struct {
	// Dropped says that nothing is left of it, not even its key.
	Dropped bool
	Value   []byte
	// Path is that of the value inside that was broken. It tells something of the value.
	Path string
}

// NotApplicable says why a mutation cannot be made of a value.
type NotApplicable struct {
	// Reason tells nothing of the value.
	Reason string
	// Paths are those of the values inside. They tell something of the value.
	Paths []string
}

func (e *NotApplicable) Error() string { return e.Reason }

func notApplicable(format string, args ...any) error {
	return &NotApplicable{Reason: fmt.Sprintf(format, args...)}
}

// Of breaks a value. Its errors are of type [NotApplicable].
func (m Mutation) Of(v Value) (Broken, error) {
	if m.Kind == Drop {
		return Broken{Dropped: true}, nil
	}
	broken, err := m.apply(v)
	switch {
	case err != nil:
		return Broken{}, err
	case bytes.Equal(broken.Value, v.Original):
		return Broken{}, notApplicable("that would leave the value as it is")
	case v.Text && !utf8.Valid(broken.Value):
		return Broken{}, notApplicable("what would take the value's place is no text, and only text can stand there")
	case len(broken.Value) > max(v.Room, len(v.Original)):
		return Broken{}, notApplicable("the object would be larger than Kubernetes lets it be")
	}
	return broken, nil
}

func (m Mutation) apply(v Value) (Broken, error) {
	switch m.Kind {
	case Empty:
		return Broken{}, nil
	case Truncate:
		return Broken{Value: truncated(v)}, nil
	case Flip:
		return m.inside(v.Original, flipped)
	case WrongType:
		return m.inside(v.Original, mistyped)
	case WrongCredential:
		return m.credential(v.Original)
	case Oversize:
		return oversized(v)
	case Stale, Given:
		return Broken{Value: m.With}, nil
	}
	return Broken{Value: garbage(m.Draw)}, nil
}

// garbage is neither JSON, YAML, TOML, properties nor a number; the draw makes it differ from run to run.
func garbage(draw target.Draw) []byte {
	return fmt.Appendf(nil, "\x01}{ : [corrupted by chaosctl %x\n\t- %%&", draw.Seed)
}

// truncated is the first half. A character is not cut in two where only text can stand.
func truncated(v Value) []byte {
	half := v.Original[:len(v.Original)/2]
	if v.Text {
		return []byte(strings.ToValidUTF8(string(half), ""))
	}
	return bytes.Clone(half)
}

// largestRequest is how long a value may be in JSON. An API server takes requests of 3 MiB, in which characters stand
// escaped.
const largestRequest = 2 << 20

// leeway is what an oversized value leaves for other keys of the object: other faults and other people may write them
// meanwhile, and what they have written must be let back in by the undo.
const leeway = 4 << 10

// oversized repeats the value as long as there is room. One whose characters are long in JSON is filled up instead.
func oversized(v Value) (Broken, error) {
	room := v.Room - leeway
	if room <= len(v.Original) {
		return Broken{}, notApplicable("the object is as large as it may be already")
	}
	fill := v.Original
	if len(fill) == 0 || encodedLength(fill)*(room/len(fill)+1) > largestRequest {
		fill = []byte("x")
	}
	grown := bytes.Clone(v.Original)
	grown = append(grown, bytes.Repeat(fill, room/len(fill))...)[:room]
	if v.Text {
		grown = []byte(strings.ToValidUTF8(string(grown), ""))
	}
	return Broken{Value: grown}, nil
}

func encodedLength(value []byte) int {
	text, err := json.Marshal(string(value))
	if err != nil {
		return largestRequest
	}
	return len(text)
}
