// Package cli is chaosctl's command line: one file for each command. Commands are functions of a context, streams and
// arguments; the tree of commands is built anew for each call, so nothing is shared between two.
package cli
