package load

import "slices"

// order gives marks back from the least on. Most of them come nearly in order, and go to the end of a list that is sorted; those
// that are far behind, as what a server has answered late, go to a heap beside it.
type order struct {
	sorted []mark
	// head is where the list begins.
	head int
	late heap[mark]
}

const (
	// farBehind is how many places a mark may be moved back in the list.
	farBehind = 32
	// wasted is how many places before the head of the list are worth a move of the rest.
	wasted = 4096
)

func newOrder() order { return order{late: heap[mark]{less: mark.before}} }

func (o *order) push(m mark) {
	end := len(o.sorted)
	at := end
	for ; at > o.head && m.before(o.sorted[at-1]); at-- {
		if end-at == farBehind {
			o.late.push(m)
			return
		}
	}
	o.sorted = append(o.sorted, m)
	copy(o.sorted[at+1:], o.sorted[at:end])
	o.sorted[at] = m
}

// least is the one that pop gives next; false where there is none.
func (o *order) least() (mark, bool) {
	inList, inHeap := o.head < len(o.sorted), len(o.late.items) > 0
	switch {
	case inList && (!inHeap || !o.late.items[0].before(o.sorted[o.head])):
		return o.sorted[o.head], true
	case inHeap:
		return o.late.items[0], true
	}
	return mark{}, false
}

// pop takes the least away. There must be one.
func (o *order) pop() {
	if o.head == len(o.sorted) || len(o.late.items) > 0 && o.late.items[0].before(o.sorted[o.head]) {
		o.late.pop()
		return
	}
	o.head++
	if o.head >= wasted && o.head >= len(o.sorted)/2 {
		o.sorted = append(o.sorted[:0], o.sorted[o.head:]...)
		o.head = 0
	}
}

// clone shares nothing with the original.
func (o *order) clone() order {
	copied := *o
	copied.sorted, copied.head = slices.Clone(o.sorted[o.head:]), 0
	copied.late.items = slices.Clone(o.late.items)
	return copied
}
