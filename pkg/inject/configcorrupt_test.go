package inject_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/chaosctl/chaosctl/pkg/configdiff"
	"github.com/chaosctl/chaosctl/pkg/inject"
	"github.com/chaosctl/chaosctl/pkg/inject/mutation"
)

func withSettings(data map[string]string, change ...func(*corev1.ConfigMap)) *view {
	c := corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "settings", UID: "uid-settings"}, Data: data}
	for _, do := range change {
		do(&c)
	}
	return &view{configMaps: []corev1.ConfigMap{c}}
}

func withSecret(data map[string]string, change ...func(*corev1.Secret)) *view {
	s := corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "settings", UID: "uid-secret"}, Data: map[string][]byte{}, Type: corev1.SecretTypeOpaque}
	for key, value := range data {
		s.Data[key] = []byte(value)
	}
	for _, do := range change {
		do(&s)
	}
	return &view{secrets: []corev1.Secret{s}}
}

func corrupt(m mutation.Kind, change ...func(*inject.ConfigCorrupt)) *inject.ConfigCorrupt {
	f := &inject.ConfigCorrupt{ConfigMap: "settings", Key: "app.json", Mutation: m}
	for _, do := range change {
		do(f)
	}
	return f
}

func ofSecret(f *inject.ConfigCorrupt) { f.ConfigMap, f.Secret = "", "settings" }

func at(path string) func(*inject.ConfigCorrupt) {
	return func(f *inject.ConfigCorrupt) { f.At = path }
}

// field is the one that a plan changes.
func field(t *testing.T, changes []inject.Change) inject.Field {
	t.Helper()
	require.Len(t, changes, 1)
	require.Len(t, changes[0].Edit.Fields, 1)
	return changes[0].Edit.Fields[0]
}

func TestConfigCorrupt(t *testing.T) {
	const original = `{"mode": "open", "port": 8080}`
	v := withSettings(map[string]string{"app.json": original, "old.json": `{"mode": "old"}`, "other": "x"})
	v.configMaps = append(v.configMaps, corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "settings-v1"}, Data: map[string]string{"app.json": "v1"}})
	from := func(s inject.ConfigSource) *inject.ConfigCorrupt {
		return corrupt("", func(f *inject.ConfigCorrupt) { f.From = &s })
	}
	for _, c := range []struct {
		fault      *inject.ConfigCorrupt
		want, what string
	}{
		{corrupt(mutation.Empty), ``, "empty the value"},
		{corrupt(mutation.Truncate), original[:15], "cut the value in half"},
		{corrupt(mutation.Flip, at("port")), `{"mode": "open", "port": -8080}`, "turn one value into its opposite, at port"},
		{corrupt(mutation.WrongType, at("mode")), `{"mode": 43, "port": 8080}`, "replace one value with one of another type, at mode"},
		{corrupt("", func(f *inject.ConfigCorrupt) { f.Value = "mine" }), "mine", "replace the value with the given one"},
		{corrupt(mutation.Stale, func(f *inject.ConfigCorrupt) { f.Value = "older" }), "older", "replace the value with an older version"},
		{from(inject.ConfigSource{Key: "old.json"}), `{"mode": "old"}`, `replace the value with an older version, that of key "old.json" of ConfigMap settings`},
		{from(inject.ConfigSource{ConfigMap: "settings-v1"}), "v1", `replace the value with an older version, that of key "app.json" of ConfigMap settings-v1`},
	} {
		changes := planned(t, c.fault, v.scope())
		f := field(t, changes)
		assert.Equal(t, []string{"data", "app.json"}, f.Path)
		assert.JSONEq(t, quoted(original), string(f.Original))
		assert.JSONEq(t, quoted(c.want), string(f.Value))
		assert.Equal(t, "data[app.json]: "+c.what, changes[0].What)
		assert.Equal(t, "restore data[app.json]", changes[0].Undo())
	}
	both := corrupt("", at("port"), func(f *inject.ConfigCorrupt) { f.Mutations = []mutation.Kind{mutation.Empty, mutation.Flip} })
	assert.Equal(t, "data[app.json]: empty the value (1 of 2 mutations: empty, flip)", planned(t, both, v.scope())[0].What, "a path is nothing to what breaks the whole")
	dropped := planned(t, corrupt(mutation.Drop), v.scope())
	assert.Nil(t, field(t, dropped).Value)
	assert.Contains(t, dropped[0].What, "drop the key")
	assert.Contains(t, planned(t, corrupt(""), v.scope())[0].What, "garbage", "which is what is done unless told otherwise")
	chosen := planned(t, corrupt(mutation.Flip), v.scope())[0].What
	assert.Regexp(t, ", at (mode|port)$", chosen, "what was chosen is shown")
}

