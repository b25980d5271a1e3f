package apply

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"pgregory.net/rapid"

	"github.com/chaosctl/chaosctl/pkg/inject"
)

// object reads what the API server would give.
func object(t require.TestingT, text string) *unstructured.Unstructured {
	o := &unstructured.Unstructured{}
	require.NoError(t, o.UnmarshalJSON([]byte(text)))
	return o
}

const settings = `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"settings","namespace":"shop","uid":"u1","resourceVersion":"7"},"data":{"mode":"fast"}}`

// corrupt is a change of one key of the settings.
func corrupt(id, key, original, value string) *inject.Change {
	field := inject.Field{Path: []string{"data", key}}
	if original != "" {
		field.Original = mustJSON(original)
	}
	if value != "" {
		field.Value = mustJSON(value)
	}
	return &inject.Change{
		ID: id, Object: inject.Object{Kind: "ConfigMap", Namespace: "shop", Name: "settings", UID: "u1"},
		Edit: &inject.Edit{Fields: []inject.Field{field}},
	}
}

func TestMarkAndUnmark(t *testing.T) {
	o := object(t, settings)
	first, second := corrupt("f/1/a", "mode", "fast", "x"), corrupt("f/1/b", "size", "", "y")
	require.NoError(t, mark(o, "run-1", first))
	require.NoError(t, mark(o, "run-1", second))
	assert.True(t, marked(o, "run-1", first))
	assert.True(t, marked(o, "run-1", second))
	assert.Equal(t, "run-1", o.GetLabels()[RunLabel])

	was, write := unmark(o, "run-1", first)
	assert.True(t, was)
	assert.True(t, write)
	assert.False(t, marked(o, "run-1", first))
	assert.Equal(t, "run-1", o.GetLabels()[RunLabel], "another marker is left")
	was, write = unmark(o, "run-1", first)
	assert.False(t, was)
	assert.False(t, write, "there is nothing left to remove")
	was, write = unmark(o, "run-2", second)
	assert.False(t, was)
	assert.False(t, write, "it is another run's")

	was, write = unmark(o, "run-1", second)
	assert.True(t, was)
	assert.True(t, write)
	assert.NotContains(t, o.GetLabels(), RunLabel, "the label goes with the last marker")
	assert.Empty(t, o.GetAnnotations())
}

func TestUnmarkKeepsWhatIsNotOurs(t *testing.T) {
	o := object(t, settings)
	o.SetLabels(map[string]string{"app": "shop"})
	o.SetAnnotations(map[string]string{"note": "keep"})
	c := corrupt("f/1/a", "mode", "fast", "x")
	require.NoError(t, mark(o, "run-1", c))
	was, write := unmark(o, "run-1", c)
	require.True(t, was)
	require.True(t, write)
	assert.Equal(t, map[string]string{"app": "shop"}, o.GetLabels())
	assert.Equal(t, map[string]string{"note": "keep"}, o.GetAnnotations())
}

// TestUnmarkDropsRemains: others may have removed the annotation and left the label, and a backup brings back the marks of
// an object that is gone.
func TestUnmarkDropsRemains(t *testing.T) {
	c := corrupt("f/1/a", "mode", "fast", "x")
	for name, spoil := range map[string]func(*unstructured.Unstructured){
		"the label alone":   func(o *unstructured.Unstructured) { o.SetAnnotations(nil) },
		"another's mark":    func(o *unstructured.Unstructured) { o.SetUID("u2") },
		"a damaged mark":    func(o *unstructured.Unstructured) { o.SetAnnotations(map[string]string{MarkName("run-1", c.ID): "{"}) },
		"the annotation":    func(o *unstructured.Unstructured) { o.SetLabels(nil) },
		"none of the marks": func(*unstructured.Unstructured) {},
	} {
		t.Run(name, func(t *testing.T) {
			o := object(t, settings)
			require.NoError(t, mark(o, "run-1", c))
			spoil(o)
			_, write := unmark(o, "run-1", c)
			assert.True(t, write)
			assert.Empty(t, o.GetAnnotations())
			assert.Empty(t, o.GetLabels())
		})
	}
}

