package faults

import (
	"context"
	"fmt"
	"slices"
)

func rollout() []faultCase {
	return []faultCase{
		// That nothing answers at the address of the registry is known at once; that no domain of its name exists takes longer.
		{fault: "badImage", yaml: "- badImage: {image: \"127.0.0.1:9/chaosctl/no-such-image:v0\"}", inForce: stuck("ErrImagePull", "ImagePullBackOff")},
	}
}

// stuck wants a new pod whose container waits for one of these reasons, beside all pods of before.
func stuck(reasons ...string) func(context.Context, *stage) error {
	return func(ctx context.Context, s *stage) error {
		fresh, lost, err := s.fresh(ctx)
		if err != nil {
			return err
		}
		if lost != 0 {
			return fmt.Errorf("%d pods of before are gone", lost)
		}
		for _, p := range fresh {
			for _, c := range p.Status.ContainerStatuses {
				if c.State.Waiting != nil && slices.Contains(reasons, c.State.Waiting.Reason) {
					return nil
				}
			}
		}
		return fmt.Errorf("%d pods are new, and none waits for %v", len(fresh), reasons)
	}
}
