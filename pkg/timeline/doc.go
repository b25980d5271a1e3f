// Package timeline records what happens in the cluster during a run, and reads recoveries out of the record.
//
// The [Recorder] watches pods, endpoints, workloads and nodes and writes each difference into the run's log, stamped
// with the local monotonic clock at receipt: server-side timestamps have a resolution of one second. [Recoveries] is a
// fold over that log. It matches victims with their replacements by UID and splits each recovery into phases that sum
// to its total.
package timeline