func quoted(s string) string {
	text, _ := json.Marshal(s)
	return string(text)
}

// TestOversized: the value takes what the other keys leave.
func TestOversized(t *testing.T) {
	v := withSettings(map[string]string{"app.json": "x", "other": strings.Repeat("y", 1000)}, func(c *corev1.ConfigMap) { c.BinaryData = map[string][]byte{"more": make([]byte, 500)} })
	var value string
	require.NoError(t, json.Unmarshal(field(t, planned(t, corrupt(mutation.Oversize), v.scope())).Value, &value))
	assert.Len(t, value, 1<<20-1500-4096, "and leaves them a little")
	full := withSettings(map[string]string{"app.json": "x", "other": strings.Repeat("y", 1<<20-1)})
	refused(t, corrupt(mutation.Oversize), full.scope(), "as large as it may be already")
	larger := corrupt("", func(f *inject.ConfigCorrupt) { f.Value = "xyz" })
	refused(t, larger, full.scope(), "larger than Kubernetes lets it be")
}

// TestBinaryData: a key of binaryData is broken byte by byte.
func TestBinaryData(t *testing.T) {
	v := withSettings(nil, func(c *corev1.ConfigMap) { c.BinaryData = map[string][]byte{"app.json": {0xff, 1, 2, 3}} })
	f := field(t, planned(t, corrupt(mutation.Truncate), v.scope()))
	assert.Equal(t, []string{"binaryData", "app.json"}, f.Path)
	assert.JSONEq(t, `"/wECAw=="`, string(f.Original))
	assert.JSONEq(t, `"/wE="`, string(f.Value))
	refused(t, corrupt(mutation.Flip), v.scope(), `ConfigMap shop/settings cannot get the mutation flip in its key "app.json": the value is neither JSON`)

	text := withSettings(map[string]string{"app.json": "x"}, func(c *corev1.ConfigMap) { c.BinaryData = map[string][]byte{"image": {0xff}} })
	stale := corrupt(mutation.Stale, func(f *inject.ConfigCorrupt) { f.From = &inject.ConfigSource{Key: "image"} })
	refused(t, stale, text.scope(), "only text can stand there")
}

// TestMutationsInTurn: a repetition makes the mutation of its number, and what could not be made is refused at the start.
func TestMutationsInTurn(t *testing.T) {
	v := withSettings(map[string]string{"app.json": "open"})
	several := corrupt("", func(f *inject.ConfigCorrupt) {
		f.Mutations = []mutation.Kind{mutation.Flip, mutation.Drop, mutation.Truncate}
	})
	for number, want := range []string{`"closed"`, ``, `"op"`, `"closed"`} {
		s := v.scope()
		s.Number = number
		changes := planned(t, several, s)
		assert.Equal(t, want, string(field(t, changes).Value))
		assert.Contains(t, changes[0].What, fmt.Sprintf(" (%d of 3 mutations: flip, drop, truncate)", number%3+1))
	}
	refused(t, several, withSettings(map[string]string{"app.json": "two words"}).scope(), "cannot get the mutation flip")
}

