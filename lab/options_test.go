package lab

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/lab/internal/advice"
)

func TestZeroOptionsAreALabOfThreeNodesInTwoZones(t *testing.T) {
	o, err := Options{}.complete()
	require.NoError(t, err)
	assert.Equal(t, "lab", o.Name)
	assert.Equal(t, 3, o.Nodes)
	assert.Equal(t, 2, o.Zones)
	assert.Equal(t, Fast, o.Profile)
	assert.Equal(t, DefaultStateRoot, o.StateRoot)
}

func TestASingleNodeIsInASingleZone(t *testing.T) {
	o, err := Options{Nodes: 1}.complete()
	require.NoError(t, err)
	assert.Equal(t, 1, o.Zones)
}

func TestControlPlaneHasNoNodes(t *testing.T) {
	o, err := Options{Profile: ControlPlane, Nodes: 5}.complete()
	require.NoError(t, err)
	assert.Zero(t, o.Nodes)
}

func TestAddonsAreSortedAndNamedOnce(t *testing.T) {
	given := []string{Metrics, DNS, Metrics}
	o, err := Options{Addons: given}.complete()
	require.NoError(t, err)
	assert.Equal(t, []string{DNS, Metrics}, o.Addons)
	assert.Equal(t, []string{Metrics, DNS, Metrics}, given, "the caller's are left alone")
}

func TestRefusedOptionsComeWithAHint(t *testing.T) {
	for _, o := range []Options{
		{Name: "Lab"}, {Name: "-x"}, {Name: "x-"}, {Name: "a.b"}, {Name: "abcdefghijklmnopqrstuvwxyz0123456789"},
		{Nodes: -1}, {Nodes: 17}, {Nodes: 2, Zones: 3}, {Zones: -1},
		{Profile: "slow"}, {Addons: []string{"mesh"}}, {Profile: ControlPlane, Addons: []string{DNS}},
		{StateRoot: "/run/x"},
	} {
		_, err := o.complete()
		assert.Error(t, err, "%+v", o)
		assert.NotEmpty(t, advice.Hint(err), "%+v", o)
	}
}
