// Package orders queues orders in NATS JetStream, works them off, and tells what has become of them.
package orders
