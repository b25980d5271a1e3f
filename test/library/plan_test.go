package library

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/types"

	"github.com/chaosctl/chaosctl/experiments"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/inject"
	"github.com/chaosctl/chaosctl/pkg/probe"
	"github.com/chaosctl/chaosctl/pkg/target"
	"github.com/chaosctl/chaosctl/pkg/verdict"
	"github.com/chaosctl/chaosctl/test/internal/shop"
)

// TestTrialsCanBePlanned proves, without a cluster, that nothing refuses an experiment on a healthy shop, nor on the one with
// the weakness that it is there to find: neither a fault, nor the guard.
func TestTrialsCanBePlanned(t *testing.T) {
	for _, each := range trials() {
		for _, overlay := range []string{"", each.weakness} {
			t.Run(each.experiment+"/"+shop.Name(overlay), func(t *testing.T) {
				s := draw(t, overlay)
				spec := load(t, each.experiment)
				workload := s.workload(t, spec.Target)
				for _, fault := range spec.Faults {
					changes, err := fault.Params.(inject.Fault).Plan(t.Context(), inject.Scope{
						View: s, Workload: workload, Guard: spec.Guard, Draw: target.Draw{Seed: 42, Label: fault.Name + "/1"},
						Lasts: spec.FaultWindow(), Now: time.Now(),
					})
					require.NoError(t, err, fault.Name)
					assert.NotEmpty(t, changes, fault.Name)
					loss := target.Loss{Now: map[types.UID]bool{}}
					for i := range changes {
						for _, uid := range changes[i].Removed() {
							loss.Now[uid] = true
						}
					}
					pods, err := s.Pods(t.Context(), workload.Namespace, workload.Selector)
					require.NoError(t, err)
					require.NoError(t, target.CheckNamespace(spec.Guard, workload.Namespace, s.everybody(), 0, loss), fault.Name)
					require.NoError(t, target.CheckRadius(spec.Guard, workload.Status.Desired, pods, loss), fault.Name)
				}
			})
		}
	}
}

// load reads an experiment of the library.
func load(t *testing.T, name string) *experiment.Spec {
	t.Helper()
	path, ok := experiments.Path(name)
	require.True(t, ok, name)
	text, err := experiments.Files.ReadFile(path)
	require.NoError(t, err)
	loader := experiment.Loader{Catalogue: experiment.Catalogue{
		Faults: inject.Kinds(), Probes: probe.Kinds(), Expectations: verdict.Expectations(), Aborts: verdict.Aborts(),
	}}
	file, err := loader.Load(path, strings.NewReader(string(text)))
	require.NoError(t, err)
	e, err := file.Experiment()
	require.NoError(t, err)
	return &e.Spec
}
