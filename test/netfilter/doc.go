// Package netfilter tests what pkg/netfilter does to packets, in network namespaces that it makes for that. It needs root.
package netfilter
