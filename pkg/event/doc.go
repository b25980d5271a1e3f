// Package event is the log of a run: an append-only sequence of typed events, one JSON object a line.
//
// Everything that a run shows or leaves behind (console, result, report, JUnit) is a fold over this log and the
// request samples beside it. Nothing else holds state, so the report of a run that was killed can be made from what
// it left.
//
// Instants are offsets from one monotonic base per run; the wall-clock time of the base is in [RunStarted].
package event
