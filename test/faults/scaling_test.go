package faults

import (
	"context"
	"time"
)

func scaling() []faultCase {
	return []faultCase{
		{fault: "scale", name: "down", yaml: "- scale: {to: 1}", inForce: serving(1)},
		{fault: "scale", name: "up", yaml: "- scale: {by: 2}", inForce: serving(replicas + 2), duration: 15 * time.Second},
		{fault: "scale", name: "a StatefulSet", yaml: "- scale: {to: 2}", inForce: serving(2), build: asStatefulSet},
	}
}

// serving wants the Service to send requests to so many pods.
func serving(want int) func(context.Context, *stage) error {
	return func(ctx context.Context, s *stage) error { return s.endpoints(ctx, want) }
}
