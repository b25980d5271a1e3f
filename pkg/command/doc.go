// Package command runs programs on the machine of chaosctl: in a process group of their own, with an environment that is chosen,
// and with an output that is bounded. What they may tell of secrets that they were given is recorded nowhere.
package command
