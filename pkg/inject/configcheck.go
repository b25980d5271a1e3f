package inject

import (
	"slices"

	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/inject/mutation"
)

// Check wants one object, and that the parameters of the mutations fit them.
func (f *ConfigCorrupt) Check(c *experiment.Check) {
	switch {
	case f.ConfigMap == "" && f.Secret == "":
		c.Fail("", "nothing is named whose key could be broken: expected configMap or secret")
	case f.ConfigMap != "" && f.Secret != "":
		c.Fail("secret", "configMap and secret exclude each other: expected one")
	}
	if f.Key == "" {
		c.Fail("key", "the key has no name")
	}
	if f.Mutation != "" && len(f.Mutations) > 0 {
		c.Fail("mutations", "mutation and mutations exclude each other: expected one")
	}
	all := f.mutations()
	if f.At != "" && !slices.ContainsFunc(all, mutation.Kind.Inside) {
		c.Fail("at", "%s breaks the whole value: a path goes with flip, wrongType or wrongCredential", joined(all))
	}
	f.checkReplacement(c, all)
	if len(f.Mutations) > 0 {
		f.checkRepeat(c)
	}
}

// checkReplacement looks at what takes the value's place.
func (f *ConfigCorrupt) checkReplacement(c *experiment.Check, all []mutation.Kind) {
	given := slices.Contains(all, mutation.Given)
	switch {
	case f.Value != "" && f.From != nil:
		c.Fail("from", "value and from exclude each other: expected one")
	case f.Value != "" && f.Secret != "":
		c.Fail("value", "the text of an experiment is part of its reports, where no value of a Secret may be: put it into a Secret, and name that in from")
	case f.Value != "" && !slices.ContainsFunc(all, mutation.Kind.Replaces):
		c.Fail("value", "%s needs no value: it goes with the mutations value and stale", joined(all))
	case f.From != nil && !slices.Contains(all, mutation.Stale):
		c.Fail("from", "%s needs no older version: it goes with the mutation stale", joined(all))
	case given && f.Value == "":
		c.Fail("value", "the mutation value needs one; empty makes an empty value")
	case slices.Contains(all, mutation.Stale) && f.Value == "" && f.From == nil:
		c.Fail("from", "Kubernetes keeps no older versions: say where one is, by from or value")
	}
	switch {
	case f.From == nil:
	case *f.From == ConfigSource{}:
		c.Fail("from", "that is the value that is there already: expected another key or another object")
	case f.From.ConfigMap != "" && f.From.Secret != "":
		c.Fail("from.secret", "configMap and secret exclude each other: expected one")
	case f.From.Secret != "" && f.Secret == "":
		c.Fail("from.secret", "the value of a Secret does not belong into a ConfigMap, nor into reports")
	case f.source() == configKey{f.object(), f.Key}:
		c.Fail("from", "that is the value that is there already: expected another key or another object")
	}
}

// checkRepeat wants each of several mutations to be made, and to be over before the next.
func (f *ConfigCorrupt) checkRepeat(c *experiment.Check) {
	fault, n := c.Fault(), len(f.Mutations)
	switch {
	case fault.Repeat == nil || fault.Repeat.Times < n:
		c.Fail("mutations", "each repetition makes one of the %d mutations: expected repeat: {times: %d} at the least", n, n)
	case n > 1 && (fault.For == nil || *fault.For > fault.Repeat.Every):
		c.Fail("mutations", "each mutation must be over before the next: expected a for of repeat.every (%s) at the most", fault.Repeat.Every)
	}
}
