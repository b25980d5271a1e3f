package target

import (
	"fmt"
	"strings"

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

// Loss is which pods faults take away, by their UIDs.
type Loss struct {
	// Now are those of the injection that is looked at.
	Now map[types.UID]bool
	// Pending are those that other injections of the run are taking away just now: a list may show them as ready still.
	Pending map[types.UID]bool
}

// tally counts pods that are there.
type tally struct {
	// hit counts those that the injection takes away, ready those that are available without it, left those with it.
	hit, ready, left int
}

func (t *tally) count(loss Loss, uid types.UID, ready bool) {
	hit := loss.Now[uid]
	if hit {
		t.hit++
	}
	if ready && !loss.Pending[uid] {
		t.ready++
		if !hit {
			t.left++
		}
	}
}

// exceeds says whether more than that share of all pods would be lost, where so many are asked for. What is unavailable
// already counts, whatever the cause: what this run has taken away before, and has not come back, is among it.
func (t *tally) exceeds(limit experiment.Percent, asked, all int) (lost int, exceeds bool) {
	lost = max(t.hit, asked-t.left)
	return lost, float64(lost) > float64(limit)*float64(all)+1e-9
}

// already tells of how many of the pods lost the injection is not the cause.
func (t *tally) already(lost int) string {
	if n := lost - (t.ready - t.left); n > 0 {
		return fmt.Sprintf(", %d of which unavailable without it", n)
	}
	return ""
}

// CheckNamespace refuses an injection that would leave more of the target's namespace unavailable than the guard allows.
// Missing counts pods that are asked for there, and do not exist.
func CheckNamespace(guard experiment.Guard, namespace string, pods []cluster.Present, missing int, loss Loss) error {
	var t tally
	for _, p := range pods {
		t.count(loss, p.UID, p.Ready)
	}
	if t.hit == 0 {
		return nil
	}
	limit := experiment.Percent(DefaultMaxAffected)
	switch {
	case guard.MaxAffectedOfNamespace != nil:
		limit = *guard.MaxAffectedOfNamespace
	case guard.MaxAffected != nil:
		limit = max(limit, *guard.MaxAffected)
	}
	total := len(pods) + missing
	if lost, exceeds := t.exceeds(limit, total, total); exceeds {
		return refuse("would affect %d of %d pods of namespace %s at once (%s)%s; the guard allows %s (guard.maxAffectedOfNamespace)",
			lost, total, namespace, share(lost, total), t.already(lost), limit)
	}
	return nil
}

// share writes a part of a whole with one decimal.
func share(part, whole int) string { return fmt.Sprintf("%.3g%%", 100*float64(part)/float64(whole)) }

// CheckRadius refuses an injection that would leave more of the target unavailable than the guard allows, or too few
// ready. Pods are those of the target as they are now, and desired is how many it asks for.
func CheckRadius(guard experiment.Guard, desired int, pods []*cluster.Pod, loss Loss) error {
	var t tally
	for _, p := range pods {
		t.count(loss, p.UID, p.Ready)
	}
	if t.hit == 0 {
		return nil
	}
	minReady := DefaultMinReady
	if guard.MinReady != nil {
		minReady = *guard.MinReady
	}
	if t.left < minReady {
		return refuse("would leave %d of %d ready; the guard asks for %d (guard.minReady)", t.left, t.ready, minReady)
	}
	limit := experiment.Percent(DefaultMaxAffected)
	if guard.MaxAffected != nil {
		limit = *guard.MaxAffected
	}
	// In a rollout there are more pods than are asked for. Those may be affected; that they are not ready is no loss.
	total := max(desired, len(pods))
	if lost, exceeds := t.exceeds(limit, desired, total); exceeds {
		return refuse("would affect %d of %d pods at once (%s)%s; the guard allows %s (guard.maxAffected)", lost, total, share(lost, total), t.already(lost), limit)
	}
	return nil
}
