package configdiff_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/chaosctl/chaosctl/pkg/configdiff"
	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/inject"
)

func object(kind string) inject.Object {
	return inject.Object{Resource: schema.GroupVersionResource{Version: "v1", Resource: strings.ToLower(kind) + "s"}, Kind: kind, Namespace: "shop", Name: "settings"}
}

// raw is a value as JSON; nil is none.
func raw(t *testing.T, value any) json.RawMessage {
	t.Helper()
	if value == nil {
		return nil
	}
	text, err := json.Marshal(value)
	require.NoError(t, err)
	return text
}

// edit changes a key. Texts are values of data, bytes are in base64, as those of binaryData and of Secrets.
func edit(t *testing.T, kind, in, key string, before, after any) *inject.Change {
	t.Helper()
	return &inject.Change{Object: object(kind), Edit: &inject.Edit{Fields: []inject.Field{{Path: []string{in, key}, Original: raw(t, before), Value: raw(t, after)}}}}
}

// only is what is told of the only key.
func only(t *testing.T, c *inject.Change) event.ConfigKey {
	t.Helper()
	told := configdiff.Of(c)
	require.NotNil(t, told)
	require.Len(t, told.Keys, 1)
	return told.Keys[0]
}

func TestOf(t *testing.T) {
	long := strings.Repeat("x", 400)
	for name, c := range map[string]struct {
		before, after any
		want          []string
	}{
		"one line":            {"open", "closed", []string{"-open", "+closed"}},
		"dropped":             {"open\nport", nil, []string{"-open", "-port"}},
		"emptied":             {"open", "", []string{"-open"}},
		"new":                 {nil, "open", []string{"+open"}},
		"one line of many":    {"a\nb\nc\nd\ne\nf\n", "a\nb\nc\nd\nE\nf\n", []string{"@ line 2", " b", " c", " d", "-e", "+E", " f"}},
		"not the end of it":   {"a\nb", "a\nb\n", []string{" a", "-b", "+b"}},
		"deep in a line":      {long + "old" + long, long + "new" + long, []string{"-…" + long[:80] + "old" + long[:157] + "…", "+…" + long[:80] + "new" + long[:157] + "…"}},
		"a password":          {"host: db\npassword: hunter2\n", "host: db\npassword: other\n", []string{" host: db", "-(masked: 17 bytes that may hold a credential)", "+(masked: 15 bytes that may hold a credential)"}},
		"a password beside":   {"API_KEY=hunter2\nmode=open\n", "API_KEY=hunter2\nmode=\n", []string{" (masked: 15 bytes that may hold a credential)", "-mode=open", "+mode="}},
		"a password in a URL": {"postgres://shop:hunter2@db/shop", "", []string{"-(masked: 31 bytes that may hold a credential)"}},
	} {
		t.Run(name, func(t *testing.T) {
			told := only(t, edit(t, "ConfigMap", "data", "app.conf", c.before, c.after))
			assert.Equal(t, "data[app.conf]", told.Key)
			assert.Equal(t, c.want, told.Lines)
			assert.Empty(t, told.Withheld)
			for _, side := range []struct {
				value any
				size  *int
			}{{c.before, told.Before}, {c.after, told.After}} {
				if text, there := side.value.(string); there {
					assert.Equal(t, new(len(text)), side.size)
				} else {
					assert.Nil(t, side.size)
				}
			}
		})
	}
}

// TestWithheld: of what is not to be seen, or cannot be, the size is told and nothing else.
func TestWithheld(t *testing.T) {
	const pem = "-----BEGIN EC PRIVATE KEY-----\nhunter2\n-----END EC PRIVATE KEY-----\n"
	wrong := edit(t, "ConfigMap", "data", "db", "hunter2", "hunter3")
	wrong.Edit.Credential = true
	for name, c := range map[string]struct {
		change        *inject.Change
		before, after int
		want          string
	}{
		"a Secret":              {edit(t, "Secret", "data", "mode", []byte("hunter2"), []byte("hunter")), 7, 6, "the values of a Secret are shown nowhere"},
		"an empty one":          {edit(t, "Secret", "data", "mode", []byte("hunter2"), []byte{}), 7, 0, "the values of a Secret are shown nowhere"},
		"a wrong credential":    {wrong, 7, 7, "it may hold a credential"},
		"the name of a key":     {edit(t, "ConfigMap", "data", "DB_PASSWORD", "hunter2", "x"), 7, 1, "it may hold a credential"},
		"a private key":         {edit(t, "ConfigMap", "data", "tls.pem", pem, pem[:20]), len(pem), 20, "it may hold a credential"},
		"binary data":           {edit(t, "ConfigMap", "binaryData", "logo", []byte("hunter2\x00"), []byte("\xff")), 8, 1, "it is not text"},
		"more than is compared": {edit(t, "ConfigMap", "data", "mode", "hunter2", strings.Repeat("x", 900_000)), 7, 900_000, "it is too large to be compared"},
	} {
		t.Run(name, func(t *testing.T) {
			told := only(t, c.change)
			assert.Equal(t, c.want, told.Withheld)
			assert.Equal(t, []*int{new(c.before), new(c.after)}, []*int{told.Before, told.After})
			text, err := json.Marshal(told)
			require.NoError(t, err)
			assert.NotContains(t, string(text), "hunter")
			assert.NotContains(t, string(text), "aHVudGVy", "nor in base64")
		})
	}
}

