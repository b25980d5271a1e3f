package experiment

import "slices"

// Checker is implemented by the parameters of a union's member (a fault, a probe, an expectation, an abort condition)
// that have more to say about themselves than their types do, or that must agree with the rest of the experiment.
//
// The loader calls Check once the whole experiment is decoded and its defaults are filled in, and only for parameters
// that are well-formed themselves. Check reports through c and changes nothing.
type Checker interface {
	Check(c *Check)
}

// Check is what the parameters of one member may look at and report.
type Check struct {
	findings   *findings
	experiment *Experiment
	fault      *Fault
	// path is that of the parameters.
	path string
}

// Experiment is the whole experiment. It may have problems of its own, which are reported elsewhere.
func (c *Check) Experiment() *Experiment { return c.experiment }

// Fault is the entry that holds the parameters where they are a fault's, and nil otherwise.
func (c *Check) Fault() *Fault { return c.fault }

// Fail reports that a field is wrong. The field is named relative to the parameters, as in "count" or "nodes[1]"; ""
// stands for the parameters as a whole. The message says what is wrong and what was expected, without naming the field.
func (c *Check) Fail(field, format string, args ...any) {
	c.findings.refuse(c.at(field), "", format, args...)
}

// OneOf says whether value is among those that the field may have. Where it is not, OneOf reports the field and
// suggests the nearest: kind is what a message calls the value, such as "zone".
func (c *Check) OneOf(field, kind, value string, among []string) bool {
	return c.findings.oneOf(c.at(field), kind, value, among)
}

// Stream says whether the experiment has a stream of requests (an entry of spec.load) with that name. Where it has
// none, Stream reports the field.
func (c *Check) Stream(field, name string) bool {
	names := make([]string, len(c.experiment.Spec.Load))
	for i, load := range c.experiment.Spec.Load {
		names[i] = load.Name
	}
	return c.named(field, "stream", name, names, "spec.load")
}

// Probe says whether the experiment has a probe with that name. Where it has none, Probe reports the field.
func (c *Check) Probe(field, name string) bool {
	names := make([]string, len(c.experiment.Spec.Probes))
	for i, probe := range c.experiment.Spec.Probes {
		names[i] = probe.Name
	}
	return c.named(field, "probe", name, names, "spec.probes")
}

// named gives the benefit of the doubt where the list itself is broken, or the name of one of its elements.
func (c *Check) named(field, kind, name string, names []string, list string) bool {
	unknown := slices.Contains(names, "") || c.findings.broken[list] || c.findings.broken["spec"]
	return unknown || c.OneOf(field, kind, name, names)
}

// at is the path of a field of the parameters.
func (c *Check) at(field string) string {
	if field == "" || field[0] == '[' {
		return c.path + field
	}
	return c.path + "." + field
}
