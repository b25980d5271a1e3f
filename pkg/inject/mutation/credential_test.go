package mutation_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/chaosctl/chaosctl/pkg/inject/mutation"
	"github.com/chaosctl/chaosctl/pkg/target"
)

// class is that of a character: what it may be replaced with.
func class(c byte) string {
	switch {
	case '0' <= c && c <= '9':
		return "digit"
	case 'a' <= c && c <= 'z':
		return "lower"
	case 'A' <= c && c <= 'Z':
		return "upper"
	}
	return "other " + string(c)
}

// TestWrongCredential: another value of the same length, with characters of the same classes in the same places.
func TestWrongCredential(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		right := rapid.StringMatching(`[-a-zA-Z0-9_/+=@é ]{0,8}[a-zA-Z0-9][-a-zA-Z0-9_/+=@é ]{0,30}`).Draw(t, "right")
		m := mutation.Mutation{Kind: mutation.WrongCredential, Draw: target.Draw{Seed: rapid.Int64().Draw(t, "seed"), Label: "f/1"}}
		broken, err := m.Of(text(right))
		require.NoError(t, err)
		wrong := string(broken.Value)
		require.NotEqual(t, right, wrong)
		require.Len(t, wrong, len(right))
		for i := range len(right) {
			require.Equal(t, class(right[i]), class(wrong[i]))
		}
	})
	hexadecimal := string(of(t, mutation.Mutation{Kind: mutation.WrongCredential}, "00ff-12ab-9cde\n").Value)
	assert.Regexp(t, `^[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}\n$`, hexadecimal)
	assert.Regexp(t, `^[0-9A-F]{8}$`, string(of(t, mutation.Mutation{Kind: mutation.WrongCredential}, "00FF12AB").Value))
	assert.NotEqual(t, "?!", string(of(t, mutation.Mutation{Kind: mutation.WrongCredential}, "?!").Value))

	inside := string(of(t, mutation.Mutation{Kind: mutation.WrongCredential, At: "password"}, `{"user": "admin", "password": "hunter2"}`).Value)
	assert.Regexp(t, `^\{"user": "admin", "password": "[a-z]{6}[0-9]"\}$`, inside)
}

// TestWrongCredentialTellsNothing: who sees the wrong one learns of the right one no more than its length and classes, even
// if he knows the seed.
func TestWrongCredentialTellsNothing(t *testing.T) {
	m := mutation.Mutation{Kind: mutation.WrongCredential}
	assert.Equal(t, of(t, m, "hunter2-xyz"), of(t, m, "qwerty7-abc"))
}

// TestWrongCredentialOfFew: where there are few, the one that is drawn is often the right one, and then is not taken.
func TestWrongCredentialOfFew(t *testing.T) {
	for _, right := range strings.Split("0123456789", "") {
		assert.NotEqual(t, right, string(of(t, mutation.Mutation{Kind: mutation.WrongCredential}, right).Value))
	}
}
