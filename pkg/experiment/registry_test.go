package experiment_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/chaosctl/chaosctl/pkg/experiment"
)

func TestRegistry(t *testing.T) {
	type params struct{ Count int }
	var r experiment.Registry[*params]
	assert.Empty(t, r.Kinds())
	for _, name := range []string{"b", "a"} {
		r.Add(experiment.Definition[*params]{Name: name, New: func() *params { return &params{Count: 1} }})
	}
	all := r.Definitions()
	assert.Equal(t, []string{"a", "b"}, []string{all[0].Name, all[1].Name})
	first, second := r.Kinds()["a"](), r.Kinds()["a"]()
	assert.Equal(t, &params{Count: 1}, first)
	assert.NotSame(t, first, second)
	assert.Panics(t, func() { r.Add(experiment.Definition[*params]{Name: "a"}) })
}
