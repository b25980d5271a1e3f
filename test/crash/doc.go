// Package crash proves that chaosctl can be killed at any point and puts everything back (G1 to G4). A build of chaosctl
// whose transport counts requests kills itself before, during and after each request that changes something, for every
// reversible fault; the real binary recovers; and the namespace is compared with what it was before. Between the two,
// others edit the objects, or replace them. The recovery is killed at each of its own points too.
//
// All of it happens on the real API server of a lab without nodes. A kubelet is played by the test, and nothing is
// scheduled.
//
// A sample of the points is looked at, which -crash.seed repeats and -crash.points makes larger; make test-crash looks
// at all.
package crash
