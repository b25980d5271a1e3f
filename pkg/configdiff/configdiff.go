package configdiff

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"unicode/utf8"

	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/inject"
)

// The bounds of what is told of one change.
const (
	mostKeys  = 50
	mostLines = 200
	mostBytes = 64 << 10
	// mostCompared is the size of a value, in bytes, above which only its size is told.
	mostCompared = 256 << 10
)

// Why a value is told by its size alone.
const (
	ofSecret   = "the values of a Secret are shown nowhere"
	credential = "it may hold a credential"
	notText    = "it is not text"
	tooLarge   = "it is too large to be compared"
	noRoom     = "there is too much of it"
)

// Of is what a change makes of a ConfigMap or a Secret; nil for a change of anything else. It must be asked before a journal has
// withheld the values.
func Of(c *inject.Change) *event.ConfigChange {
	if c.Object.Resource.Group != "" || c.Object.Kind != "ConfigMap" && c.Object.Kind != "Secret" {
		return nil
	}
	secret := c.Object.Kind == "Secret" || c.Object.Confidential()
	var keys []key
	switch {
	case c.Edit != nil:
		keys = edited(c.Edit, secret)
	case c.Withdraw != nil:
		keys = withdrawn(c.Withdraw, secret)
	}
	if len(keys) == 0 {
		return nil
	}
	told := &event.ConfigChange{More: max(0, len(keys)-mostKeys)}
	room := budget{lines: mostLines, bytes: mostBytes}
	for _, k := range keys[:min(len(keys), mostKeys)] {
		told.Keys = append(told.Keys, k.told(&room))
	}
	return told
}

// key is one of the keys of an object with its value before and after; nil is none.
type key struct {
	path          string
	before, after []byte
	// secret says that the object is a Secret, and credential that the value lets somebody in.
	secret, credential bool
}

func edited(e *inject.Edit, secret bool) []key {
	var keys []key
	for _, f := range e.Fields {
		if len(f.Path) != 2 || f.Path[0] != "data" && f.Path[0] != "binaryData" {
			continue
		}
		encoded := secret || f.Path[0] == "binaryData"
		keys = append(keys, key{path: f.PathString(), before: decoded(f.Original, encoded), after: decoded(f.Value, encoded), secret: secret, credential: e.Credential || telling(f.Path[1])})
	}
	return keys
}

// withdrawn are all keys of an object that is deleted as a whole.
func withdrawn(w *inject.Withdraw, secret bool) []key {
	var object struct{ Data, BinaryData map[string]json.RawMessage }
	if err := json.Unmarshal(w.Original, &object); err != nil {
		return nil // it is withheld
	}
	var keys []key
	add := func(in string, values map[string]json.RawMessage, encoded bool) {
		for _, name := range slices.Sorted(maps.Keys(values)) {
			path := inject.Field{Path: []string{in, name}}.PathString()
			keys = append(keys, key{path: path, before: decoded(values[name], encoded), secret: secret, credential: telling(name)})
		}
	}
	add("data", object.Data, secret)
	add("binaryData", object.BinaryData, true)
	return keys
}

// decoded is a value as it stands in the JSON of an object; nil where there is none.
func decoded(text json.RawMessage, base64 bool) []byte {
	if text == nil {
		return nil
	}
	if base64 {
		value := []byte{}
		_ = json.Unmarshal(text, &value) // the API server lets nothing else in
		return value
	}
	var value string
	_ = json.Unmarshal(text, &value)
	return []byte(value)
}

func (k key) told(room *budget) event.ConfigKey {
	told := event.ConfigKey{Key: k.path, Before: size(k.before), After: size(k.after), Withheld: k.withheld()}
	if told.Withheld == "" && room.lines <= 0 {
		told.Withheld = noRoom
	}
	if told.Withheld == "" {
		told.Lines, told.Cut = room.take(lines(string(k.before), string(k.after)))
	}
	return told
}

func size(value []byte) *int {
	if value == nil {
		return nil
	}
	n := len(value)
	return &n
}

// withheld says why a value is told by its size alone; nothing where it may be seen.
func (k key) withheld() string {
	switch {
	case k.secret:
		return ofSecret
	case k.credential || isPrivateKey(k.before) || isPrivateKey(k.after):
		return credential
	case !isText(k.before) || !isText(k.after):
		return notText
	case len(k.before) > mostCompared || len(k.after) > mostCompared:
		return tooLarge
	}
	return ""
}

func isText(value []byte) bool { return utf8.Valid(value) && !bytes.ContainsRune(value, 0) }

// budget is how much may still be told.
type budget struct{ lines, bytes int }

// take is the head of the lines, and how many are left out.
func (b *budget) take(all []string) (head []string, cut int) {
	for i, line := range all {
		if b.lines <= 0 || b.bytes < len(line) {
			b.lines = 0
			return all[:i], len(all) - i
		}
		b.lines--
		b.bytes -= len(line)
	}
	return all, 0
}
