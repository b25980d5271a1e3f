// Package experiment is the language that users write: one file says what is broken, under which load, and what must hold.
//
// The types of this package are the language; [Loader] reads files into them, strictly and with positions.
// Three lists of an experiment are open unions keyed by name, as in Kubernetes (`podKill: {…}`): faults, probes and
// expectations (abort conditions are the fourth, of the same kind). This package does not know their members: whoever
// loads a file passes a [Catalogue], so that a fault, a probe or an expectation is added in its own package.
package experiment
