// Package probe holds the probes: conditions that are checked at an interval during a run. Each kind of probe
// is one file with its parameters and their Measure method, and registers itself there.
package probe