func TestMarksAreInOrder(t *testing.T) {
	o := object(t, settings)
	var want []string
	for i := range 10 {
		c := corrupt(string(rune('a'+i)), "mode", "", "x")
		want = append(want, c.ID)
		require.NoError(t, mark(o, "run-1", c))
		if i == 4 {
			unmark(o, "run-1", corrupt("c", "mode", "", ""))
		}
	}
	var got []string
	for _, c := range ReadMarks(o, inject.Object{}).Changes {
		got = append(got, c.ID)
	}
	assert.Equal(t, append(want[:2:2], want[3:]...), got)
}

func TestMarkerTells(t *testing.T) {
	o := object(t, settings)
	c := corrupt("f/1/a", "mode", "fast", "")
	c.Edit.Fields = append(c.Edit.Fields, corrupt("", "size", "", "large").Edit.Fields...)
	require.NoError(t, mark(o, "run-1", c))
	var m marker
	require.NoError(t, json.Unmarshal([]byte(o.GetAnnotations()[MarkName("run-1", c.ID)]), &m))
	assert.Equal(t, "run-1", m.Run)
	assert.Equal(t, "f/1/a", m.Change)
	assert.Equal(t, types.UID("u1"), m.UID, "a copy on another object can be told apart")
	require.Len(t, m.Fields, 2)
	assert.JSONEq(t, `"fast"`, string(m.Fields[0].Original))
	assert.Empty(t, m.Fields[0].Digest, "the field was removed")
	assert.Nil(t, m.Fields[1].Original)
	assert.Len(t, m.Fields[1].Digest, 64)
	assert.NotContains(t, o.GetAnnotations()[MarkName("run-1", c.ID)], "large", "what was written is not repeated")
}

func TestAnnotationIsAName(t *testing.T) {
	a := MarkName("run-1", strings.Repeat("x", 300)+"/"+"a[b]")
	assert.NotEqual(t, a, MarkName("run-1", "y"))
	assert.NotEqual(t, MarkName("run-1", "y"), MarkName("run-2", "y"), "a later run does the same, and whoever still recovers the earlier one must not undo that")
	prefix, name, ok := strings.Cut(a, "/")
	require.True(t, ok)
	assert.Equal(t, "chaosctl.dev", prefix)
	assert.LessOrEqual(t, len(name), 63)
}

// holds compares a field with a value in JSON; nil means absent.
func holds(o *unstructured.Unstructured, path []string, want json.RawMessage) (bool, error) {
	have, found, err := valueAt(o, path)
	return inject.Field{Value: want}.IsValue(have, found), err
}

func TestHoldsAndSet(t *testing.T) {
	o := object(t, `{"apiVersion":"v1","kind":"Node","metadata":{"name":"n"},"spec":{"unschedulable":true,"number":3,"list":["a",1],"nothing":null}}`)
	for name, c := range map[string]struct {
		path string
		want string
		ok   bool
	}{
		"equal":           {"spec.unschedulable", "true", true},
		"different":       {"spec.unschedulable", "false", false},
		"a whole number":  {"spec.number", "3", true},
		"another number":  {"spec.number", "4", false},
		"a list":          {"spec.list", `["a",1]`, true},
		"absent, wanted":  {"spec.other", "1", false},
		"absent, absent":  {"spec.other", "", true},
		"present, absent": {"spec.number", "", false},
		"no parent":       {"status.deep.field", "", true},
		"null is there":   {"spec.nothing", "null", true},
	} {
		t.Run(name, func(t *testing.T) {
			var want json.RawMessage
			if c.want != "" {
				want = json.RawMessage(c.want)
			}
			ok, err := holds(o, strings.Split(c.path, "."), want)
			require.NoError(t, err)
			assert.Equal(t, c.ok, ok)
		})
	}
	_, err := holds(o, []string{"spec", "number", "part"}, json.RawMessage("1"))
	require.Error(t, err, "the path leads through a number")
	require.Error(t, set(o, []string{"spec", "number", "part"}, json.RawMessage("1")))
	require.Error(t, set(o, []string{"spec", "x"}, json.RawMessage("{")))
}

