package inject_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/types"

	"github.com/chaosctl/chaosctl/pkg/inject"
)

func TestServiceSelector(t *testing.T) {
	v := served()
	changes := planned(t, &inject.ServiceSelector{}, v.scope())
	require.Len(t, changes, 1)
	c := changes[0]
	assert.Equal(t, "Service", c.Object.Kind)
	assert.Equal(t, "select by app=selects-nothing,traffic=open (pods now: 0) in place of app=web,traffic=open", c.What)
	assert.Equal(t, []inject.Field{{Path: []string{"spec", "selector", "app"}, Original: json.RawMessage(`"web"`), Value: json.RawMessage(`"selects-nothing"`)}}, c.Fields())
	assert.Equal(t, []types.UID{"uid-web-1", "uid-web-2", "uid-web-3"}, c.Removed(), "the guard counts all of them")
	assert.True(t, c.Reversible())

	v.pods[2].Labels["version"] = "v2"
	elsewhere := &inject.ServiceSelector{Service: "web", Selector: map[string]string{"app": "web", "version": "v2"}}
	c = planned(t, elsewhere, v.scope())[0]
	assert.Equal(t, []inject.Field{
		{Path: []string{"spec", "selector", "traffic"}, Original: json.RawMessage(`"open"`)},
		{Path: []string{"spec", "selector", "version"}, Value: json.RawMessage(`"v2"`)},
	}, c.Fields())
	assert.Equal(t, "restore spec.selector.traffic, remove spec.selector.version", c.Undo())
	assert.Equal(t, []types.UID{"uid-web-1", "uid-web-2"}, c.Removed(), "one is selected as before")
	assert.Contains(t, c.What, "(pods now: 1)")
}

func TestServiceSelectorRefused(t *testing.T) {
	v := served()
	refused(t, &inject.ServiceSelector{Selector: map[string]string{"app": "web", "traffic": "open"}}, v.scope(), "Service web selects by app=web,traffic=open already")
	refused(t, &inject.ServiceSelector{Service: "bare"}, v.scope(), "selects no pods by their labels")
	v.pods = append(v.pods, pod("odd", "n1", labelled(map[string]string{"app": "selects-nothing", "traffic": "open"})))
	refused(t, &inject.ServiceSelector{}, v.scope(), "which is meant to select nothing")
}
