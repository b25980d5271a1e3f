// Package engine takes an experiment through its phases: plan, steady state, fault, recovery. It decides when things
// happen; what a fault does is the business of package inject, how it is done and undone that of package apply, and
// what it all means that of package verdict. All that it observes goes into one event log.
package engine