func TestSetMakesAndLeavesParents(t *testing.T) {
	o := object(t, `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web"}}`)
	path := []string{"spec", "template", "metadata", "annotations", "a.b/c"}
	require.NoError(t, set(o, path, json.RawMessage(`"x"`)))
	ok, err := holds(o, path, json.RawMessage(`"x"`))
	require.NoError(t, err)
	assert.True(t, ok)
	require.NoError(t, set(o, path, nil))
	ok, err = holds(o, path, nil)
	require.NoError(t, err)
	assert.True(t, ok)
	require.NoError(t, set(o, []string{"nowhere", "at", "all"}, nil))
	assert.NotContains(t, o.Object, "nowhere", "removing makes no parents")
}

func TestMergePatch(t *testing.T) {
	from := object(t, settings)
	to := from.DeepCopy()
	c := corrupt("f/1/a", "mode", "fast", "broken")
	require.NoError(t, set(to, c.Edit.Fields[0].Path, c.Edit.Fields[0].Value))
	require.NoError(t, mark(to, "run-1", c))
	patch, err := mergePatch(from, to)
	require.NoError(t, err)
	var got map[string]any
	require.NoError(t, json.Unmarshal(patch, &got))
	metadata := got["metadata"].(map[string]any)
	assert.Equal(t, "u1", metadata["uid"])
	assert.Equal(t, "7", metadata["resourceVersion"])
	assert.Equal(t, map[string]any{RunLabel: "run-1"}, metadata["labels"])
	assert.Contains(t, metadata["annotations"], MarkName("run-1", c.ID))
	assert.Equal(t, map[string]any{"mode": "broken"}, got["data"])
	assert.Len(t, got, 2, "nothing else is touched: %s", patch)
	assert.Len(t, metadata, 4)

	back, err := mergePatch(to, from)
	require.NoError(t, err)
	assert.JSONEq(t, `{"data":{"mode":"fast"},"metadata":{"annotations":null,"labels":null,"resourceVersion":"7","uid":"u1"}}`, string(back))
}

// TestRestore is the three-way decision of an undo, field by field.
func TestRestore(t *testing.T) {
	c := corrupt("f/1/a", "mode", "fast", "broken")
	dropped := corrupt("f/1/a", "mode", "fast", "")
	added := corrupt("f/1/a", "mode", "", "broken")
	for name, x := range map[string]struct {
		change *inject.Change
		found  string // the field's value as the undo finds it; empty is absent
		marked bool
		want   string
		write  bool
		// diverged, setBack and unmarked are what is told of the field.
		diverged, setBack, unmarked bool
	}{
		"ours":                         {c, "broken", true, "fast", true, false, false, false},
		"ours, dropped":                {dropped, "", true, "fast", true, false, false, false},
		"ours, added":                  {added, "broken", true, "", true, false, false, false},
		"changed by others":            {c, "slow", true, "slow", true, true, false, false},
		"removed by others":            {c, "", true, "", true, true, false, false},
		"set back by others":           {c, "fast", true, "fast", true, false, true, false},
		"undone before":                {c, "fast", false, "fast", false, false, true, true},
		"replaced, and the marker too": {c, "slow", false, "slow", false, true, false, true},
		"a value like ours, unmarked":  {c, "broken", false, "broken", false, true, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			o := object(t, settings)
			var value json.RawMessage
			if x.found != "" {
				value = mustJSON(x.found)
			}
			require.NoError(t, set(o, []string{"data", "mode"}, value))
			if x.marked {
				require.NoError(t, mark(o, "run-1", x.change))
			}
			left, write, err := restore(o, "run-1", x.change)
			require.NoError(t, err)
			assert.Equal(t, x.write, write)
			assert.Equal(t, x.diverged, len(left.diverged) == 1)
			assert.Equal(t, x.setBack, len(left.setBack) == 1)
			assert.Equal(t, x.unmarked, left.unmarked)
			assert.Equal(t, name == "a value like ours, unmarked", left.keepsOurs())
			assert.False(t, marked(o, "run-1", x.change))
			got, _, err := unstructured.NestedString(o.Object, "data", "mode")
			require.NoError(t, err)
			assert.Equal(t, x.want, got)
			again, write, err := restore(o, "run-1", x.change)
			require.NoError(t, err)
			assert.False(t, write, "a second undo has nothing to write: %+v", again)
		})
	}
}

