package experiment

import (
	"k8s.io/apimachinery/pkg/util/validation"
)

// What Kubernetes takes for a name, in fewer words than its own.
const (
	dnsLabel     = "lower-case letters, digits and -, such as web-2, 63 at most"
	dnsSubdomain = "lower-case letters, digits, - and ., such as web-2, 253 at most"
	labelValue   = "letters, digits, -, _ and ., such as Web_2, 63 at most"
	labelKey     = "letters, digits, -, _ and ., after a domain and / where there is one, such as example.com/app"
)

// Validate checks the meaning of an experiment that was made or changed in Go: a [Loader] has done so with those that
// it read. The error is of type [Problems], without positions.
func Validate(e *Experiment) error {
	f := newFindings("")
	e.validate(f)
	if len(f.problems) > 0 {
		return f.problems
	}
	return nil
}

// validate checks what the types cannot say.
func (e *Experiment) validate(f *findings) {
	e.Metadata.validate(f)
	s := &e.Spec
	s.Target.validate(f, "spec.target")
	s.validateLoad(f)
	s.validateProbes(f)
	s.validateFaults(f)
	s.validateRecovery(f)
	if len(s.Expect) == 0 {
		f.refuse("spec.expect", "", "an experiment without an expectation proves nothing: expected one at the least")
	}
	if s.Guard.MinReady != nil && *s.Guard.MinReady < 0 {
		f.refuse("spec.guard.minReady", "", "%d is negative: expected 0 or more", *s.Guard.MinReady)
	}
	e.checkMembers(f)
}

func (m Metadata) validate(f *findings) {
	if len(validation.IsDNS1123Label(m.Name)) > 0 {
		f.refuse("metadata.name", "", "%s is not a name: expected %s", quote(m.Name), dnsLabel)
	}
}

func (s *Spec) validateProbes(f *findings) {
	names := unique{}
	for i, probe := range s.Probes {
		path := element("spec.probes", i)
		names.add(f, path, probe.Name)
		positive(f, child(path, "interval"), probe.Interval)
		positive(f, child(path, "timeout"), probe.Timeout)
	}
}

func (s *Spec) validateRecovery(f *findings) {
	positive(f, "spec.recovery.timeout", s.Recovery.Timeout)
	if f.sound("spec.recovery.timeout") && s.Recovery.StableFor > s.Recovery.Timeout {
		f.refuse("spec.recovery.stableFor", "", "%s is longer than the timeout of %s, so no recovery could be stable in time", s.Recovery.StableFor, s.Recovery.Timeout)
	}
}

// checkMembers lets the parameters of all members speak that can.
func (e *Experiment) checkMembers(f *findings) {
	check := func(list string, i int, m Member, fault *Fault) {
		path := child(element(list, i), m.Kind)
		if checker, ok := m.Params.(Checker); ok && f.sound(path) {
			checker.Check(&Check{findings: f, experiment: e, fault: fault, path: path})
		}
	}
	for i := range e.Spec.Faults {
		check("spec.faults", i, e.Spec.Faults[i].Member, &e.Spec.Faults[i])
	}
	for i, probe := range e.Spec.Probes {
		check("spec.probes", i, probe.Member, nil)
	}
	for i, expectation := range e.Spec.Expect {
		check("spec.expect", i, expectation.Member, nil)
	}
	for i, condition := range e.Spec.AbortIf {
		check("spec.abortIf", i, condition.Member, nil)
	}
}

func positive(f *findings, path string, d Duration) {
	if d <= 0 {
		f.refuse(path, "", "%s is too short: expected more than zero", d)
	}
}

// unique holds the names of a list to what can be the name of a file and a label, and to being used once.
type unique map[string]bool

func (u unique) add(f *findings, path, name string) {
	path = child(path, "name")
	if name == "" {
		f.refuse(path, "", "the name is empty")
		return
	}
	if len(validation.IsValidLabelValue(name)) > 0 {
		f.refuse(path, "", "%s is not a name: expected %s", quote(name), labelValue)
	}
	if u[name] {
		f.refuse(path, "", "the name %s is used twice: expected names that differ", quote(name))
	}
	u[name] = true
}
