// Package netfilter decides what becomes of packets in one network namespace, that of the pod in which this process runs, by
// nftables. All of it is in tables that belong to the process: the kernel removes them when the process ends, however it does.
// It needs the capability NET_ADMIN in that namespace, Linux 5.16 or later, and nothing of the image.
package netfilter
