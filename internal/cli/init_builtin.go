package cli

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"

	"github.com/chaosctl/chaosctl/experiments"
	"github.com/chaosctl/chaosctl/pkg/experiment"
)

// Lines of the files of the library, each of which has one of them.
var (
	targetLine  = regexp.MustCompile(`(?m)^  target: \{namespace: [^ ]+, workload: [^ ]+\}$`)
	serviceText = regexp.MustCompile(`service: [^ ,]+, port: [^ ,]+, `)
)

// schemaText begins the reference to the schema, which other folders than the library's do not have.
const schemaText = "$schema=../../schema/"

// initBuiltin writes an experiment of the library for a workload; where none is named, for the one that it has.
func (a *app) initBuiltin(program, name, workload, file string, force bool) error {
	if err := checkWorkload(workload); err != nil {
		return err
	}
	e, err := builtin(name)
	if err != nil {
		return err
	}
	path, _ := experiments.Path(name)
	original, err := experiments.Files.ReadFile(path)
	if err != nil {
		return err
	}
	target := experiment.Target{
		Namespace: cmp.Or(a.kube.namespace(), e.Spec.Target.Namespace), Workload: cmp.Or(workload, e.Spec.Target.Workload),
	}
	text := targetLine.ReplaceAllLiteralString(string(original), fmt.Sprintf("  target: {namespace: %s, workload: %s}", target.Namespace, target.Workload))
	if workload != "" {
		// Another workload has another Service; the one that selects its pods is found in the cluster.
		text = serviceText.ReplaceAllLiteralString(text, "")
	}
	text = strings.Replace(text, schemaText, "$schema=https://raw.githubusercontent.com/chaosctl/chaosctl/main/schema/", 1)
	file = cmp.Or(file, name+".yaml")
	if _, err := loader().Load(file, strings.NewReader(text)); err != nil {
		return err
	}
	return a.writeExperiment(program, file, []byte(text), force, nil)
}
