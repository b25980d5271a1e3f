// Package verdict judges. Each expectation is one file with its parameters and their Judge method, over facts that were
// folded from the record of a run; [Of] combines the judgements with what is known of the run itself into one outcome.
//
// The outcomes form a lattice, pass < unknown < fail: what was not measured never passes, and what is known to have
// failed is not excused by what is unknown.
package verdict
