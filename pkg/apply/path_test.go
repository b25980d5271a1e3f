package apply

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/inject"
)

const deployment = `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","uid":"u1"},
"spec":{"template":{"spec":{"containers":[{"name":"side","image":"s:1"},{"name":"web","image":"w:1"}]}}}}`

func TestElementsOfLists(t *testing.T) {
	o := object(t, deployment)
	path := []string{"spec", "template", "spec", "containers", inject.Element("name", "web"), "image"}
	value, found, err := valueAt(o, path)
	require.NoError(t, err)
	assert.True(t, found)
	assert.Equal(t, "w:1", value)
	require.NoError(t, set(o, path, json.RawMessage(`"w:2"`)))
	assert.JSONEq(t, `[{"name":"side","image":"s:1"},{"name":"web","image":"w:2"}]`, string(mustJSON(o.Object["spec"].(map[string]any)["template"].(map[string]any)["spec"].(map[string]any)["containers"])))
	require.NoError(t, set(o, path, nil))
	_, found, err = valueAt(o, path)
	require.NoError(t, err)
	assert.False(t, found)

	path[4] = inject.Element("name", "gone")
	_, found, err = valueAt(o, path)
	require.NoError(t, err)
	assert.False(t, found)
	require.NoError(t, set(o, path, nil), "what is not there needs no removing")
	require.ErrorContains(t, set(o, path, json.RawMessage(`"x"`)), "the element of the list is gone")
	_, _, err = valueAt(o, []string{"spec", inject.Element("name", "web"), "image"})
	require.ErrorContains(t, err, "spec is no list")
}

// TestElementIsPutBack: the container has moved in its list, and somebody has changed the one beside it.
func TestElementIsPutBack(t *testing.T) {
	o := object(t, deployment)
	path := []string{"spec", "template", "spec", "containers", inject.Element("name", "web"), "image"}
	c := &inject.Change{ID: "f/1/image-web", Object: inject.Object{Kind: "Deployment", Namespace: "shop", Name: "web", UID: "u1"},
		Edit: &inject.Edit{Fields: []inject.Field{{Path: path, Original: mustJSON("w:1"), Value: mustJSON("bad:1")}}}}
	require.NoError(t, set(o, path, c.Edit.Fields[0].Value))
	require.NoError(t, mark(o, "run-1", c))
	spec := o.Object["spec"].(map[string]any)["template"].(map[string]any)["spec"].(map[string]any)
	containers := spec["containers"].([]any)
	containers[0].(map[string]any)["image"] = "s:2"
	spec["containers"] = []any{containers[1], containers[0]}
	left, write, err := restore(o, "run-1", ReadMarks(o, c.Object).Changes[0])
	require.NoError(t, err)
	assert.True(t, write)
	assert.Equal(t, remains{}, left)
	assert.JSONEq(t, `[{"name":"web","image":"w:1"},{"name":"side","image":"s:2"}]`, string(mustJSON(spec["containers"])))

	text := (&Applier{run: "run-1"}).byHand(c, true)
	require.Len(t, text, 1)
	assert.Contains(t, text[0], "--type=strategic")
	assert.Contains(t, text[0], `"containers":[{"image":"w:1","name":"web"}]`)
}
