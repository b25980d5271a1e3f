package mutation_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/chaosctl/chaosctl/pkg/inject/mutation"
)

func TestInside(t *testing.T) {
	const yaml = `# the server
server:
  host: "web.example"   # quoted
  port: 8080
  debug: false
limits: [10, -2.5e3]
mode: 'it''s open'
"a.b": on
text: |
  port: 8080
über: {größe: 3}
`
	const properties = `# the server
server.port=8080
server.host = web.example
server.debug: True
! another comment
server.names=a,\
  b
export TOKEN="open"  # quoted
EMPTY=
`
	for _, c := range []struct {
		name, original string
		kind           mutation.Kind
		at, old, new   string
	}{
		{"a boolean of JSON", "{\n\t\"a\": {\"b\": true, \"c\": [1, \"x\"]}}\n", mutation.Flip, "a.b", "true", "false"},
		{"a number of JSON", "{\n\t\"a\": {\"b\": true, \"c\": [1, \"x\"]}}\n", mutation.Flip, "a.c[0]", "[1", "[-1"},
		{"a word of JSON", `{"mode": "Open", "n": 1e3}`, mutation.Flip, "mode", "Open", "Closed"},
		{"another word of JSON", `{"mode": "fast\n", "n": 1e3}`, mutation.Flip, "mode", `fast\n`, `\ntsaf`},
		{"an escape of JSON", `{"mode": "<a&b>"}`, mutation.Flip, "mode", "<a&b>", ">b&a<"},
		{"text of JSON", `[{"mode": "open"}]`, mutation.WrongType, "[0].mode", `"open"`, "43"},
		{"the type of a number of JSON", `[{"a.b": 7}]`, mutation.WrongType, "[0][a.b]", `7`, `"no-number"`},
		{"the type of a boolean of JSON", `[{"a/b": true}]`, mutation.WrongType, "[0].a/b", `true`, `"no-boolean"`},
		{"the last of equal keys", `{"a": 1, "a": 2}`, mutation.Flip, "a", `2`, `-2`},
		{"a number of YAML", yaml, mutation.Flip, "server.port", "port: 8080\n  debug", "port: -8080\n  debug"},
		{"a boolean of YAML", yaml, mutation.Flip, "server.debug", "false", "true"},
		{"a number in a list of YAML", yaml, mutation.Flip, "limits[1]", "-2.5e3", "2.5e3"},
		{"text of YAML", yaml, mutation.WrongType, "server.host", `"web.example"`, "43"},
		{"quoted text of YAML", yaml, mutation.Flip, "mode", `'it''s open'`, `"nepo s'ti"`},
		{"a word of YAML", yaml, mutation.Flip, "[a.b]", `: on`, `: "off"`},
		{"after other characters", yaml, mutation.WrongType, "über.größe", "3", `"no-number"`},
		{"a number of a properties file", properties, mutation.Flip, "server.port", "=8080", "=-8080"},
		{"a boolean of a properties file", properties, mutation.Flip, "server.debug", "True", "False"},
		{"text of a properties file", properties, mutation.WrongType, "server.host", "web.example", "43"},
		{"a quoted word of an env file", properties, mutation.Flip, "TOKEN", "open", "closed"},
		{"a line of an env file", "DEBUG=true", mutation.Flip, "DEBUG", "true", "false"},
		{"one word", " open\n", mutation.Flip, "", "open", "closed"},
		{"one number", "8080\n", mutation.WrongType, "", "8080", "no-number"},
	} {
		t.Run(c.name, func(t *testing.T) {
			broken := of(t, mutation.Mutation{Kind: c.kind, At: c.at}, c.original)
			assert.Equal(t, c.at, broken.Path)
			before, after, found := cutLast(c.original, c.old)
			assert.True(t, found)
			assert.Equal(t, before+c.new+after, string(broken.Value))
		})
	}
	for _, at := range []string{"server", "text", "limits", "nothing"} {
		not(t, mutation.Mutation{Kind: mutation.Flip, At: at}, text(yaml))
	}
	for _, at := range []string{"server.names", "EMPTY"} {
		not(t, mutation.Mutation{Kind: mutation.Flip, At: at}, text(properties))
	}
}

// cutLast cuts a text around what stands in it, for the last time.
func cutLast(s, sep string) (before, after string, found bool) {
	for i := len(s) - len(sep); i >= 0; i-- {
		if s[i:i+len(sep)] == sep {
			return s[:i], s[i+len(sep):], true
		}
	}
	return s, "", false
}

// TestChosenInside: without a path the draw chooses, and by another seed another.
func TestChosenInside(t *testing.T) {
	seen := map[string]bool{}
	for seed := range int64(50) {
		m := mutation.Mutation{Kind: mutation.Flip, Draw: draw}
		m.Draw.Seed = seed
		broken, err := m.Of(text(`{"a": true, "b": 7, "c": "noon", "d": null, "e": "word"}`))
		assert.NoError(t, err)
		seen[broken.Path] = true
	}
	assert.Equal(t, map[string]bool{"a": true, "b": true, "e": true}, seen, "and only what has an opposite")
}
