package inject

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/chaosctl/chaosctl/pkg/access"
	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/target"
)

var _ = registry.Add(Definition{
	Name:    "admissionDeny",
	Summary: "Has the API server refuse new pods of the target, by a policy that expires by itself; it is removed again.",
	Example: `
- name: no-replacements
  admissionDeny: {}
  for: 30s
`,
	New: func() Fault { return &AdmissionDeny{Pods: AdmitTarget} },
})

// AdmissionDeny has the API server refuse the creation of pods, as a broken webhook or a new policy would. Those that are there
// stay, and none that is lost meanwhile is replaced; so it goes well beside a fault that takes pods away. It takes Kubernetes 1.30
// or newer.
//
// It is made of a ValidatingAdmissionPolicy with a binding, which are in no namespace, and a Lease in the target's, without which
// they refuse nothing. Nor do they once the Lease is over, which is 15 seconds after the fault was to end, by the API server's
// clock, if nobody removes them.
type AdmissionDeny struct {
	// Pods says which new ones are refused: those of the target, or all of its namespace. Those of the target unless told otherwise.
	Pods Unadmitted `json:"pods"`
}

// Unadmitted is a choice of new pods.
type Unadmitted string

// The choices there are.
const (
	AdmitTarget    Unadmitted = "target"
	AdmitNamespace Unadmitted = "namespace"
)

// Values lists them.
func (Unadmitted) Values() []string { return []string{string(AdmitTarget), string(AdmitNamespace)} }

var (
	admissionPolicies = admissionv1.SchemeGroupVersion.WithResource("validatingadmissionpolicies")
	admissionBindings = admissionv1.SchemeGroupVersion.WithResource("validatingadmissionpolicybindings")
)

// leaseSlack is how long after the end of its fault the policy refuses, if nobody has removed it.
const leaseSlack = 15 * time.Second

// The policy's conditions, in CEL. Both instants are the API server's own, so that no other clock matters.
const (
	// notOwn leaves the pods of chaosctl's own Jobs alone, which are there to put things back.
	notOwn = "!has(object.metadata.labels) || !('" + managedBy + "' in object.metadata.labels) || object.metadata.labels['" + managedBy + "'] != 'chaosctl'"
	// leaseOver admits what comes after the end of the Lease.
	leaseOver = "timestamp(object.metadata.creationTimestamp) >= timestamp(params.metadata.creationTimestamp) + duration(string(params.spec.leaseDurationSeconds) + 's')"
)

// Plan creates the policy, the binding, and then the Lease that puts them in force. They are undone in the opposite order.
func (f *AdmissionDeny) Plan(ctx context.Context, s Scope) ([]Change, error) {
	var unserved *cluster.UnservedError
	if _, err := s.Served("ValidatingAdmissionPolicy.v1." + admissionv1.GroupName); errors.As(err, &unserved) {
		return nil, &target.Refusal{Reason: unserved.Error() + ", by which pods would be refused: Kubernetes has it from 1.30 on"}
	} else if err != nil {
		return nil, err
	}
	trial, err := trialPod(ctx, s)
	if err != nil {
		return nil, err
	}
	// Objects that are in no namespace have the name of the target's in theirs: other runs may have a target of the same name.
	namespace, trigger := s.Workload.Namespace, createdName(s, "deny")
	name := trigger + "." + namespace
	policy, binding, lease := f.policy(s, name), bind(name, namespace, trigger), denial(s, trigger)
	const policyID, bindingID, leaseID = "policy", "binding", "lease"
	return []Change{{
		ID: policyID, UndoAfter: bindingID, What: "state that no pod is to be admitted",
		Object: Object{Resource: admissionPolicies, Kind: policy.Kind, Name: name},
		Create: &Create{Manifest: mustJSON(policy)},
	}, {
		ID: bindingID, UndoAfter: leaseID, Stage: 1, What: fmt.Sprintf("bind that to namespace %s, as long as there is a Lease %s", namespace, trigger),
		Object: Object{Resource: admissionBindings, Kind: binding.Kind, Name: name},
		Create: &Create{Manifest: mustJSON(binding)},
	}, {
		ID: leaseID, Stage: 2, What: fmt.Sprintf("have the API server refuse new pods of %s, for %ds at the most", f.Pods.of(s), *lease.Spec.LeaseDurationSeconds),
		Object: Object{Resource: leases, Kind: lease.Kind, Namespace: namespace, Name: trigger},
		// An API server looks for new policies about once a second.
		Create: &Create{Manifest: mustJSON(lease), Refused: &Refused{Resource: pods, Kind: "Pod", Manifest: mustJSON(trial), By: "'" + name + "'"}},
	}}, nil
}

