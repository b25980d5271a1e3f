package probe

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/chaosctl/chaosctl/pkg/access"
	"github.com/chaosctl/chaosctl/pkg/experiment"
)

var _ = registry.Add(Definition{
	Name:    "log",
	Summary: "A pattern is in the newest lines of the logs of pods, or is not.",
	Example: `
- name: no-panic
  log: {absent: "^panic:|FATAL"}
- name: consumes
  log: {present: offset committed, within: 30s, selector: {app: consumer}, each: true}
  interval: 5s
`,
	New: func() Probe { return &Log{Within: experiment.Duration(10 * time.Second)} },
})

// Log looks through what the containers of pods have written lately, line by line; where a container was restarted meanwhile,
// through what it wrote before as well. What a pod wrote that is gone by the time of a check is gone with it.
//
// A log that cannot be read, or not to its end, makes it unknown where it depends on that. A message has the number of the lines that
// match and the instant of the last, and not the lines, since nobody knows what is in them. Of a line the first 64 KiB are
// looked at, and of a log 4 MiB.
type Log struct {
	// Present is a regular expression (RE2) that a line must match.
	Present string `json:"present,omitempty" choice:"pattern"`
	// Absent is a regular expression (RE2) that no line may match.
	Absent string `json:"absent,omitempty" choice:"pattern"`
	// Within is how far back a check looks, by the clock of the node and in whole seconds; 10s unless told otherwise. For what
	// must be absent it is no less than the interval of the probe, so that no line goes unseen.
	Within experiment.Duration `json:"within"`
	// Each asks that the line is present in the log of each pod; without it, that of one is enough.
	Each bool `json:"each,omitempty"`
	Choice
}

// Check compiles the pattern, and refuses a look back that is too short.
func (p *Log) Check(c *experiment.Check) {
	switch {
	case p.Present == "" && p.Absent == "":
		c.Fail("", "there is no pattern: expected present or absent")
	case p.Present != "" && p.Absent != "":
		c.Fail("absent", "present and absent exclude each other: expected one")
	case p.Absent != "" && p.Each:
		c.Fail("each", "what must be absent must be so everywhere: expected present beside each")
	}
	for field, pattern := range map[string]string{"present": p.Present, "absent": p.Absent} {
		if _, err := regexp.Compile(pattern); err != nil {
			c.Fail(field, "%q is not a regular expression: %v", pattern, err)
		}
	}
	if p.Within < experiment.Duration(time.Second) {
		c.Fail("within", "%s is too short: expected 1s or more", p.Within)
	}
	for _, probe := range c.Experiment().Spec.Probes {
		if probe.Params == any(p) && p.Absent != "" && probe.Mode != experiment.ProbeEnd && probe.Interval > p.Within {
			c.Fail("within", "checks come %s apart and look %s back, so that lines between go unseen: expected %s or more, or a shorter interval", probe.Interval, p.Within, probe.Interval)
		}
	}
	p.check(c)
}

// Needs are to find the pods, and to read their logs.
func (p *Log) Needs(s access.Scope) []access.Need {
	on := access.Object{Resource: "pods", Namespace: s.Target.Namespace}
	needs := access.Needs("find the pods whose logs a probe reads", on, "list")
	on.Subresource = "log"
	return append(needs, access.Needs("read the logs that a probe looks through", on, "get")...)
}

// source is one log, or what there was of it before a restart.
type source struct {
	pod, container string
	previous       bool
}

func (s source) String() string { return fmt.Sprintf("pod %s, container %s", s.pod, s.container) }

// Measure looks through all logs once.
func (p *Log) Measure(ctx context.Context, w World) error {
	world, ok := w.(LogReader)
	if !ok {
		return unknown("no log can be read from here")
	}
	pattern, err := regexp.Compile(p.Present + p.Absent)
	if err != nil {
		return unknown("%w", err)
	}
	pods, err := world.Pods(ctx, p.Selector)
	if err != nil {
		return unknown("the pods cannot be listed: %w", err)
	}
	sources := p.sources(ordered(pods))
	found := make([]finding, len(sources))
	numbers := make([]int, len(sources))
	for i := range numbers {
		numbers[i] = i
	}
	errs := eachOf(numbers, func(i int) (err error) {
		found[i], err = p.search(ctx, world, sources[i], pattern)
		return err
	})
	if p.Absent != "" {
		return p.judgeAbsent(sources, found, errs)
	}
	return p.judgePresent(sources, found, errs)
}

// sources are the logs that there are.
func (p *Log) sources(pods []Pod) []source {
	var all []source
	for _, pod := range pods {
		for _, c := range pod.Containers {
			if p.Container != "" && c.Name != p.Container || !c.Began {
				continue
			}
			all = append(all, source{pod: pod.Name, container: c.Name})
			if c.Restarted {
				all = append(all, source{pod: pod.Name, container: c.Name, previous: true})
			}
		}
	}
	return all
}

// judgeAbsent fails where a line was found, whatever could not be read.
func (p *Log) judgeAbsent(sources []source, found []finding, errs []error) error {
	if !slices.ContainsFunc(found, func(f finding) bool { return !f.gone }) {
		return unknown("no pod of %s has a container%s with a log", p.whose(), named(p.Container))
	}
	for i, f := range found {
		if f.lines > 0 {
			return fmt.Errorf("%s: %s %q within %s, the last at %s", sources[i], matching(f.lines), p.Absent, p.Within, f.last)
		}
	}
	return weightiest(errs)
}

func matching(lines int) string {
	if lines == 1 {
		return "1 line matches"
	}
	return fmt.Sprintf("%d lines match", lines)
}

// judgePresent holds where a line was found, in one pod or in each. Of what was not found it depends on whether all could be
// read.
func (p *Log) judgePresent(sources []source, found []finding, errs []error) error {
	lines, unread := map[string]int{}, map[string]error{}
	var names []string
	for i, s := range sources {
		if found[i].gone {
			continue
		}
		name := ""
		if p.Each {
			name = s.pod
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
		lines[name] += found[i].lines
		unread[name] = errors.Join(unread[name], errs[i])
	}
	if len(names) == 0 {
		return fmt.Errorf("no pod of %s has a container%s with a log", p.whose(), named(p.Container))
	}
	var all []error
	for _, name := range names {
		switch {
		case lines[name] > 0:
		case unread[name] != nil:
			all = append(all, unread[name])
		case p.Each:
			all = append(all, fmt.Errorf("no line of pod %s matches %q within %s", name, p.Present, p.Within))
		default:
			all = append(all, fmt.Errorf("no line matches %q within %s", p.Present, p.Within))
		}
	}
	return weightiest(all)
}
