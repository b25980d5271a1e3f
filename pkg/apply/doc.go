// Package apply is the one place of chaosctl that writes to a cluster. The applier records the intent, sends a change
// together with its marker, proves its effect, and undoes it. What is changed is decided elsewhere: faults plan
// (package inject), and the engine says when.
//
// The guarantees that it gives are numbered in docs/guarantees.md; the comments cite them.
package apply
