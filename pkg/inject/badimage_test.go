package inject_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/inject"
)

func TestBadImage(t *testing.T) {
	changes := planned(t, &inject.BadImage{Image: "x:2"}, newThreeReplicas().scope())
	require.Len(t, changes, 1)
	f := changes[0].Edit.Fields[0]
	assert.JSONEq(t, `"web:1"`, string(f.Original))
	assert.JSONEq(t, `"x:2"`, string(f.Value))
	refused(t, &inject.BadImage{Image: "web:1"}, newThreeReplicas().scope(), "has the image web:1 already")
}
