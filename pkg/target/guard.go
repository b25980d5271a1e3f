package target

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/experiment"
)

// Limits of the blast radius that hold where a file says nothing.
const (
	DefaultMaxAffected = 0.5
	DefaultMinReady    = 1
)

// Protected says that a namespace belongs to the cluster itself.
func Protected(namespace string) bool { return strings.HasPrefix(namespace, "kube-") }

// Refusal says why a run or an injection must not go on. Nothing was changed by what it refuses.
type Refusal struct{ Reason string }

func (r *Refusal) Error() string { return r.Reason }

func refuse(format string, args ...any) error { return &Refusal{fmt.Sprintf(format, args...)} }

// CheckScope refuses a target in a protected namespace, and a cluster that is not the one that the file pins.
func CheckScope(guard experiment.Guard, t experiment.Target, context, clusterUID string) error {
	if Protected(t.Namespace) && !guard.AllowProtected {
		return refuse("namespace %s is protected; guard.allowProtected: true opens it", t.Namespace)
	}
	if guard.Cluster != "" && guard.Cluster != context && guard.Cluster != clusterUID {
		return refuse("the file is for cluster %q (guard.cluster), but this is context %q, UID %s", guard.Cluster, context, clusterUID)
	}
	return nil
}

// CheckRadius refuses an injection that would take away more of the target than the guard allows. Pods are those of
// the target as they are now, desired is how many it asks for, and affected are the UIDs of pods that will be lost.
func CheckRadius(guard experiment.Guard, desired int, pods []corev1.Pod, affected map[types.UID]bool) error {
	ready, lost, left := 0, 0, 0
	for i := range pods {
		pod := &pods[i]
		hit := affected[pod.UID]
		if hit {
			lost++
		}
		if cluster.PodReady(pod) {
			ready++
			if !hit {
				left++
			}
		}
	}
	if lost == 0 {
		return nil
	}
	minReady := DefaultMinReady
	if guard.MinReady != nil {
		minReady = *guard.MinReady
	}
	if left < minReady {
		return refuse("would leave %d of %d ready; the guard asks for %d (guard.minReady)", left, ready, minReady)
	}
	maxAffected := experiment.Percent(DefaultMaxAffected)
	if guard.MaxAffected != nil {
		maxAffected = *guard.MaxAffected
	}
	total := max(desired, len(pods))
	if share := float64(lost) / float64(total); share > float64(maxAffected)+1e-9 {
		return refuse("would affect %d of %d pods at once (%s); the guard allows %s (guard.maxAffected)",
			lost, total, experiment.Percent(share), maxAffected)
	}
	return nil
}
