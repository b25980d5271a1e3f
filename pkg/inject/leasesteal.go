package inject

import (
	"context"
	"fmt"
	"strings"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/chaosctl/chaosctl/pkg/access"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/target"
)

var _ = registry.Add(Definition{
	Name:    "leaseSteal",
	Summary: "Takes the Lease of a leader election from its holder, who has to stop, and somebody has to take over; it is given back where nobody has.",
	Example: `
- name: leader-lost
  leaseSteal: {lease: web-operator, duration: 15s}
  for: 30s
`,
	New: func() Fault { return &LeaseSteal{} },
})

// LeaseSteal makes chaosctl the holder of a Lease by which replicas elect a leader. The leader sees that it has lost, and is to
// stop; when the Lease is over, which nobody renews, another is to lead. Who leads in the end keeps the Lease: only
// one that nobody has taken meanwhile is given back to its prior holder.
type LeaseSteal struct {
	// Lease is its name, in the target's namespace. Those by which chaosctl keeps runs apart are refused, and those in namespaces
	// of the cluster unless guard.allowControlPlane opens them.
	Lease string `json:"lease" form:"given"`
	// Duration is for how long the others are to believe in the new holder, in whole seconds; as long as in the prior one
	// unless told otherwise. A leader that goes on trying for longer than this may take the Lease back.
	Duration *experiment.Duration `json:"duration,omitempty" form:"positive"`
}

// Check refuses chaosctl's own Leases, and a duration that the API cannot express.
func (f *LeaseSteal) Check(c *experiment.Check) {
	switch {
	case f.Lease == "":
		c.Fail("lease", "the lease has no name")
	case strings.HasPrefix(f.Lease, "chaosctl-"):
		c.Fail("lease", "%q is one of those by which chaosctl keeps runs apart: it is not to be taken", f.Lease)
	}
	if f.Duration != nil && (*f.Duration < experiment.Duration(time.Second) || f.Duration.Std()%time.Second != 0) {
		c.Fail("duration", "%s is not a whole number of seconds, which is all that a Lease can have", f.Duration)
	}
}

// Plan writes the whole spec, so that what is restored, or kept, is what one holder has written.
func (f *LeaseSteal) Plan(ctx context.Context, s Scope) ([]Change, error) {
	namespace := s.Workload.Namespace
	if target.Protected(namespace) && !s.Guard.AllowControlPlane {
		return nil, &target.Refusal{Reason: fmt.Sprintf("the leases of namespace %s are those of the cluster itself; guard.allowControlPlane: true opens them", namespace)}
	}
	o, err := s.Object(ctx, leases, namespace, f.Lease)
	if apierrors.IsNotFound(err) {
		return nil, &target.Refusal{Reason: fmt.Sprintf("there is no Lease %s in namespace %s", f.Lease, namespace)}
	}
	if err != nil {
		return nil, err
	}
	if err := leftAlone(o, "Lease"); err != nil {
		return nil, err
	}
	var lease coordinationv1.Lease
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, &lease); err != nil {
		return nil, err
	}
	prior, err := holder(&lease, s.Now)
	if err != nil {
		return nil, err
	}
	seconds := validFor(&lease)
	if f.Duration != nil {
		seconds = int64(f.Duration.Std() / time.Second)
	}
	before, _, err := unstructured.NestedMap(o.Object, "spec")
	if err != nil {
		return nil, err
	}
	return []Change{{
		ID: "steal-" + f.Lease, What: fmt.Sprintf("take the lease from %s for %d s", prior, seconds),
		Object: Object{Resource: leases, Kind: "Lease", Namespace: namespace, Name: f.Lease, UID: o.GetUID()},
		Edit: &Edit{Fields: []Field{{
			Path: []string{"spec"}, Yields: true, Original: mustJSON(before), Value: mustJSON(taken(before, &lease, createdName(s, "leader"), seconds, s.Now)),
		}}},
	}}, nil
}

// skew is how far clocks may be apart for a holder to be called dead.
const skew = time.Minute

// holder is who leads. What nobody holds cannot be lost.
func holder(lease *coordinationv1.Lease, now time.Time) (string, error) {
	spec := &lease.Spec
	if spec.HolderIdentity == nil || *spec.HolderIdentity == "" {
		return "", &target.Refusal{Reason: fmt.Sprintf("nobody holds Lease %s/%s, so there is no leader that could lose it", lease.Namespace, lease.Name)}
	}
	if spec.RenewTime == nil {
		return *spec.HolderIdentity, nil
	}
	if silent := now.Sub(spec.RenewTime.Time); silent > time.Duration(validFor(lease))*time.Second+skew {
		return "", &target.Refusal{Reason: fmt.Sprintf("%s, which holds Lease %s/%s, has not renewed it for %s: there is no leader that could lose it",
			*spec.HolderIdentity, lease.Namespace, lease.Name, silent.Round(time.Second))}
	}
	return *spec.HolderIdentity, nil
}

// validFor is how many seconds after its renewal a Lease is over; as many as client-go has where it does not say.
func validFor(lease *coordinationv1.Lease) int64 {
	if s := lease.Spec.LeaseDurationSeconds; s != nil {
		return int64(*s)
	}
	return 15
}

// taken is the spec as a new leader writes it; what it does not know stays.
func taken(before map[string]any, lease *coordinationv1.Lease, identity string, seconds int64, now time.Time) map[string]any {
	after := runtime.DeepCopyJSON(before)
	transitions := int64(1)
	if t := lease.Spec.LeaseTransitions; t != nil {
		transitions += int64(*t)
	}
	// In the format of the API server, which is compared with what was written.
	at := now.UTC().Format(metav1.RFC3339Micro)
	after["holderIdentity"], after["leaseDurationSeconds"], after["leaseTransitions"] = identity, seconds, transitions
	after["acquireTime"], after["renewTime"] = at, at
	return after
}

// Needs are those of an edit of the Lease.
func (f *LeaseSteal) Needs(s access.Scope) []access.Need {
	return edits(leases, s.Target.Namespace, f.Lease, "take the lease, and give it back where nobody else has taken it")
}