func TestConfigCorruptRefused(t *testing.T) {
	fault := corrupt(mutation.Garbage)
	data := map[string]string{"app.json": `{"a": {"b": "x"}}`}
	yes := true
	refused(t, fault, (&view{}).scope(), "there is no ConfigMap settings in namespace shop")
	refused(t, corrupt("", ofSecret), (&view{}).scope(), "there is no Secret settings in namespace shop")
	refused(t, fault, withSettings(map[string]string{"other": "x"}).scope(), `ConfigMap shop/settings has no key "app.json"`)
	refused(t, fault, withSettings(data, func(c *corev1.ConfigMap) { c.Immutable = &yes }).scope(), "is immutable")
	refused(t, corrupt("", ofSecret), withSecret(data, func(s *corev1.Secret) { s.Immutable = &yes }).scope(), "Secret shop/settings is immutable")
	refused(t, corrupt("", ofSecret), withSecret(data, func(s *corev1.Secret) { s.Type = inject.JournalType }).scope(), "the journal of a run")
	refused(t, corrupt(mutation.Empty), withSettings(map[string]string{"app.json": ""}).scope(), "leave the value as it is")
	refused(t, corrupt(mutation.Flip, at("a.c")), withSettings(data).scope(), "there is no value at a.c; it has a.b")
	refused(t, corrupt("", func(f *inject.ConfigCorrupt) { f.From = &inject.ConfigSource{Key: "old"} }), withSettings(data).scope(), `has no key "old"`)
	refused(t, corrupt("", func(f *inject.ConfigCorrupt) { f.From = &inject.ConfigSource{ConfigMap: "old"} }), withSettings(data).scope(), "there is no ConfigMap old")
	unused := corrupt("", func(f *inject.ConfigCorrupt) { f.Restart = true })
	refused(t, unused, withSettings(data).scope(), "no Deployment, StatefulSet or DaemonSet in namespace shop uses ConfigMap settings, so nothing can be restarted")
}

// TestSecretTypes: what the API server would refuse, since the type of the Secret forbids it, is refused before.
func TestSecretTypes(t *testing.T) {
	for _, c := range []struct {
		kind     corev1.SecretType
		data     map[string]string
		key      string
		mutation mutation.Kind
		want     string
	}{
		{corev1.SecretTypeTLS, map[string]string{"tls.crt": "c", "tls.key": "k"}, "tls.key", mutation.Drop, "wants this key in a Secret of type kubernetes.io/tls"},
		{corev1.SecretTypeTLS, map[string]string{"tls.crt": "c", "tls.key": "k"}, "tls.key", mutation.Empty, ""},
		{corev1.SecretTypeTLS, map[string]string{"tls.crt": "c", "tls.key": "k", "ca.crt": "c"}, "ca.crt", mutation.Drop, ""},
		{corev1.SecretTypeDockerConfigJson, map[string]string{".dockerconfigjson": `{"auths": "x"}`}, ".dockerconfigjson", mutation.Garbage, "wants a JSON object"},
		{corev1.SecretTypeDockerConfigJson, map[string]string{".dockerconfigjson": `{"auths": "x"}`}, ".dockerconfigjson", mutation.WrongType, ""},
		{corev1.SecretTypeDockercfg, map[string]string{".dockercfg": `{}`}, ".dockercfg", mutation.Empty, "wants a JSON object"},
		{corev1.SecretTypeSSHAuth, map[string]string{"ssh-privatekey": "x"}, "ssh-privatekey", mutation.Empty, "wants a value"},
		{corev1.SecretTypeSSHAuth, map[string]string{"ssh-privatekey": "x"}, "ssh-privatekey", mutation.Garbage, ""},
		{corev1.SecretTypeBasicAuth, map[string]string{"password": "x"}, "password", mutation.Drop, "wants this key or the other"},
		{corev1.SecretTypeBasicAuth, map[string]string{"password": "x", "username": "y"}, "password", mutation.Drop, ""},
		{corev1.SecretTypeBasicAuth, map[string]string{"password": "x", "realm": "y"}, "realm", mutation.Drop, ""},
	} {
		fault := &inject.ConfigCorrupt{Secret: "settings", Key: c.key, Mutation: c.mutation}
		s := withSecret(c.data, func(s *corev1.Secret) { s.Type = c.kind }).scope()
		if c.want != "" {
			refused(t, fault, s, c.want)
		} else {
			assert.Len(t, planned(t, fault, s), 1)
		}
	}
}