func TestOfAWholeObject(t *testing.T) {
	configMap := `{"kind": "ConfigMap", "data": {"b": "two\nlines", "a": "one", "token": "hunter2"}, "binaryData": {"logo": "AAE="}}`
	told := configdiff.Of(&inject.Change{Object: object("ConfigMap"), Withdraw: &inject.Withdraw{Original: []byte(configMap)}})
	assert.Equal(t, &event.ConfigChange{Keys: []event.ConfigKey{
		{Key: "data.a", Before: new(3), Lines: []string{"-one"}},
		{Key: "data.b", Before: new(9), Lines: []string{"-two", "-lines"}},
		{Key: "data.token", Before: new(7), Withheld: "it may hold a credential"},
		{Key: "binaryData.logo", Before: new(2), Withheld: "it is not text"},
	}}, told)
	secret := `{"kind": "Secret", "data": {"password": "aHVudGVyMg=="}}`
	told = configdiff.Of(&inject.Change{Object: object("Secret"), Withdraw: &inject.Withdraw{Original: []byte(secret)}})
	assert.Equal(t, &event.ConfigChange{Keys: []event.ConfigKey{{Key: "data.password", Before: new(7), Withheld: "the values of a Secret are shown nowhere"}}}, told)
}

func TestOfAnythingElse(t *testing.T) {
	deployment := inject.Object{Resource: schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "deployments"}, Kind: "Deployment"}
	labels := edit(t, "ConfigMap", "metadata", "labels", "a", "b")
	for name, c := range map[string]*inject.Change{
		"another kind":     {Object: deployment, Edit: &inject.Edit{Fields: []inject.Field{{Path: []string{"data", "x"}, Value: raw(t, "y")}}}},
		"another field":    labels,
		"a creation":       {Object: object("ConfigMap"), Create: &inject.Create{}},
		"what is withheld": {Object: object("Secret"), Withdraw: &inject.Withdraw{}},
	} {
		t.Run(name, func(t *testing.T) { assert.Nil(t, configdiff.Of(c)) })
	}
}

// TestBounds: whatever an object holds, the log gets no more of it than is useful, and is told how much is left out.
func TestBounds(t *testing.T) {
	told := only(t, edit(t, "ConfigMap", "data", "many", strings.Repeat("line\n", 5000), ""))
	assert.Len(t, told.Lines, 200)
	assert.Equal(t, 4800, told.Cut)

	data := map[string]string{}
	for i := range 1000 {
		data[fmt.Sprintf("key-%04d", i)] = strings.Repeat(strings.Repeat("网", 100)+"\n", 3)
	}
	whole := &inject.Change{Object: object("ConfigMap"), Withdraw: &inject.Withdraw{Original: raw(t, map[string]any{"data": data})}}
	all := configdiff.Of(whole)
	assert.Len(t, all.Keys, 50)
	assert.Equal(t, 950, all.More)
	text, err := json.Marshal(all)
	require.NoError(t, err)
	assert.Less(t, len(text), 80<<10)

	for i := range 40 {
		data[fmt.Sprintf("key-%04d", i)] = strings.Repeat(strings.Repeat("x", 240)+"\n", 100)
	}
	whole.Withdraw.Original = raw(t, map[string]any{"data": data})
	all = configdiff.Of(whole)
	assert.Equal(t, "there is too much of it", all.Keys[49].Withheld)
	text, err = json.Marshal(all)
	require.NoError(t, err)
	assert.Less(t, len(text), 80<<10)
}
