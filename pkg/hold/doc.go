// Package hold has an experiment of a game day wait for a person's go. What waits is a Lease in the namespace of its target, which
// whoever may change it can say yes to, from anywhere; so nothing has to reach the program that waits, and of several replicas the
// one that leads asks.
package hold
