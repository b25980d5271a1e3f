package jsonschema

import (
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/experiment"
)

func TestPhrase(t *testing.T) {
	for name, words := range map[string]string{
		"Load": "Load", "GameDayExperiment": "Game day experiment", "HTTPLoad": "HTTP load", "podKill": "pod kill",
	} {
		assert.Equal(t, words, phrase(name))
	}
}

func TestAbout(t *testing.T) {
	assert.Equal(t, "count is how many.", about("Count is how many.", "Count", "count"))
	assert.Equal(t, "Counts are many.", about("Counts are many.", "Count", "count"), "another word that begins alike")
}

func TestWritten(t *testing.T) {
	for want, v := range map[any]any{
		"2m": experiment.Duration(2 * time.Minute), "1h": experiment.Duration(time.Hour), "1h30m": experiment.Duration(90 * time.Minute),
		"10m10s": experiment.Duration(610 * time.Second), "0s": experiment.Duration(0), "99.9%": experiment.Percent(0.999),
		3: experiment.CountOf(3), "all": experiment.Count{All: true}, "run": "run", true: true,
	} {
		got, err := written(reflect.ValueOf(v))
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
}

// TestBareField refuses to describe a field that nobody has described.
func TestBareField(t *testing.T) {
	type bare struct {
		Count int `json:"count"`
	}
	g := Generator{
		Catalogue: experiment.Catalogue{Faults: experiment.Kinds{"bare": func() any { return &bare{} }}},
		Docs:      &Comments{Root: "../..", Module: "github.com/chaosctl/chaosctl"},
	}
	_, err := g.Document(experiment.KindExperiment)
	assert.ErrorContains(t, err, "bare.Count has no doc comment")
}
