// Package bench measures chaosctl against its peers, on a real API server, side by side in one run. A figure of its own
// means little; the ratio to a peer's is what to look at. `make bench` runs it; nothing here fails for being slow.
package bench
