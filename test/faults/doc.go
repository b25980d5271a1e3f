// Package faults has one kind of test: it runs each fault on real nodes by the real binary, sees its effect and its undo
// from outside of chaosctl, and that nothing is left of it.
package faults
