package inject

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	utiljson "k8s.io/apimachinery/pkg/util/json"
)

// Field is one field of an edit. A nil value means that the field is absent, unless its digest is given: then the value
// is kept elsewhere, or was never known to the reader.
type Field struct {
	// Path leads to the field from the object's root; elements are keys, not escaped, or choose from a list: see [Element].
	Path     []string        `json:"path"`
	Original json.RawMessage `json:"original,omitempty"`
	Value    json.RawMessage `json:"value,omitempty"`
	// Yields says that the field is for others to write at any time, as the holder of a Lease is. Its original is what it holds
	// when the change is sent, which the object's marker has. Whoever writes it afterwards owns it: that is an expected
	// end, neither drift nor a divergence. Only what still holds the value is restored.
	Yields bool `json:"yields,omitempty"`
	// OriginalDigest and ValueDigest stand in for values that are withheld; see [Digest].
	OriginalDigest string `json:"originalDigest,omitempty"`
	ValueDigest    string `json:"valueDigest,omitempty"`
}

// PathString writes the path as people read it: data[catalogue.json], spec.unschedulable.
func (f Field) PathString() string {
	var b strings.Builder
	for i, p := range f.Path {
		switch {
		case isElement(p):
			b.WriteString(strings.Replace(p, "[=", "[", 1))
		case strings.ContainsAny(p, "./"):
			fmt.Fprintf(&b, "[%s]", p)
		case i == 0:
			b.WriteString(p)
		default:
			b.WriteString("." + p)
		}
	}
	return b.String()
}

// InlineOriginal is the greatest original, in bytes of JSON, that the marker on an object holds itself. All annotations of
// an object together may have 256 KiB; a greater original is in the run's Secret alone, and the marker holds its digest.
const InlineOriginal = 16 << 10

// Element is the element of a path that chooses, from a list of objects, the one whose field of that name has this value:
// the container of a name. Its place in the list may change meanwhile. More are pairs of a field and its value that must match
// too: what tells a taint from others is its key and its effect. At the end of a path it stands for the whole object: a
// value that is not in the list is added to it, and one that is absent afterwards is removed. Without a field it chooses from
// a list of texts: a finalizer.
func Element(field, value string, more ...string) string {
	text := field + "=" + value
	for i := 0; i+1 < len(more); i += 2 {
		text += "," + more[i] + "=" + more[i+1]
	}
	return "[" + text + "]"
}

// Condition is what the element of a list must meet to be the one that is meant.
type Condition struct{ Field, Value string }

func isElement(p string) bool { _, ok := ElementOf(p); return ok }

// ElementOf reads what [Element] wrote; it gives one condition at the least.
func ElementOf(p string) (all []Condition, ok bool) {
	if !strings.HasPrefix(p, "[") || !strings.HasSuffix(p, "]") {
		return nil, false
	}
	field, value, ok := strings.Cut(p[1:len(p)-1], "=")
	if !ok || field == "" {
		return []Condition{{"", value}}, ok
	}
	for _, more := range strings.Split(value, ",") {
		name, of, pair := strings.Cut(more, "=")
		switch last := len(all) - 1; {
		case last < 0:
			all = append(all, Condition{field, more})
		case pair:
			all = append(all, Condition{name, of})
		default: // a comma of the value's own
			all[last].Value += "," + more
		}
	}
	return all, true
}

// withheld stands in place of a digest, for values that may be short enough to be guessed by it. It is that of no value.
const withheld = "withheld"

// Withheld is the field without its values. What is left says whether there was one.
func (f Field) Withheld() Field {
	hidden := Field{Path: f.Path, Yields: f.Yields}
	if f.originalDigest() != "" {
		hidden.OriginalDigest = withheld
	}
	if f.WrittenDigest() != "" {
		hidden.ValueDigest = withheld
	}
	return hidden
}

// WithheldOriginal is the field without its original.
func (f Field) WithheldOriginal() Field {
	f.Original, f.OriginalDigest = nil, f.originalDigest()
	return f
}

// OriginalMissing says that the original is not at hand, so that it cannot be restored from this.
func (f Field) OriginalMissing() bool { return f.Original == nil && f.OriginalDigest != "" }

// WrittenDigest is that of what is written in place of the original; empty where the field is removed.
func (f Field) WrittenDigest() string {
	if f.Value == nil {
		return f.ValueDigest
	}
	return Digest(f.Value)
}

func (f Field) originalDigest() string {
	if f.Original == nil {
		return f.OriginalDigest
	}
	return Digest(f.Original)
}

// IsValue says whether a value that was found is the one that was written; found is false for an absent field.
func (f Field) IsValue(have any, found bool) bool { return digestOf(have, found) == f.WrittenDigest() }

// IsOriginal says whether it is the original.
func (f Field) IsOriginal(have any, found bool) bool {
	return digestOf(have, found) == f.originalDigest()
}

// Digest is the SHA-256 of a value in JSON, in hex: the same for all ways to write it. It is empty for nil and for what
// is no JSON.
func Digest(value json.RawMessage) string {
	if value == nil {
		return ""
	}
	decoded, err := DecodeValue(value)
	if err != nil {
		return ""
	}
	return digestOf(decoded, true)
}

func digestOf(value any, found bool) string {
	if !found {
		return ""
	}
	text, err := json.Marshal(value)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// DecodeValue reads a value as the API machinery does: whole numbers are int64.
func DecodeValue(text json.RawMessage) (any, error) {
	var holder map[string]any
	wrapped := bytes.Join([][]byte{[]byte(`{"v":`), text, []byte("}")}, nil)
	if err := utiljson.Unmarshal(wrapped, &holder); err != nil {
		return nil, err
	}
	return holder["v"], nil
}
