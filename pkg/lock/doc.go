// Package lock keeps runs apart that would break the same target (G8), by a Lease for each target, and says of a Lease
// whether its run is in progress, has died, or is over and has left something behind.
//
// A lock is advisory. What keeps two writers from harm is the UID and resource version in every request.
package lock
