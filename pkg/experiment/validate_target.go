package experiment

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
)

// WorkloadKinds lists the kinds of workload that a target may name.
func WorkloadKinds() []string {
	return []string{"deployment", "statefulset", "daemonset", "replicaset", "job"}
}

// WorkloadKind is the kind and the name of the target's workload; both are empty where it selects by labels.
func (t Target) WorkloadKind() (kind, name string) {
	kind, name, _ = strings.Cut(t.Workload, "/")
	return kind, name
}

func (t Target) validate(f *findings, path string) {
	if len(validation.IsDNS1123Label(t.Namespace)) > 0 {
		f.refuse(child(path, "namespace"), "", "%s is not a namespace: expected %s", quote(t.Namespace), dnsLabel)
	}
	switch {
	case t.Workload == "" && len(t.Selector) == 0:
		f.refuse(path, "", "the target names no pods: expected workload or selector")
	case t.Workload != "" && len(t.Selector) > 0:
		f.refuse(child(path, "selector"), "", "workload and selector exclude each other: expected one")
	case t.Workload != "":
		t.validateWorkload(f, child(path, "workload"))
	}
	for _, key := range slices.Sorted(maps.Keys(t.Selector)) {
		at := child(child(path, "selector"), key)
		if len(validation.IsQualifiedName(key)) > 0 {
			f.refuse(at, "", "%s is not a label: expected %s", quote(key), labelKey)
		}
		if value := t.Selector[key]; len(validation.IsValidLabelValue(value)) > 0 {
			f.refuse(at, "", "%s is not a label's value: expected %s", quote(value), labelValue)
		}
	}
}

func (t Target) validateWorkload(f *findings, path string) {
	kind, name := t.WorkloadKind()
	if name == "" {
		f.refuse(path, fmt.Sprintf("did you mean %q?", "deployment/"+clip(kind)), "%s is not a workload: expected kind/name, such as deployment/web", quote(t.Workload))
		return
	}
	if kinds := WorkloadKinds(); !slices.Contains(kinds, kind) {
		f.refuse(path, didYouMean(longKind(kind), kinds), "unknown kind of workload %s: expected %s", quote(kind), enumerate(kinds))
	}
	if len(validation.IsDNS1123Subdomain(name)) > 0 {
		f.refuse(path, "", "%s is not a workload's name: expected %s", quote(name), dnsSubdomain)
	}
}

// longKind spells out the short names of kubectl that no likeness would lead to.
func longKind(kind string) string {
	switch kind {
	case "sts":
		return "statefulset"
	case "ds":
		return "daemonset"
	case "rs":
		return "replicaset"
	}
	return kind
}