// TestRestoreAfterFault: whatever is broken comes back, and nothing else moves.
func TestRestoreAfterFault(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := object(t, settings)
		before := o.DeepCopy()
		keys := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"mode", "a", "b.c", "d/e"}), 1, 4, rapid.ID).Draw(t, "keys")
		c := corrupt("f/1/a", "mode", "fast", "x")
		c.Edit.Fields = nil
		for _, key := range keys {
			f := inject.Field{Path: []string{"data", key}}
			if key == "mode" {
				f.Original = mustJSON("fast")
			}
			if rapid.Bool().Draw(t, "kept") || key != "mode" {
				f.Value = mustJSON("broken " + rapid.String().Draw(t, "value"))
			}
			c.Edit.Fields = append(c.Edit.Fields, f)
			require.NoError(t, set(o, f.Path, f.Value))
		}
		require.NoError(t, mark(o, "run-1", c))
		left, write, err := restore(o, "run-1", c)
		require.NoError(t, err)
		require.True(t, write)
		require.Equal(t, remains{}, left)
		patch, err := mergePatch(before, o)
		require.NoError(t, err)
		require.JSONEq(t, `{"metadata":{"uid":"`+string(types.UID("u1"))+`","resourceVersion":"7"}}`, withoutEmpty(t, patch))
	})
}

// withoutEmpty drops maps that are empty: the API server does not store them.
func withoutEmpty(t require.TestingT, patch []byte) string {
	var m map[string]map[string]any
	require.NoError(t, json.Unmarshal(patch, &m))
	for _, name := range []string{"annotations", "labels"} {
		if inner, ok := m["metadata"][name].(map[string]any); ok && len(inner) == 0 {
			delete(m["metadata"], name)
		}
	}
	text, err := json.Marshal(m)
	require.NoError(t, err)
	return string(text)
}

// TestReadMarks: a marker alone tells all that an undo needs, save an original that is too large or too confidential.
func TestReadMarks(t *testing.T) {
	o := object(t, settings)
	c := corrupt("f/1/a", "mode", "fast", "broken")
	c.UndoAfter = "f/1/b"
	require.NoError(t, set(o, c.Edit.Fields[0].Path, c.Edit.Fields[0].Value))
	require.NoError(t, mark(o, "run-1", c))
	found := ReadMarks(o, c.Object)
	require.Len(t, found.Changes, 1)
	assert.Equal(t, []string{"run-1"}, found.Runs)
	back := found.Changes[0]
	assert.Equal(t, c.ID, back.ID)
	assert.Equal(t, "f/1/b", back.UndoAfter)
	left, write, err := restore(o, "run-1", back)
	require.NoError(t, err)
	assert.True(t, write)
	assert.Equal(t, remains{}, left)
	assert.Equal(t, object(t, settings).Object["data"], o.Object["data"])

	other := object(t, strings.Replace(settings, "u1", "u2", 1))
	require.NoError(t, mark(other, "run-1", c))
	other.SetAnnotations(map[string]string{undoPrefix + "torn": `{"run":`, MarkName("run-1", c.ID): other.GetAnnotations()[MarkName("run-1", c.ID)], "note": "x"})
	found = ReadMarks(other, c.Object)
	assert.Empty(t, found.Changes)
	assert.Equal(t, []string{MarkName("run-1", c.ID)}, found.Copies)
	assert.Equal(t, []string{undoPrefix + "torn"}, found.Broken)
}

