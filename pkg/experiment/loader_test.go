package experiment_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/experiment"
)

var loader = experiment.Loader{Catalogue: catalogue}

func TestRoundTrip(t *testing.T) {
	file, err := loader.LoadFile("testdata/good/full.yaml")
	require.NoError(t, err)
	first, err := file.Experiment()
	require.NoError(t, err)

	text, err := json.Marshal(first)
	require.NoError(t, err)
	file, err = loader.Load("again.json", strings.NewReader(string(text)))
	require.NoError(t, err)
	second, err := file.Experiment()
	require.NoError(t, err)
	assert.Equal(t, first, second)
}
