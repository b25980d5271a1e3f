package inject_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/inject"
)

func TestLoadSurge(t *testing.T) {
	changes := planned(t, &inject.LoadSurge{Of: "browse", Rate: experiment.Rate{PerSecond: 200}}, (&view{}).scope())
	require.Equal(t, []string{"0 load browse"}, names(changes))
	c := changes[0]
	assert.Equal(t, "send 200/s more requests like those of browse", c.What)
	assert.Equal(t, "end it", c.Undo())
	assert.Empty(t, c.Needs(), "no request goes to the API server")
	assert.Empty(t, c.Removed())
}
