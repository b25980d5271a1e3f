package inject

import (
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/chaosctl/chaosctl/pkg/condition"
	"github.com/chaosctl/chaosctl/pkg/experiment"
)

// Check looks at what every object has. The rest is the server's to judge: plan --dry-run=server asks it.
func (f *Manifest) Check(c *experiment.Check) {
	if _, err := condition.Compile(f.Until, "object"); f.Until != "" && err != nil {
		c.Fail("until", "%v", err)
	}
	if f.Timeout <= 0 {
		c.Fail("timeout", "%s leaves no time for the condition to come true", f.Timeout)
	}
	apiVersion, _ := f.text("apiVersion")
	if gv, err := schema.ParseGroupVersion(apiVersion); err != nil || gv.Version == "" {
		c.Fail("object", "apiVersion is %q: expected that of a kind of Kubernetes, such as v1 or apps/v1", apiVersion)
	}
	kind, _ := f.text("kind")
	switch {
	case kind == "":
		c.Fail("object", "the manifest has no kind: expected one such as ConfigMap")
	case strings.HasSuffix(kind, "List") && f.Object["items"] != nil:
		c.Fail("object.kind", "%s is a list: expected one object for each fault", kind)
	case kind == "Secret" && apiVersion == "v1":
		f.checkSecret(c)
	}
	if metadata, ok := f.Object["metadata"]; ok {
		if _, ok := metadata.(map[string]any); !ok {
			c.Fail("object.metadata", "expected a mapping with a name")
			return
		}
	}
	f.checkName(c)
	f.checkOwn(c)
	if namespace, found := f.text("metadata", "namespace"); found && namespace != c.Experiment().Spec.Target.Namespace {
		c.Fail("object.metadata.namespace", "%q is not the target's: leave it out", namespace)
	}
}

// checkSecret refuses values. A Secret without any, whose values a controller fills in, is none of reports.
func (f *Manifest) checkSecret(c *experiment.Check) {
	for _, field := range []string{"data", "stringData"} {
		if _, found := f.Object[field]; found {
			c.Fail("object."+field, "the text of an experiment is part of its reports, where no value of a Secret may be: make the Secret beforehand, and name it")
		}
	}
	// kubectl apply keeps the whole object there.
	if annotations, _, _ := unstructured.NestedMap(f.Object, "metadata", "annotations"); annotations[lastApplied] != nil {
		c.Fail("object.metadata.annotations", "%s has the values of the Secret in it: leave it out", lastApplied)
	}
}

const lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

// checkName wants one name, and another for each object that is there at one time.
func (f *Manifest) checkName(c *experiment.Check) {
	name, _ := f.text("metadata", "name")
	prefix, _ := f.text("metadata", "generateName")
	switch {
	case name == "" && prefix == "":
		c.Fail("object", "the manifest has no name: expected metadata.name or metadata.generateName")
	case name != "" && prefix != "":
		c.Fail("object.metadata.generateName", "name and generateName exclude each other: expected one")
	case strings.HasPrefix(name+prefix, "chaosctl-"):
		c.Fail("object.metadata", "names that begin with chaosctl- are those of chaosctl's own objects: expected another")
	}
	fault := c.Fault()
	if r := fault.Repeat; name != "" && r != nil && r.Times > 1 && (fault.For == nil || *fault.For >= r.Every) {
		c.Fail("object.metadata.name", "each repetition makes another object: expected generateName, or a for that is shorter than repeat.every (%s)", r.Every)
	}
}

// checkOwn refuses what tells chaosctl's objects, and those that it has changed, from others.
func (f *Manifest) checkOwn(c *experiment.Check) {
	for _, where := range []string{"labels", "annotations"} {
		all, _, err := unstructured.NestedMap(f.Object, "metadata", where)
		if err != nil {
			c.Fail("object.metadata."+where, "expected a mapping of text")
		}
		for _, key := range slices.Sorted(maps.Keys(all)) {
			own := strings.HasPrefix(key, "chaosctl.dev/") || key == managedBy && all[key] == "chaosctl"
			if _, isText := all[key].(string); !isText {
				c.Fail("object.metadata."+where, "%q is no text: quote it", key)
			} else if own {
				c.Fail("object.metadata."+where, "%q tells what chaosctl has to put back: leave it out", key)
			}
		}
	}
}
