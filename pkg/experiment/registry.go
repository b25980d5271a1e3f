package experiment

import (
	"fmt"
	"maps"
	"slices"
)

// Definition is the entry of one member of a union: its name, what it says of itself, and its parameters.
type Definition[T any] struct {
	Name string
	// Summary is one sentence for lists.
	Summary string
	// Example is one or more entries of the list that the union's members stand in.
	Example string
	// New gives the parameters with their defaults.
	New func() T
}

// Registry holds the members of one union. The package that has them fills it while it is initialised, each file adding
// its own, and it is never changed afterwards. Its zero value is empty.
type Registry[T any] struct {
	members map[string]Definition[T]
}

// Add adds a member and returns it, so that adding can be the initialisation of a variable. Two of one name are a
// mistake of the programmer, and panic.
func (r *Registry[T]) Add(d Definition[T]) Definition[T] {
	if _, taken := r.members[d.Name]; taken {
		panic(fmt.Sprintf("two members have the name %s", d.Name))
	}
	if r.members == nil {
		r.members = map[string]Definition[T]{}
	}
	r.members[d.Name] = d
	return d
}

// Definitions lists the members by name.
func (r *Registry[T]) Definitions() []Definition[T] {
	var all []Definition[T]
	for _, name := range slices.Sorted(maps.Keys(r.members)) {
		all = append(all, r.members[name])
	}
	return all
}

// Kinds is the registry as a [Catalogue] wants it.
func (r *Registry[T]) Kinds() Kinds {
	kinds := Kinds{}
	for name, d := range r.members {
		kinds[name] = func() any { return d.New() }
	}
	return kinds
}
