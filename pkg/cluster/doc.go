// Package cluster is the connection to a Kubernetes cluster: clients, what a fault may read, and where a Service can
// be reached from here. Nothing in it writes: that is the business of package apply alone.
package cluster
