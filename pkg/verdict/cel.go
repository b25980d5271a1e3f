package verdict

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/chaosctl/chaosctl/pkg/access"
	"github.com/chaosctl/chaosctl/pkg/condition"
	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/experiment"
)

var _ = expectations.Add(experiment.Definition[Expectation]{
	Name: "cel", Summary: "A CEL condition over the target before the faults and after the recovery.",
	Example: `
- cel: after.deployment.status.readyReplicas == before.deployment.status.readyReplicas
- cel: after.pods.all(p, p.status.containerStatuses.all(c, c.restartCount == 0))
`,
	New: func() Expectation { return new(Condition) },
})

// Condition expects a CEL condition to hold over `before` and `after`: the target as it was before the first fault, and
// as it is at the end of the recovery. Each has the workload under the name of its kind, such as after.deployment, its
// pods as the list after.pods, and as after.service the Service that a load names. Counts in the status of a workload
// that its controller leaves out are 0. Of pods it has the labels, the node, the phase, the conditions and the state of
// the containers; values of environment variables are left out everywhere.
type Condition string

// The objects that conditions can look at beside the workload, which goes by the name of its kind.
const (
	PodsObject    = "pods"
	ServiceObject = "service"
)

// Onlooker is an expectation over the target's objects.
type Onlooker interface {
	// Looks lists what must be read, each path beginning with the name of a snapshot.
	Looks() []condition.Path
}

// Check compiles the condition, and refuses objects that the target does not have.
func (c *Condition) Check(check *experiment.Check) {
	compiled, err := c.compile()
	if err != nil {
		check.Fail("", "%v", err)
		return
	}
	objects := objectsOf(check.Experiment())
	for _, path := range compiled.Reads() {
		if len(path) > 1 {
			check.OneOf("", "object", path[1], objects)
		}
	}
}

func objectsOf(e *experiment.Experiment) []string {
	objects := []string{PodsObject}
	if kind, _ := e.Spec.Target.WorkloadKind(); kind != "" {
		objects = append(objects, kind)
	}
	if ServiceOf(e) != "" {
		objects = append(objects, ServiceObject)
	}
	slices.Sort(objects)
	return objects
}

// ServiceOf is the name of the first Service that a load of the experiment names, "" without one.
func ServiceOf(e *experiment.Experiment) string {
	for _, l := range e.Spec.Load {
		if service := l.Destination().Service; service != "" {
			return service
		}
	}
	return ""
}

func (c *Condition) compile() (*condition.Condition, error) {
	return condition.Compile(string(*c), string(event.Before), string(event.After))
}

// Looks lists what the condition looks at.
func (c *Condition) Looks() []condition.Path {
	compiled, err := c.compile()
	if err != nil {
		return nil
	}
	return compiled.Reads()
}

// Needs is to read the workload and its pods. The Service is one that a load names, and so is read for that load already.
func (c *Condition) Needs(s access.Scope) []access.Need {
	const why = "compare the target after the recovery with before"
	needs := access.Needs(why, access.Object{Resource: "pods", Namespace: s.Target.Namespace}, "list")
	kind, name := s.Target.WorkloadKind()
	if resource, _, err := s.Kinds.Resource(kind); kind != "" && err == nil {
		on := access.Object{Group: resource.Group, Resource: resource.Resource, Namespace: s.Target.Namespace, Name: name}
		needs = append(needs, access.Needs(why, on, "get")...)
	}
	return needs
}

// patience bounds how long the evaluation of a condition may take, beside its cost.
const patience = 5 * time.Second

// Judge evaluates the condition. One that cannot be told, as for a field that is not there, is unknown.
func (c *Condition) Judge(f *Facts) Judgement {
	j := Judgement{Name: "condition " + string(*c), Window: Run, Bound: "true", Outcome: Unknown, Observed: "nothing"}
	compiled, err := c.compile()
	if err != nil {
		j.Why = err.Error()
		return j
	}
	values := map[string]any{}
	for _, when := range []event.Moment{event.Before, event.After} {
		values[string(when)] = f.Snapshots[when].Objects
	}
	for _, path := range compiled.Reads() {
		if why := unread(f, path); why != "" {
			j.Why = why
			return j
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	holds, err := compiled.Holds(ctx, values)
	seen := involved(compiled.Reads(), values)
	switch {
	case err != nil:
		j.Why = fmt.Sprintf("it cannot be told: %v; %s", err, seen)
	case holds:
		j.Outcome, j.Observed, j.Why = Pass, "true", seen
	default:
		j.Outcome, j.Observed, j.Why = Fail, "false", seen
	}
	return j
}

// unread says why what a path leads to is not known, or "".
func unread(f *Facts, path condition.Path) string {
	snapshot, taken := f.Snapshots[event.Moment(path[0])]
	if !taken {
		return fmt.Sprintf("the run did not come to where %s is read", path[0])
	}
	for object, why := range snapshot.Unread {
		if len(path) < 2 || path[1] == object {
			return fmt.Sprintf("%s.%s could not be read: %s", path[0], object, why)
		}
	}
	return ""
}

// longestValue bounds what is told of one value, in bytes.
const longestValue = 120

// involved tells what the paths of a condition lead to.
func involved(paths []condition.Path, values map[string]any) string {
	if len(paths) == 0 {
		return "it looks at nothing"
	}
	var told []string
	for _, path := range paths {
		told = append(told, path.String()+" "+tell(path, values))
	}
	return strings.Join(told, ", ")
}

func tell(path condition.Path, values map[string]any) string {
	var at any = values
	for _, name := range path {
		holder, ok := at.(map[string]any)
		if !ok {
			return "is not there"
		}
		if at, ok = holder[name]; !ok {
			return "is not there"
		}
	}
	switch at := at.(type) {
	case []any:
		return fmt.Sprintf("has %d elements", len(at))
	case map[string]any:
		return fmt.Sprintf("has %d fields", len(at))
	}
	text, err := json.Marshal(at)
	if err != nil {
		return "is not known"
	}
	if len(text) > longestValue {
		text = append(text[:longestValue:longestValue], "…"...)
	}
	return "is " + string(text)
}
