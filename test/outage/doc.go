// Package outage proves that chaosctl puts everything back, and tells the truth about it, when the API server is out of
// reach, is overloaded or loses answers (G5, G6), and when chaosctl itself is told to end (G7). It runs the real binary
// against the real API server of a lab without nodes; what is broken are ConfigMaps.
//
// Between the two stands a relay, which carries TCP and can be cut, or a gate, which carries requests and can hold,
// refuse and lose single ones. The tests that stop parts of the control plane run one after another, before all others,
// which run side by side.
package outage
