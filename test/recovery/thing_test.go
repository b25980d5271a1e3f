package recovery

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/types"

	"github.com/chaosctl/chaosctl/pkg/inject"
)

// thing is what the model knows of one object.
type thing struct {
	kind kind
	name string
	// uid is that of the object of this name that is, or was the last to be.
	uid    types.UID
	exists bool
	values []string
	// marks are the ids of the changes whose marks it bears.
	marks map[string]bool
	// copied says that it bears marks of another object, and labelled that it bears the label.
	copied, labelled bool
}

func newThing(k kind, name string) *thing {
	return &thing{kind: k, name: name, marks: map[string]bool{}}
}

// change is one that a run was told to make.
type change struct {
	inject.Change
	on     *thing
	fields []int
	// original and value go with the fields.
	original, value []string
	// pending says that it was made, and the run has not undone it.
	pending bool
}

// possible says whether the change may be made, or need not be: otherwise somebody has changed the object since it was
// planned.
func (c *change) possible() bool {
	if !c.here() || c.holds(c.value) {
		return true // nothing to do
	}
	return c.holds(c.original)
}

// here says that the object is the one that the change was planned for.
func (c *change) here() bool { return c.on.exists && c.on.uid == c.Object.UID }

func (c *change) holds(values []string) bool {
	for i, f := range c.fields {
		if c.on.values[f] != values[i] {
			return false
		}
	}
	return true
}

// made says that the change was carried out.
func (c *change) made() {
	for i, f := range c.fields {
		c.on.values[f] = c.value[i]
	}
	c.on.marks[c.ID], c.on.labelled, c.pending = true, true, true
}

// undone says that it was undone: the original where its own value was still there, theirs otherwise. Whoever removes a
// mark takes its change over; that is left as it is.
func (c *change) undone() {
	c.pending = false
	if !c.here() {
		return
	}
	if c.on.marks[c.ID] {
		for i, f := range c.fields {
			if c.on.values[f] == c.value[i] {
				c.on.values[f] = c.original[i]
			}
		}
		delete(c.on.marks, c.ID)
	}
	// The marks of other objects go with the last of its own, and the label with them.
	if len(c.on.marks) == 0 {
		c.on.copied, c.on.labelled = false, false
	}
}

// undoneAll undoes the newest first.
func undoneAll(changes []*change) {
	for _, c := range slices.Backward(changes) {
		c.undone()
	}
}

func (o *thing) String() string {
	return fmt.Sprintf("%s %s (exists %t, values %q, marks %d, copies %t, label %t)", o.kind.name, o.name, o.exists, o.values, len(o.marks), o.copied, o.labelled)
}
