// Package lab runs a real Kubernetes on one Linux machine, in seconds: etcd, the API server, the
// controller manager and the scheduler, and nodes with containerd, kubelet and kube-proxy. It needs
// no container engine and no image registry; what it runs it builds from Go modules, once.
//
// A test starts a lab of its own with Start, or one for all tests of a binary with Shared; programs
// use Up, Open and the methods of Lab. Everything needs root and Linux; elsewhere each function
// returns an error that says so.
//
// Nothing of a lab is left after Down, even if the process that made it was killed: a lab is
// registered before it is made, all its processes are in one control group, and its namespaces and
// mounts live no longer than its processes.
package lab
