package condition_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/condition"
)

func TestCompileRefuses(t *testing.T) {
	for expression, why := range map[string]string{
		"":                      "the condition is empty",
		" ":                     "the condition is empty",
		"aftr.x == 1":           "character 1: undeclared reference to 'aftr'",
		"after.x ==":            "Syntax error",
		"1 + 1":                 "the condition gives int: expected a true or false",
		`"a" + 1 == "a1"`:       "found no matching overload",
		"after.x.nope()":        "undeclared reference to 'nope'",
		"size(after.x, 1) == 2": "found no matching overload",
	} {
		_, err := condition.Compile(expression, "before", "after")
		assert.ErrorContains(t, err, why, expression)
	}
}

func TestReads(t *testing.T) {
	for expression, want := range map[string]string{
		"after.a.b == before.a.b":                                   "after.a.b before.a.b",
		"after.a.b > 1 && after.a.b < 3":                            "after.a.b",
		`after.a["b/c"].d == "x"`:                                   "after.a.b/c.d",
		"after.pods[0].status == before.pods[after.n].status":       "after.pods before.pods after.n",
		"after.pods.all(p, p.status.phase == 'Running')":            "after.pods",
		"has(after.a.b) ? size(after.l) == 2 : before == after":     "after.a.b after.l before after",
		"after.pods.map(p, p.metadata.name) == [before.x, {}.y]":    "after.pods before.x",
		"after.pods.exists(p, p.n == before.deployment.metadata.n)": "after.pods before.deployment.metadata.n",
		"true": "",
	} {
		c, err := condition.Compile(expression, "before", "after")
		require.NoError(t, err, expression)
		var paths []string
		for _, p := range c.Reads() {
			paths = append(paths, p.String())
		}
		assert.ElementsMatch(t, strings.Fields(want), paths, expression)
	}
}

func TestHolds(t *testing.T) {
	values := map[string]any{"object": map[string]any{
		"n": int64(3), "s": "x", "l": []any{int64(1), int64(2)}, "m": map[string]any{"k": true}, "half": 0.5,
	}}
	holds := func(expression string) (bool, error) {
		c, err := condition.Compile(expression, "object")
		require.NoError(t, err)
		return c.Holds(t.Context(), values)
	}
	for expression, want := range map[string]bool{
		"object.n == 3": true, "object.n + 1 > 4": false, "object.m.k": true, `object["s"] == "x"`: true,
		"object.l.exists(i, i == 2)": true, "has(object.none)": false, "object.half < object.n": true,
	} {
		got, err := holds(expression)
		require.NoError(t, err, expression)
		assert.Equal(t, want, got, expression)
	}
	_, err := holds("object.none == 3")
	var missing *condition.NoFieldError
	require.ErrorAs(t, err, &missing)
	require.EqualError(t, err, "no such key: none")
	_, err = holds("object.n")
	require.EqualError(t, err, "the condition gave 3, not true or false")
	_, err = holds("object.l[7] == 1")
	assert.ErrorContains(t, err, "index out of bounds")
}

// TestHoldsIsBounded gives up on what computes too much, and when it is told to stop.
func TestHoldsIsBounded(t *testing.T) {
	values := map[string]any{"object": map[string]any{"l": make([]any, 300)}}
	c, err := condition.Compile("object.l.all(a, object.l.all(b, object.l.all(c, a == b && b == c)))", "object")
	require.NoError(t, err)
	_, err = c.Holds(t.Context(), values)
	require.ErrorContains(t, err, "cost limit exceeded")

	stopped, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = c.Holds(stopped, values)
	assert.Error(t, err)
}

// TestVariables evaluates conditions over each type of variable, and refuses what the types cannot do.
func TestVariables(t *testing.T) {
	variables := []condition.Variable{
		condition.Object("object"), condition.Objects("answers"), condition.Text("stdout"), condition.Integer("exitCode"), condition.Number("value"),
	}
	values := map[string]any{
		"object": map[string]any{"n": int64(1)}, "answers": []map[string]any{{"value": "10.0.0.1", "ttl": int64(30)}},
		"stdout": "ready\n", "exitCode": int64(3), "value": 3.0,
	}
	for expression, want := range map[string]bool{
		"object.n == 1": true, "answers.all(a, a.ttl <= 30)": true, "answers[0].value == '10.0.0.2'": false, "size(answers) == 1": true,
		"stdout.contains('ready') && exitCode == 3": true, "value == 3 && value < 4 && value > 2.5": true, "value == 3.5": false,
	} {
		c, err := condition.CompileOver(expression, variables...)
		require.NoError(t, err, expression)
		got, err := c.Holds(t.Context(), values)
		require.NoError(t, err, expression)
		assert.Equal(t, want, got, expression)
	}
	for _, expression := range []string{"exitCode == 'none'", "stdout > 3", "answers.ttl == 3", "nothing == 1", "stdout"} {
		_, err := condition.CompileOver(expression, variables...)
		assert.Error(t, err, expression)
	}
}

func TestReadsAny(t *testing.T) {
	c, err := condition.CompileOver("stdout.contains('x') || object.a.b == 1", condition.Text("stdout"), condition.Text("stderr"), condition.Object("object"))
	require.NoError(t, err)
	assert.True(t, c.ReadsAny("stderr", "stdout"))
	assert.True(t, c.ReadsAny("object"))
	assert.False(t, c.ReadsAny("stderr"))
	assert.False(t, c.ReadsAny())
}
