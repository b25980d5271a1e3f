// Package shop is an example application to run experiments against: a
// frontend, a catalogue, and the weaknesses they can be given. There is
// nothing to import; README.md says how to run it, and the tests here run its
// services as real processes with real signals.
package shop
