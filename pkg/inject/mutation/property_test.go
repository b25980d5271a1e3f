package mutation_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
	"pgregory.net/rapid"

	"github.com/chaosctl/chaosctl/pkg/inject/mutation"
	"github.com/chaosctl/chaosctl/pkg/target"
)

// notation is a format with a reader that is not the one under test.
type notation struct {
	name  string
	write func(any) (string, error)
	read  func(string) (any, error)
	// deep says that values may hold others.
	deep bool
}

var notations = []notation{
	{"JSON", func(v any) (string, error) { text, err := json.MarshalIndent(v, "", "  "); return string(text), err }, func(s string) (v any, err error) { return v, json.Unmarshal([]byte(s), &v) }, true},
	{"YAML", func(v any) (string, error) { text, err := yaml.Marshal(v); return string(text), err }, func(s string) (v any, err error) { return v, yaml.Unmarshal([]byte(s), &v) }, true},
	{"properties", writeProperties, readProperties, false},
}

func writeProperties(v any) (string, error) {
	var b strings.Builder
	for key, value := range v.(map[string]any) {
		fmt.Fprintf(&b, "# of %s\n%s = %v\n\n", key, key, value)
	}
	return b.String(), nil
}

func readProperties(s string) (any, error) {
	all := map[string]any{}
	for line := range strings.Lines(s) {
		if key, value, ok := strings.Cut(line, " = "); ok && !strings.HasPrefix(line, "#") {
			all[key] = strings.TrimSpace(value)
		}
	}
	return all, nil
}

// flat lists the values inside by their paths.
func flat(path string, v any, into map[string]any) map[string]any {
	switch v := v.(type) {
	case map[string]any:
		for key, inner := range v {
			flat(path+"/"+key, inner, into)
		}
	case []any:
		for i, inner := range v {
			flat(fmt.Sprint(path, "/", i), inner, into)
		}
	default:
		into[path] = fmt.Sprintf("%T %v", v, v)
	}
	return into
}

func scalars() *rapid.Generator[any] {
	return rapid.OneOf(
		rapid.Bool().AsAny(), rapid.IntRange(-9999, 9999).AsAny(), rapid.Float64Range(-1e6, 1e6).AsAny(),
		rapid.StringMatching(`[a-z]{1,8}`).AsAny(), rapid.StringMatching(`[ -~éλ]{1,20}`).AsAny(), rapid.SampledFrom([]any{"true", "007", "1e3", "~", "- a", "yes", "a: b", "#", "\"", "'"}),
	)
}

func documents(depth int) *rapid.Generator[any] {
	of := scalars()
	if depth > 0 {
		of = rapid.OneOf(scalars(), scalars(), documents(depth-1), rapid.SliceOfN(documents(depth-1), 0, 3).AsAny())
	}
	return rapid.Custom(func(t *rapid.T) any {
		object := map[string]any{}
		for key, value := range rapid.MapOfN(rapid.StringMatching(`[a-z][-a-z.A-Z_]{0,8}`), of, 1, 4).Draw(t, "object") {
			object[key] = value
		}
		return object
	})
}

// TestOneValueInside: in every notation a mutation inside changes exactly one value, and leaves a document of that notation.
func TestOneValueInside(t *testing.T) {
	for _, n := range notations {
		t.Run(n.name, func(t *testing.T) {
			broken, tried := 0, 0
			rapid.Check(t, func(t *rapid.T) {
				depth := 0
				if n.deep {
					depth = 3
				}
				original, err := n.write(documents(depth).Draw(t, "document"))
				require.NoError(t, err)
				before, err := n.read(original)
				require.NoError(t, err)
				m := mutation.Mutation{
					Kind: rapid.SampledFrom([]mutation.Kind{mutation.Flip, mutation.WrongType}).Draw(t, "kind"),
					Draw: target.Draw{Seed: rapid.Int64().Draw(t, "seed"), Label: "f/1"},
				}
				tried++
				result, err := m.Of(text(original))
				if errors.As(err, new(*mutation.NotApplicable)) {
					return
				}
				require.NoError(t, err)
				broken++
				after, err := n.read(string(result.Value))
				require.NoError(t, err, "it is still %s: %s", n.name, result.Value)
				old, now := flat("", before, map[string]any{}), flat("", after, map[string]any{})
				require.Len(t, now, len(old))
				changed := 0
				for path, value := range old {
					if now[path] != value {
						changed++
					}
				}
				require.Equal(t, 1, changed, "%s\n=>\n%s", original, result.Value)
			})
			require.Greater(t, broken, tried*3/4, "of most documents it can be made")
		})
	}
}

// FuzzOf: whatever the value, a mutation can be made of it as it promises, or says that it cannot.
func FuzzOf(f *testing.F) {
	for _, seed := range []string{
		"", "open", `{"a": [1, {"b": "c"}], "a": null}`, "a: &x 1\nb: *x\nc: !!str 2\nd: \"\\\n  e\"\n", "<<: {a: 1}\n? [b]\n: c\n", "A=1\nexport B=\"x\" # y\n",
		"a=b\\\nc\n", "\xff", "- 'a''b'\n- \"\\\"\"\n- |\n  x\n", "YWJjZA==", "a: 0x1F\nb: .inf\nc: 2001-01-01\n", "\ufeffa: 1\r\nb: 2\r", "%YAML 1.1\n---\na: b\n...\n", "{a: b, c: [d, e]}",
	} {
		f.Add([]byte(seed), uint8(0), int64(1), true)
	}
	kinds := mutation.Kind("").Values()
	f.Fuzz(func(t *testing.T, original []byte, kind uint8, seed int64, isText bool) {
		m := mutation.Mutation{Kind: mutation.Kind(kinds[int(kind)%len(kinds)]), With: []byte("given"), Draw: target.Draw{Seed: seed, Label: "f/1"}}
		v := mutation.Value{Original: original, Text: isText && utf8.Valid(original), Room: 8192}
		broken, err := m.Of(v)
		if err != nil {
			require.ErrorAs(t, err, new(*mutation.NotApplicable))
			return
		}
		again, err := m.Of(v)
		require.NoError(t, err)
		require.Equal(t, broken, again)
		if broken.Dropped {
			return
		}
		require.NotEqual(t, string(original), string(broken.Value))
		require.LessOrEqual(t, len(broken.Value), max(v.Room, len(original)))
		require.True(t, !v.Text || utf8.Valid(broken.Value))
		if m.Kind == mutation.WrongCredential {
			require.Len(t, broken.Value, len(original))
		}
	})
}
