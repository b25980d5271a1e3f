// Package monitor tells Prometheus how game days go, and whoever restarts programs that this one lives. It reads results, and
// changes nothing.
package monitor