func TestOriginalsThatAreKeptElsewhere(t *testing.T) {
	large := corrupt("f/1/a", "mode", strings.Repeat("x", inject.InlineOriginal), "broken")
	secret := corrupt("f/1/a", "mode", "hunter2", "broken")
	secret.Object.Resource = corev1.SchemeGroupVersion.WithResource("secrets")
	for name, c := range map[string]*inject.Change{"large": large, "confidential": secret} {
		t.Run(name, func(t *testing.T) {
			o := object(t, settings)
			require.NoError(t, set(o, c.Edit.Fields[0].Path, c.Edit.Fields[0].Value))
			require.NoError(t, mark(o, "run-1", c))
			assert.Less(t, len(o.GetAnnotations()[MarkName("run-1", c.ID)]), 1000)
			assert.NotContains(t, o.GetAnnotations()[MarkName("run-1", c.ID)], "hunter2")
			before := o.DeepCopy()
			_, write, err := restore(o, "run-1", ReadMarks(o, c.Object).Changes[0])
			require.ErrorIs(t, err, errOriginalMissing)
			assert.False(t, write)
			_, write, err = restore(before, "run-1", c)
			require.NoError(t, err, "who has the journal can")
			assert.True(t, write)
			assert.Equal(t, []string{"chaosctl recover --all"}, (&Applier{run: "run-1"}).byHand(secret, true), "no value of a Secret is shown")
		})
	}
}

// TestMarkOfASubresource: by which a change was written it is restored, by whoever finds its mark, or by hand.
func TestMarkOfASubresource(t *testing.T) {
	o := object(t, `{"apiVersion":"v1","kind":"Pod","metadata":{"namespace":"shop","name":"web-1","uid":"u1"},
"status":{"conditions":[{"type":"Ready","status":"True"},{"type":"example.com/in","status":"True"}]}}`)
	path := []string{"status", "conditions", inject.Element("type", "example.com/in"), "status"}
	c := &inject.Change{
		ID: "f/1/unready", Object: inject.Object{Kind: "Pod", Namespace: "shop", Name: "web-1", UID: "u1"},
		Edit: &inject.Edit{Subresource: "status", Fields: []inject.Field{{Path: path, Original: json.RawMessage(`"True"`), Value: json.RawMessage(`"False"`)}}},
	}
	require.NoError(t, set(o, path, c.Edit.Fields[0].Value))
	require.NoError(t, mark(o, "run-1", c))
	found := ReadMarks(o, c.Object)
	require.Len(t, found.Changes, 1)
	assert.Equal(t, "status", found.Changes[0].Subresource())
	assert.Equal(t, []string{"status"}, subresources(found.Changes[0]))

	left, write, err := restore(o, "run-1", found.Changes[0])
	require.NoError(t, err)
	assert.True(t, write)
	assert.Empty(t, left.lost())
	value, _, err := valueAt(o, path)
	require.NoError(t, err)
	assert.Equal(t, "True", value)
	assert.Empty(t, o.GetAnnotations())

	command := (&Applier{run: "run-1"}).byHand(c, true)[0]
	assert.Contains(t, command, "kubectl -n shop patch pod web-1 --subresource=status --type=strategic")
	assert.Contains(t, command, `"conditions":[{"status":"True","type":"example.com/in"}]`)
	assert.Empty(t, subresources(corrupt("f/1/a", "mode", "fast", "x")))
}
