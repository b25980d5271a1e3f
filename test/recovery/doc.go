// Package recovery proves that whatever becomes of a run, and whatever others do to the same objects, chaosctl puts back
// what is its own, keeps what is theirs, and leaves nothing of its own behind (G3, G4); that one run at a time has a target
// (G8); and that the kill switch ends runs (G10). All of it is done to the real API server of a lab without nodes.
package recovery
