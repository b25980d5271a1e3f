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

// CheckDuration refuses an experiment that may take longer than the guard allows.
func CheckDuration(s *experiment.Spec) error {
	longest := s.Steady.For.Std() + s.FaultWindow() + s.Recovery.Timeout.Std()
	if limit := s.Guard.MaxDuration.Std(); limit > 0 && longest > limit {
		return refuse("the run may take %s (steady %s, faults %s, recovery %s at the most); the guard allows %s (guard.maxDuration)",
			longest, s.Steady.For, s.FaultWindow(), s.Recovery.Timeout, s.Guard.MaxDuration)
	}
	return nil
}

// CheckNamespace refuses an injection that would take away more of the target's namespace than the guard allows. Total
// counts the namespace's pods, affected those of them that will be lost.
func CheckNamespace(guard experiment.Guard, namespace string, affected, total int) error {
	limit := experiment.Percent(DefaultMaxAffected)
	switch {
	case guard.MaxAffectedOfNamespace != nil:
		limit = *guard.MaxAffectedOfNamespace
	case guard.MaxAffected != nil:
		limit = max(limit, *guard.MaxAffected)
	}
	if total > 0 && float64(affected) > float64(limit)*float64(total)+1e-9 {
		return refuse("would affect %d of %d pods of namespace %s at once (%s); the guard allows %s (guard.maxAffectedOfNamespace)",
			affected, total, namespace, share(affected, total), limit)
	}
	return nil
}

// share writes a part of a whole with one decimal.
func share(part, whole int) string { return fmt.Sprintf("%.3g%%", 100*float64(part)/float64(whole)) }

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
	if float64(lost) > float64(maxAffected)*float64(total)+1e-9 {
		return refuse("would affect %d of %d pods at once (%s); the guard allows %s (guard.maxAffected)", lost, total, share(lost, total), maxAffected)
	}
	return nil
}
