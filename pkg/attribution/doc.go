// Package attribution finds out of each failed request to which pod it went, in what phase of that pod's life, and why it
// failed.
//
// It is a fold over the record of a run: the [History] takes the events, and a [Join] the samples, one at a time and in memory
// that does not grow with their number. Every failure gets one [Class], so that the classes add up to the failures.
//
// Where the pod is known, by the answer's identity header, by the address that was asked or by earlier answers on the same
// connection, its life at that time decides, and the class is exact. Where it is not, the pods decide that the Service could have
// sent the request to: a class is inferred where those of them that were in trouble agree on it, and unknown where they do not.
package attribution
