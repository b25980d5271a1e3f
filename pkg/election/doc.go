// Package election has one of several replicas lead, by a Lease. In the same Lease the leader keeps what it has run last, under the
// condition that it still leads: so whoever leads next knows it, and one that was deposed without noticing cannot begin anything.
package election
