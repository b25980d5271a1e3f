// Package guards tests chaosctl's guards against an API server to which nothing reacts: what chaosctl takes away stays
// away, so that the arithmetic is exact.
package guards
