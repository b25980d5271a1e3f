// Package journal keeps what a run is about to change, and how to undo it, so that whoever comes after the run can (G1):
// in a local file, and in a Secret of the cluster, since the disk of a CI runner disappears with it.
//
// A journal holds intents, not outcomes. Whether a change was made, and whether it is undone already, only the object
// itself can tell; so an entry can be acted upon any number of times.
package journal
