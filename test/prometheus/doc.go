// Package prometheus asks a real Prometheus what probes and expectations ask, of metrics that a server of its own has, without a
// cluster.
package prometheus
