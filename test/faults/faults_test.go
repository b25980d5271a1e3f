package faults

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/chaosctl/chaosctl/pkg/inject"
)

// family is a part of the cases, in a file of its own. The first of each stands for it in make test.
type family struct {
	name  string
	cases []faultCase
}

func families() []family {
	return []family{
		{"pods", pods()},
		{"nodes", nodes()},
		{"traffic", traffic()},
		{"rollout", rollout()},
		{"scaling", scaling()},
		{"configuration", configuration()},
		{"control-plane", controlPlane()},
		{"anything-else", anythingElse()},
		{"inside", inside()},
		{"network", network()},
		{"between", between()},
		{"processes", inProcesses()},
	}
}

// TestEveryFaultHasACase proves that no fault is left out of the test below.
func TestEveryFaultHasACase(t *testing.T) {
	var registered, covered []string
	for _, d := range inject.Definitions() {
		registered = append(registered, d.Name)
	}
	for _, f := range families() {
		for _, c := range f.cases {
			covered = append(covered, c.fault)
		}
	}
	slices.Sort(covered)
	assert.ElementsMatch(t, registered, slices.Compact(covered), "each fault has a case in its family's file, and each case a fault")
}

// TestFaults proves of each fault that it does on real nodes what it says, that this is undone, and that nothing is left.
func TestFaults(t *testing.T) {
	taken := &table{}
	t.Cleanup(func() { t.Logf("how long it took:\n%s", taken) })
	for _, f := range families() {
		cases := f.cases
		if !*all {
			cases = cases[:1]
		}
		for _, c := range cases {
			t.Run(f.name+"/"+c.String(), func(t *testing.T) {
				if !c.alone { // those that are go first, one after another
					t.Parallel()
				}
				taken.add(f.name, c.String(), c.run(t))
			})
		}
	}
}
