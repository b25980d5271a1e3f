// Package reference tells what the language has: in a terminal for `chaosctl explain`, and as the pages in
// docs/reference, which go generate makes anew.
//
// It says nothing of its own. Fields and descriptions come from the schema that is embedded, summaries and examples from
// the registries of faults, probes and expectations.
package reference

//go:generate go test . -run TestKept -update
