// Package inject holds the faults. A fault only plans: it is a function from what is in the cluster, its parameters
// and a seed to a list of changes, which are data. It reads and never writes; package apply is the one place that
// sends, proves and undoes a change.
//
// To add a fault, write one file with its parameters and their Plan method, and register it there.
package inject
