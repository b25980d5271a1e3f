// Package configdiff tells what a change makes of a ConfigMap or a Secret, key by key, in the lines of a unified diff. It is made
// for the log of a run, which goes to people who may not read the cluster: values of Secrets, and what looks like a credential in
// a ConfigMap, are told by their size alone, and all of it is bounded.
package configdiff
