package inject

import (
	"fmt"
	"time"

	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/experiment"
)

// evict asks for a pod's removal. Timeout is how long a budget may block it; the grace period is the pod's own where it is nil.
func evict(pod *cluster.Pod, stage int, timeout experiment.Duration, grace *experiment.Duration) Change {
	return Change{
		ID: "evict-" + pod.Namespace + "/" + pod.Name, Stage: stage, Object: podObject(pod), What: "evict the pod" + graceText(grace) + ", as budgets allow",
		Evict: &Evict{Timeout: timeout.Std(), GracePeriodSeconds: graceSeconds(grace)},
	}
}

// remove deletes a pod. The grace period is the pod's own where it is nil.
func remove(id string, pod *cluster.Pod, stage int, grace *experiment.Duration) Change {
	return Change{
		ID: id, Stage: stage, Object: podObject(pod), What: "delete the pod" + graceText(grace),
		Delete: &Delete{GracePeriodSeconds: graceSeconds(grace)},
	}
}

// checkGrace refuses a grace period that the API cannot express.
func checkGrace(c *experiment.Check, grace *experiment.Duration) {
	if grace != nil && grace.Std()%time.Second != 0 {
		c.Fail("gracePeriod", "%s is not a whole number of seconds, which is all that Kubernetes takes", grace)
	}
}

// checkTimeout refuses evictions that no budget could ever block.
func checkTimeout(c *experiment.Check, timeout experiment.Duration) {
	if timeout <= 0 {
		c.Fail("timeout", "%s leaves no time for an eviction: expected something like 30s", timeout)
	}
}

func graceSeconds(d *experiment.Duration) *int64 {
	if d == nil {
		return nil
	}
	seconds := int64(d.Std().Seconds())
	return &seconds
}

func graceText(d *experiment.Duration) string {
	switch {
	case d == nil:
		return ""
	case *d == 0:
		return " at once (grace period 0 s)"
	}
	return fmt.Sprintf(" (grace period %s)", d)
}
