package experiments_test

import (
	"encoding/json"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/experiments"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/inject"
	"github.com/chaosctl/chaosctl/pkg/probe"
	"github.com/chaosctl/chaosctl/pkg/verdict"
)

var loader = experiment.Loader{Catalogue: experiment.Catalogue{
	Faults: inject.Kinds(), Probes: probe.Kinds(), Expectations: verdict.Expectations(), Aborts: verdict.Aborts(),
}}

func TestLibrary(t *testing.T) {
	names := experiments.Names()
	require.NotEmpty(t, names)
	assert.True(t, slices.IsSorted(names))
	assert.Len(t, slices.Compact(slices.Clone(names)), len(names), "a name is that of one experiment")
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			file, ok := experiments.Path(name)
			require.True(t, ok)
			text, err := experiments.Files.ReadFile(file)
			require.NoError(t, err)
			loaded, err := loader.Load(file, strings.NewReader(string(text)))
			require.NoError(t, err)
			e, err := loaded.Experiment()
			require.NoError(t, err)
			assert.Equal(t, name, e.Metadata.Name)
			assert.Equal(t, path.Dir(file), string(e.Spec.Promise), "the folder is the promise")
			assert.NotEmpty(t, e.Metadata.Description, "lists show it")
			assert.NotEmpty(t, e.Metadata.About.Why, "why it matters")
			assert.NotEmpty(t, e.Metadata.About.Breaks, "what usually breaks")
			assert.NotEmpty(t, e.Metadata.About.Mend, "how to mend it")
			assert.Empty(t, e.Spec.Probes, "a probe names objects that no other workload has")
			assert.NotEmpty(t, e.Spec.AbortIf, "an experiment of the library stops by itself when it does harm")

			// A run's log holds the experiment as JSON, from which its report is made.
			stored, err := json.Marshal(e)
			require.NoError(t, err)
			back, err := loader.Load("log", strings.NewReader(string(stored)))
			require.NoError(t, err)
			again, err := back.Experiment()
			require.NoError(t, err)
			assert.Equal(t, e, again)
		})
	}
	_, ok := experiments.Path("no-such-experiment")
	assert.False(t, ok)
}

// TestPromises: whoever wants to know whether a promise is kept finds several ways to try it.
func TestPromises(t *testing.T) {
	const several = 4
	tried := map[string]int{}
	for _, name := range experiments.Names() {
		file, ok := experiments.Path(name)
		require.True(t, ok)
		tried[path.Dir(file)]++
	}
	assert.Len(t, tried, len(experiment.Promises()))
	for _, promise := range experiment.Promises() {
		assert.GreaterOrEqual(t, tried[string(promise)], several, promise)
	}
}

func TestGameDays(t *testing.T) {
	files, err := filepath.Glob("../examples/gamedays/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, name := range files {
		file, err := loader.LoadFile(name)
		require.NoError(t, err)
		day, err := file.GameDay()
		require.NoError(t, err)
		for _, member := range day.Spec.Experiments {
			if member.Builtin != "" {
				_, ok := experiments.Path(member.Builtin)
				assert.True(t, ok, "%s: there is no %s", name, member.Builtin)
				continue
			}
			_, err := loader.LoadFile(filepath.Join(filepath.Dir(name), member.File))
			assert.NoError(t, err)
		}
	}
}
