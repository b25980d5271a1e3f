// Package leftover finds what runs have changed and not put back, and puts it back (G4), knowing no more than the cluster
// does: the Leases of runs, their journals, and the markers on the objects themselves.
//
// All of it may be done at any time, by several at once, and again: what was undone before is found undone.
package leftover
