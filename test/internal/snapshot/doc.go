// Package snapshot compares what there is in a namespace, and what the nodes are, before and after a run, and finds what
// chaosctl has left: marks on objects, and objects of its own.
package snapshot
