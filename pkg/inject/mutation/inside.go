package mutation

import (
	"fmt"
	"slices"

	"github.com/chaosctl/chaosctl/pkg/target"
)

// change makes another value of one; it says whether it can.
type change func(l leaf, draw target.Draw) (leaf, bool)

// inside changes one value inside of a structured one, or the whole where that is a single word or number.
func (m Mutation) inside(original []byte, change change) (Broken, error) {
	d, ok := read(original)
	if !ok {
		return Broken{}, notApplicable("the value is neither JSON, YAML, properties nor an env file, nor a single word or number")
	}
	var candidates []int
	for i, l := range d.leaves {
		if m.At == "" || l.path == m.At {
			candidates = append(candidates, i)
		}
	}
	if len(candidates) == 0 {
		err := &NotApplicable{Reason: "there is no value at " + m.At, Paths: d.paths()}
		if m.At == "" {
			err.Reason = "there is no value inside"
		}
		return Broken{}, err
	}
	// The last of equal keys is the one that counts.
	slices.Reverse(candidates)
	if m.At != "" {
		candidates = candidates[:1]
	}
	for _, i := range target.Pick(m.Draw, candidates, len(candidates), func(i int) string { return fmt.Sprintf("%d %s", i, d.leaves[i].path) }) {
		changed, ok := change(d.leaves[i], m.Draw)
		if !ok {
			continue
		}
		if broken, ok := d.with(i, changed); ok {
			return Broken{Value: broken, Path: d.leaves[i].path}, nil
		}
	}
	if m.At != "" {
		return Broken{}, notApplicable("the value at %s does not take the mutation %s", m.At, string(m.Kind))
	}
	return Broken{}, notApplicable("no value inside takes the mutation %s", string(m.Kind))
}

// flipped is the opposite: of a boolean, of a number with its sign, of a word.
func flipped(l leaf, _ target.Draw) (leaf, bool) {
	switch l.kind {
	case boolean, text:
		l.value = opposite(l.value)
	case number:
		l.value = negated(l.value)
	default:
		return l, false
	}
	return l, l.value != ""
}

// mistyped is a value of another type: a number for text, and text for all else.
func mistyped(l leaf, draw target.Draw) (leaf, bool) {
	switch l.kind {
	case text:
		l.kind, l.value = number, fmt.Sprint(1+uint64(draw.Seed)%997)
	case number, boolean:
		l.kind, l.value = text, "no-"+l.kind.String()
	default:
		return l, false
	}
	return l, true
}