// of names those whose pods are meant.
func (u Unadmitted) of(s Scope) string {
	if u == AdmitNamespace {
		return "namespace " + s.Workload.Namespace
	}
	return subject(s.Workload)
}

// policy refuses pods, in whatever namespace it is bound to. What it cannot judge it lets in.
func (f *AdmissionDeny) policy(s Scope, name string) *admissionv1.ValidatingAdmissionPolicy {
	match := &admissionv1.MatchResources{
		NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"kubernetes.io/metadata.name": s.Workload.Namespace}},
		ResourceRules: []admissionv1.NamedRuleWithOperations{{RuleWithOperations: admissionv1.RuleWithOperations{
			Operations: []admissionv1.OperationType{admissionv1.Create},
			Rule:       admissionv1.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{pods.Resource}},
		}}},
	}
	if f.Pods != AdmitNamespace {
		// It was parsed before.
		match.ObjectSelector, _ = metav1.ParseToLabelSelector(s.Workload.Selector.String())
	}
	return &admissionv1.ValidatingAdmissionPolicy{
		TypeMeta:   metav1.TypeMeta{APIVersion: admissionv1.SchemeGroupVersion.String(), Kind: "ValidatingAdmissionPolicy"},
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: admissionv1.ValidatingAdmissionPolicySpec{
			ParamKind:        &admissionv1.ParamKind{APIVersion: coordinationv1.SchemeGroupVersion.String(), Kind: "Lease"},
			MatchConstraints: match,
			MatchConditions:  []admissionv1.MatchCondition{{Name: "not-of-chaosctl", Expression: notOwn}},
			Validations:      []admissionv1.Validation{{Expression: leaseOver, Message: "chaosctl lets no new pods in, by the fault admissionDeny"}},
			FailurePolicy:    new(admissionv1.Ignore),
		},
	}
}

// bind has the policy look for the Lease of that name, and refuse nothing without it.
func bind(name, namespace, lease string) *admissionv1.ValidatingAdmissionPolicyBinding {
	return &admissionv1.ValidatingAdmissionPolicyBinding{
		TypeMeta:   metav1.TypeMeta{APIVersion: admissionv1.SchemeGroupVersion.String(), Kind: "ValidatingAdmissionPolicyBinding"},
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: admissionv1.ValidatingAdmissionPolicyBindingSpec{
			PolicyName: name, ValidationActions: []admissionv1.ValidationAction{admissionv1.Deny},
			ParamRef: &admissionv1.ParamRef{Name: lease, Namespace: namespace, ParameterNotFoundAction: new(admissionv1.AllowAction)},
		},
	}
}

// denial is the Lease that puts the policy in force. It is one since reading Leases, which Kubernetes demands of who names them
// in a policy, tells nothing that is confidential.
func denial(s Scope, name string) *coordinationv1.Lease {
	seconds := min(math.Ceil((s.Lasts + leaseSlack).Seconds()), math.MaxInt32)
	return &coordinationv1.Lease{
		TypeMeta:   metav1.TypeMeta{APIVersion: coordinationv1.SchemeGroupVersion.String(), Kind: "Lease"},
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: s.Workload.Namespace},
		Spec:       coordinationv1.LeaseSpec{HolderIdentity: new("chaosctl"), LeaseDurationSeconds: new(int32(seconds))},
	}
}

// Needs are those of the three objects, and of what shows that they are in force. Kubernetes lets nobody name a kind in a policy
// who may not read all objects of it.
func (f *AdmissionDeny) Needs(s access.Scope) []access.Need {
	const why = "have new pods refused"
	everyLease := access.Object{Group: leases.Group, Resource: leases.Resource, Namespace: access.Everywhere}
	needs := append(creations(admissionPolicies, "", "", why), creations(admissionBindings, "", "", why)...)
	needs = append(needs, creations(leases, s.Target.Namespace, "", why)...)
	needs = append(needs, access.Needs("name Leases in the policy", everyLease, "get")...)
	needs = append(needs, access.Needs("learn the labels of a pod of the target", access.Object{Resource: pods.Resource, Namespace: s.Target.Namespace}, "list")...)
	return append(needs, trials(pods, s.Target.Namespace)...)
}
