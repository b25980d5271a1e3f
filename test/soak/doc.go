// Package soak runs short experiments back to back by one `chaosctl serve`, on the API server of a lab without nodes, and proves
// that neither the process nor the cluster holds more at the end than at the beginning.
//
// It takes a quarter of an hour, so it does nothing unless it is told how many runs to make:
//
//	go test -v ./soak -soak.runs 500
package soak
