package mutation_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/inject/mutation"
	"github.com/chaosctl/chaosctl/pkg/target"
)

var draw = target.Draw{Seed: 42, Label: "fault/1"}

const room = 1 << 20

// of breaks a text as the value of a ConfigMap, twice.
func of(t *testing.T, m mutation.Mutation, original string) mutation.Broken {
	t.Helper()
	m.Draw = draw
	v := mutation.Value{Original: []byte(original), Text: true, Room: room}
	broken, err := m.Of(v)
	require.NoError(t, err)
	again, err := m.Of(v)
	require.NoError(t, err)
	require.Equal(t, broken, again, "the same draw gives the same value")
	require.Equal(t, original, string(v.Original))
	return broken
}

// not expects that a mutation cannot be made.
func not(t *testing.T, m mutation.Mutation, v mutation.Value) *mutation.NotApplicable {
	t.Helper()
	m.Draw = draw
	_, err := m.Of(v)
	var no *mutation.NotApplicable
	require.ErrorAs(t, err, &no)
	return no
}

func text(original string) mutation.Value {
	return mutation.Value{Original: []byte(original), Text: true, Room: room}
}

func TestWhole(t *testing.T) {
	for _, c := range []struct {
		mutation       mutation.Mutation
		original, want string
	}{
		{mutation.Mutation{Kind: mutation.Empty}, `{"a":1}`, ""},
		{mutation.Mutation{Kind: mutation.Truncate}, "123456", "123"},
		{mutation.Mutation{Kind: mutation.Truncate}, "é", ""},
		{mutation.Mutation{Kind: mutation.Given, With: []byte("mine")}, "x", "mine"},
		{mutation.Mutation{Kind: mutation.Stale, With: []byte("older")}, "x", "older"},
	} {
		assert.Equal(t, c.want, string(of(t, c.mutation, c.original).Value))
	}
	assert.Equal(t, mutation.Broken{Dropped: true}, of(t, mutation.Mutation{Kind: mutation.Drop}, ""))

	cut, err := mutation.Mutation{Kind: mutation.Truncate}.Of(mutation.Value{Original: []byte("é"), Room: room})
	require.NoError(t, err)
	assert.Equal(t, "\xc3", string(cut.Value), "what need not be text is cut where its half is")
}

func TestGarbage(t *testing.T) {
	m := mutation.Mutation{Kind: mutation.Garbage}
	first := of(t, m, "x")
	require.Error(t, json.Unmarshal(first.Value, new(any)))
	m.Draw = draw
	m.Draw.Seed++
	second, err := m.Of(text("x"))
	require.NoError(t, err)
	assert.NotEqual(t, first, second)
	not(t, mutation.Mutation{Kind: mutation.Garbage}, text(string(first.Value)))
}

func TestNotApplicable(t *testing.T) {
	const same = "that would leave the value as it is"
	for _, c := range []struct {
		mutation mutation.Mutation
		value    mutation.Value
		want     string
	}{
		{mutation.Mutation{Kind: mutation.Empty}, text(""), same},
		{mutation.Mutation{Kind: mutation.Truncate}, text(""), same},
		{mutation.Mutation{Kind: mutation.Given, With: []byte("x")}, text("x"), same},
		{mutation.Mutation{Kind: mutation.Stale, With: []byte("\xff")}, text("x"), "only text can stand there"},
		{mutation.Mutation{Kind: mutation.Given, With: []byte("long")}, mutation.Value{Original: []byte("x"), Room: 3}, "larger than Kubernetes lets it be"},
		{mutation.Mutation{Kind: mutation.Oversize}, mutation.Value{Original: []byte("xyz"), Room: 4096}, "as large as it may be already"},
		{mutation.Mutation{Kind: mutation.Flip}, text("two words"), "neither JSON, YAML, properties nor an env file, nor a single word"},
		{mutation.Mutation{Kind: mutation.Flip}, text("a: 1\n---\nb: 2\n"), "neither JSON, YAML"},
		{mutation.Mutation{Kind: mutation.Flip}, mutation.Value{Original: []byte("\xff\xfe"), Room: room}, "neither JSON, YAML"},
		{mutation.Mutation{Kind: mutation.Flip}, text("0"), "no value inside takes the mutation flip"},
		{mutation.Mutation{Kind: mutation.Flip}, text("noon"), "no value inside takes the mutation flip"},
		{mutation.Mutation{Kind: mutation.Flip}, text(`{"a": {}}`), "there is no value inside"},
		{mutation.Mutation{Kind: mutation.WrongType, At: "a"}, text(`{"a": null}`), "the value at a does not take the mutation wrongType"},
		{mutation.Mutation{Kind: mutation.WrongCredential}, text(""), "no letters and digits"},
		{mutation.Mutation{Kind: mutation.WrongCredential}, text("пароль"), "no letters and digits"},
		{mutation.Mutation{Kind: mutation.WrongCredential, At: "a"}, text("a: true"), "the value at a does not take"},
	} {
		assert.Contains(t, not(t, c.mutation, c.value).Reason, c.want, "%s of %q", string(c.mutation.Kind), c.value.Original)
	}
	missing := not(t, mutation.Mutation{Kind: mutation.Flip, At: "a.c"}, text(`{"a": {"b": true}}`))
	assert.Equal(t, "there is no value at a.c", missing.Reason)
	assert.Equal(t, []string{"a.b"}, missing.Paths)
}

func TestOversize(t *testing.T) {
	for _, original := range []string{"", "x", "some text\n", strings.Repeat("<&>", 10), strings.Repeat("\x01", 100_000), strings.Repeat("é", 300_000)} {
		grown := of(t, mutation.Mutation{Kind: mutation.Oversize}, original).Value
		assert.Greater(t, len(grown), room-4096-utf8.UTFMax)
		assert.LessOrEqual(t, len(grown), room-4096, "others may write to the object too")
		assert.True(t, strings.HasPrefix(string(grown), original))
		assert.True(t, utf8.Valid(grown))
		encoded, err := json.Marshal(string(grown))
		require.NoError(t, err)
		assert.Less(t, len(encoded), 5<<19, "the API server takes 3 MiB")
	}
}

func TestKinds(t *testing.T) {
	words := map[string]bool{}
	for _, name := range mutation.Kind("").Values() {
		kind := mutation.Kind(name)
		assert.False(t, words[kind.String()], "%s has the words of another", name)
		words[kind.String()] = true
	}
	assert.Len(t, words, 10)
}
