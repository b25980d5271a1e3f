// Package ci tests the examples for CI, examples/ci, and the action in the root of the repository: whether they are what their systems
// take, and what their steps do on a machine on which chaosctl and all that it is built and run by are stand-ins that keep a record.
package ci
