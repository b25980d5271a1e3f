// Package report turns what a run left behind (its event log and its request samples) into a result, and the result
// into files for people and machines. It holds no state of its own: [Build] is a fold, and the same directory always
// gives the same report, also when the run was killed.
package report