// TestWrongCredentialsAreNotShown: nor is what lets somebody in, where a ConfigMap holds it.
func TestWrongCredentialsAreNotShown(t *testing.T) {
	changes := planned(t, corrupt(mutation.WrongCredential), withSettings(map[string]string{"app.json": "swordfish"}).scope())
	told := configdiff.Of(&changes[0])
	require.Len(t, told.Keys, 1)
	assert.Equal(t, "it may hold a credential", told.Keys[0].Withheld)
	assert.Empty(t, told.Keys[0].Lines)
	v := withSettings(map[string]string{"app.json": "x"})
	v.secrets = []corev1.Secret{{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "old"}, Data: map[string][]byte{"app.json": []byte("swordfish")}}}
	changes = planned(t, corrupt(mutation.Stale, func(f *inject.ConfigCorrupt) { f.From = &inject.ConfigSource{Secret: "old"} }), v.scope())
	told = configdiff.Of(&changes[0])
	assert.Equal(t, "it may hold a credential", told.Keys[0].Withheld, "the value is that of a Secret, where a file could name one")
	assert.Empty(t, told.Keys[0].Lines)
	changes = planned(t, corrupt(mutation.Garbage), withSettings(map[string]string{"app.json": "swordfish"}).scope())
	assert.Contains(t, configdiff.Of(&changes[0]).Keys[0].Lines, "-swordfish")
}

// TestSecretsAreNotShown: of a Secret, a plan shows neither the value nor what is in it, and neither does a refusal (G18).
func TestSecretsAreNotShown(t *testing.T) {
	const original = `{"hunter2": true, "inner": {"word": "swordfish"}}`
	for _, name := range mutation.Kind("").Values() {
		fault := corrupt(mutation.Kind(name), ofSecret, func(f *inject.ConfigCorrupt) {
			if f.Mutation.Replaces() {
				f.From = &inject.ConfigSource{Key: "old"}
			}
		})
		changes := planned(t, fault, withSecret(map[string]string{"app.json": original, "old": "swordfish-1"}).scope())
		f := field(t, changes)
		assert.JSONEq(t, quoted(base64.StdEncoding.EncodeToString([]byte(original))), string(f.Original))
		assert.True(t, changes[0].Object.Confidential())
		config, err := json.Marshal(configdiff.Of(&changes[0]))
		require.NoError(t, err)
		shown := changes[0].What + changes[0].Undo() + changes[0].ID + string(config)
		assert.Contains(t, shown, "shown nowhere")
		var values []string
		for _, v := range []json.RawMessage{f.Original, f.Value} {
			if v != nil {
				var decoded []byte
				require.NoError(t, json.Unmarshal(v, &decoded))
				values = append(values, string(v), string(decoded))
			}
		}
		for _, v := range append(values, "hunter2", "inner", "word") {
			if v != "" {
				assert.NotContains(t, shown, v, name)
			}
		}
	}
	for _, fault := range []*inject.ConfigCorrupt{corrupt(mutation.Flip, ofSecret, at("nowhere")), corrupt(mutation.WrongType, ofSecret, at("hidden"))} {
		_, err := fault.Plan(t.Context(), withSecret(map[string]string{"app.json": `{"hunter2": null}`}).scope())
		require.ErrorContains(t, err, "there is no value at "+fault.At)
		assert.NotContains(t, err.Error(), "hunter2")
	}
	asked := planned(t, corrupt(mutation.Flip, ofSecret, at("inner.word")), withSecret(map[string]string{"app.json": original}).scope())
	assert.Contains(t, asked[0].What, ", at inner.word", "what the experiment says is no secret")
}

// TestConfigCorruptRoom: the mark must fit beside the annotations that are there. A large original is kept in the run's
// Secret, and takes no room.
func TestConfigCorruptRoom(t *testing.T) {
	large := map[string]string{"app.json": strings.Repeat("x", 1_000_000)}
	applied := func(size int) func(c *corev1.ConfigMap) {
		return func(c *corev1.ConfigMap) {
			c.Annotations = map[string]string{"kubectl.kubernetes.io/last-applied-configuration": strings.Repeat("x", size)}
		}
	}
	assert.Len(t, planned(t, corrupt(mutation.Garbage), withSettings(large).scope()), 1)
	assert.Len(t, planned(t, corrupt(mutation.Garbage), withSettings(large, applied(200_000)).scope()), 1)
	refused(t, corrupt(mutation.Garbage), withSettings(large, applied(250_000)).scope(), "leave 12096 bytes, and the mark of the change takes 20480")
	inSecret := withSecret(large, func(s *corev1.Secret) {
		s.Annotations = map[string]string{"kubectl.kubernetes.io/last-applied-configuration": strings.Repeat("x", 250_000)}
	})
	assert.Len(t, planned(t, corrupt(mutation.Garbage, ofSecret), inSecret.scope()), 1, "the mark holds no value of a Secret")
}
