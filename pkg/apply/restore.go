package apply

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/chaosctl/chaosctl/pkg/inject"
)

// errOriginalMissing: the marker holds no more than the original's digest.
var errOriginalMissing = errors.New("its original is too large or too confidential for the object's annotations, and the run's Secret that holds it is gone or cannot be read")

// restore puts the originals back into an object that is marked, and unmarks it. It says whether that is to be written.
// Under a fence there is nothing of the change, so that what its fields hold is somebody else's.
func restore(object *unstructured.Unstructured, run string, c *inject.Change) (left remains, write bool, err error) {
	fence := isFence(object, run, c)
	fields := ownOriginals(object, run, c)
	marked, write := unmark(object, run, c)
	ours := marked && !fence
	left.unmarked = !ours
	for _, f := range fields {
		have, found, err := valueAt(object, f.Path)
		switch {
		case err != nil:
			return left, false, err
		case f.IsValue(have, found) && ours:
			if f.OriginalMissing() {
				return left, false, errOriginalMissing
			}
			if err := set(object, f.Path, f.Original); err != nil {
				return left, false, err
			}
		case f.Yields && !f.IsValue(have, found):
			left.yielded = append(left.yielded, f.PathString())
		case f.IsOriginal(have, found):
			left.setBack = append(left.setBack, f.PathString())
		default:
			left.diverged = append(left.diverged, divergence{field: f, theirs: have, found: found})
		}
	}
	return left, write, nil
}

// ownOriginals are the fields of a change, with the originals that the object's marker has of those that are for others to
// write: a plan, and hence the journal, may know an older one.
func ownOriginals(object *unstructured.Unstructured, run string, c *inject.Change) []inject.Field {
	fields := slices.Clone(c.Edit.Fields)
	marked, _ := markedFields(object, run, c)
	for i := range fields {
		f := &fields[i]
		at := slices.IndexFunc(marked, func(m markedField) bool { return slices.Equal(m.Path, f.Path) })
		if !f.Yields || at < 0 {
			continue
		}
		own := marked[at].field()
		if own.OriginalMissing() && inject.Digest(f.Original) == own.OriginalDigest {
			own.Original = f.Original
		}
		f.Original, f.OriginalDigest = own.Original, own.OriginalDigest
	}
	return fields
}

// remains are the fields that an undo does not find as they were written: those that hold something else, and those
// that hold the original already.
type remains struct {
	unmarked bool
	diverged []divergence
	setBack  []string
	// yielded are those that others have written, which were theirs to write.
	yielded []string
}

// divergence is a field that holds neither what was written, under a marker, nor the original.
type divergence struct {
	field  inject.Field
	theirs any
	found  bool
}

// lost names all fields that did not keep what was written.
func (r remains) lost() []string {
	var paths []string
	for _, d := range r.diverged {
		paths = append(paths, d.field.PathString())
	}
	return append(paths, r.setBack...)
}

// keepsOurs says that a field without a marker holds what was written: somebody removed the marker alone.
func (r remains) keepsOurs() bool {
	for _, d := range r.diverged {
		if d.field.IsValue(d.theirs, d.found) {
			return true
		}
	}
	return false
}

// describe shows theirs, ours and the original of each field that diverged.
func (r remains) describe(c *inject.Change) string {
	var all []string
	for _, d := range r.diverged {
		if c.Object.Confidential() {
			all = append(all, d.field.PathString()+" (values withheld)")
			continue
		}
		theirs := "nothing"
		if d.found {
			theirs = clip(string(mustJSON(d.theirs)))
		}
		all = append(all, fmt.Sprintf("%s (theirs %s, ours %s, originally %s)", d.field.PathString(), theirs,
			shown(d.field.Value, d.field.ValueDigest), shown(d.field.Original, d.field.OriginalDigest)))
	}
	return strings.Join(all, ", ")
}

func shown(value []byte, digest string) string {
	switch {
	case value != nil:
		return clip(string(value))
	case digest != "":
		return "something else, of SHA-256 " + digest[:12]
	}
	return "nothing"
}

// clip keeps a value readable within a line.
func clip(text string) string {
	const most = 80
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}

func mustJSON(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return text
}
