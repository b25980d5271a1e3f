// Package binary builds the programs of the repository and runs chaosctl as a process of its own, for tests that look
// at it from outside: what it says, with which code it ends, and what it leaves in its directory.
package binary
