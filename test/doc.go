// Package e2e proves what chaosctl promises, on a real Kubernetes: the lab's. Each test breaks a shop of its own by the
// real binary, reads the result that a pipeline would read, and looks at the cluster by a client of its own.
//
// The tests need root, a machine that `lab prepare` has made ready, and about five minutes on two processors:
//
//	make build lab shop
//	cd test && go test -timeout 30m ./...
//
// Tests that drain nodes disturb every shop of the lab, so they run one after another, before all others. The others
// run side by side, as many as the machine can bear without being what is measured; see takeRoom.
package e2e
