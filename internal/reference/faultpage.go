package reference

import (
	"fmt"
	"strings"

	"github.com/chaosctl/chaosctl/pkg/access"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/inject"
	"github.com/chaosctl/chaosctl/pkg/probe"
	"github.com/chaosctl/chaosctl/pkg/verdict"
)

// faultIndex lists the faults, and leads to their pages.
func (b *Book) faultIndex() string {
	var out strings.Builder
	out.WriteString(made + "# Faults\n\nWhat can be done to a workload: elements of `spec.faults`.\n" + terminal("faults") + "\n| fault | |\n|---|---|\n")
	for _, e := range b.of("fault") {
		fmt.Fprintf(&out, "| [%s](faults/%s.md) | %s |\n", e.Name, e.Name, cell(e.Summary))
	}
	return out.String()
}

// faultPages are one for each fault, with what it may need to be allowed.
func (b *Book) faultPages() (map[string]string, error) {
	pages := map[string]string{}
	for _, e := range b.of("fault") {
		needs, err := e.needs()
		if err != nil {
			return nil, fmt.Errorf("the example of %s: %w", e.Name, err)
		}
		var out strings.Builder
		fmt.Fprintf(&out, "%s# %s\n\n", made, e.Name)
		b.entry(&out, e)
		if len(needs) > 0 {
			fmt.Fprintf(&out, "\n## Permissions\n\nWhat the example asks of the API server, beside [what every run does](../../permissions.md).\n`chaosctl rbac` prints the least role for your own.\n\n| request | why |\n|---|---|\n")
			for _, n := range needs {
				fmt.Fprintf(&out, "| %s | %s |\n", cell(n.String()), cell(n.Why))
			}
		}
		out.WriteString("\n[All faults](../faults.md)\n")
		pages["faults/"+e.Name+".md"] = out.String()
	}
	return pages, nil
}

// amid surrounds entries by as little as an experiment can say, with a place for every list that they may be of.
func (e Entry) amid() string {
	lists := map[string]string{"faults": "- podKill: {}\n", "probes": "- {name: home, http: {url: \"https://shop.example/\"}}\n", "expect": "- recovery: {within: 30s}\n"}
	lists[strings.TrimPrefix(e.List, "spec.")] = e.Example
	var text strings.Builder
	text.WriteString(`apiVersion: chaosctl.dev/v1alpha1
kind: Experiment
metadata: {name: example}
spec:
  promise: self-healing
  target: {namespace: shop, workload: deployment/web}
  load:
  - {name: browse, http: {service: web, podHeader: X-Pod}, rate: 200/s}
`)
	for list, elements := range lists {
		fmt.Fprintf(&text, "  %s:\n  %s\n", list, strings.ReplaceAll(strings.TrimSuffix(elements, "\n"), "\n", "\n  "))
	}
	return text.String()
}

// Load reads the example strictly, amid as little else as can be.
func (e Entry) Load() (*experiment.Experiment, error) {
	loader := experiment.Loader{Catalogue: experiment.Catalogue{
		Faults: inject.Kinds(), Probes: probe.Kinds(), Expectations: verdict.Expectations(), Aborts: verdict.Aborts(),
	}}
	file, err := loader.Load("example.yaml", strings.NewReader(e.amid()))
	if err != nil {
		return nil, err
	}
	return file.Documents[0].Experiment, nil
}

// needs are those of the faults of the example.
func (e Entry) needs() ([]access.Need, error) {
	loaded, err := e.Load()
	if err != nil {
		return nil, err
	}
	var needs []access.Need
	for _, f := range loaded.Spec.Faults {
		if r, ok := f.Params.(access.Requester); ok {
			needs = append(needs, r.Needs(access.Scope{Target: loaded.Spec.Target, Kinds: access.Offline{}})...)
		}
	}
	return access.Minimal(needs), nil
}
