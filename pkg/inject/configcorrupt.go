package inject

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/chaosctl/chaosctl/pkg/access"
	"github.com/chaosctl/chaosctl/pkg/inject/mutation"
	"github.com/chaosctl/chaosctl/pkg/target"
)

var _ = registry.Add(Definition{
	Name:    "configCorrupt",
	Summary: "Breaks one key of a ConfigMap or a Secret, with or without restarting those who use it; the value comes back.",
	Example: `
- name: break-settings
  configCorrupt: {configMap: settings, key: settings.json, mutation: truncate, restart: true}
- name: wrong-password
  configCorrupt: {secret: database, key: password, mutation: wrongCredential, restart: true}
- name: every-way
  configCorrupt: {configMap: settings, key: settings.json, mutations: [flip, wrongType, empty, drop], at: server.port}
  repeat: {every: 30s, times: 4}
  for: 20s
`,
	New: func() Fault { return &ConfigCorrupt{} },
})

// ConfigCorrupt breaks one key of a ConfigMap or of a Secret in the target's namespace. The values of a Secret are shown
// nowhere.
type ConfigCorrupt struct {
	// ConfigMap is its name. The key may be one of its data or of its binaryData.
	ConfigMap string `json:"configMap,omitempty" choice:"object" form:"given"`
	// Secret is its name; it stands in place of configMap.
	Secret string `json:"secret,omitempty" choice:"object" form:"given"`
	// Key is the one whose value is broken.
	Key string `json:"key" form:"given"`
	// Mutation is what happens to the value: garbage (text that no format accepts), empty, truncate (the first half
	// stays), drop (the key goes too), flip (one value inside becomes its opposite: a boolean, the sign of a number, a
	// word), wrongType (one value inside becomes one of another type), wrongCredential (other letters and digits, as many),
	// oversize (as large as the object may be), stale (an older version, given by from or value) or value (what is given).
	// Garbage unless told otherwise, or what value and from are for.
	Mutation mutation.Kind `json:"mutation,omitempty"`
	// Mutations are made one after the other, one in each repetition of the fault.
	Mutations []mutation.Kind `json:"mutations,omitempty" excludes:"mutation"`
	// At is the path of the value inside that flip, wrongType and wrongCredential break, where the whole is JSON, YAML,
	// properties or an env file: server.port, servers[0].name, labels[app.kubernetes.io/name]. Without it, flip and wrongType
	// choose one at random, and wrongCredential breaks the whole.
	At string `json:"at,omitempty"`
	// Value takes the place of the one that is there. It cannot be given for a Secret, since the text of an experiment is part
	// of its reports.
	Value string `json:"value,omitempty"`
	// From is where an older version of the value is found.
	From *ConfigSource `json:"from,omitempty" excludes:"value"`
	// Restart rolls out the workloads that use the object, so that new pods start with the broken value.
	Restart bool `json:"restart,omitempty"`
}

// ConfigSource is a value in another key, or in another object of the target's namespace.
type ConfigSource struct {
	// ConfigMap is the object that holds it; the one that is broken unless told otherwise.
	ConfigMap string `json:"configMap,omitempty"`
	// Secret stands in place of configMap, for the value of a Secret.
	Secret string `json:"secret,omitempty" excludes:"configMap"`
	// Key is where it stands there; the key that is broken unless told otherwise.
	Key string `json:"key,omitempty"`
}

// Plan breaks the key, then restarts the consumers.
func (f *ConfigCorrupt) Plan(ctx context.Context, s Scope) ([]Change, error) {
	object, err := s.config(ctx, f.object())
	if err != nil {
		return nil, err
	}
	if err := object.breakable(f.Key); err != nil {
		return nil, err
	}
	var older []byte
	if f.From != nil {
		if older, err = f.older(ctx, s); err != nil {
			return nil, err
		}
	}
	all := f.mutations()
	var corrupt Change
	// Those of later repetitions are tried too, so that what cannot be made is refused before anything is.
	for i, kind := range all {
		change, err := f.corrupt(object, mutation.Mutation{Kind: kind, At: f.At, With: older, Draw: s.Draw})
		if err != nil {
			return nil, err
		}
		if i == s.Number%len(all) {
			corrupt = change
			if len(all) > 1 {
				corrupt.What += fmt.Sprintf(" (%d of %d mutations: %s)", i+1, len(all), joined(all))
			}
		}
	}
	changes := []Change{corrupt}
	if f.Restart {
		restarts, err := restartConsumers(ctx, s, f.object(), corrupt.ID)
		if err != nil {
			return nil, err
		}
		changes = append(changes, restarts...)
	}
	return changes, nil
}

// corrupt is one change of the value.
func (f *ConfigCorrupt) corrupt(object *configObject, m mutation.Mutation) (Change, error) {
	if m.With == nil {
		m.With = []byte(f.Value)
	}
	v := object.values[f.Key]
	broken, err := m.Of(mutation.Value{Original: v.bytes, Text: v.isText(), Room: object.room(f.Key)})
	if err == nil {
		err = object.accepts(f.Key, broken)
	}
	if err != nil {
		return Change{}, object.refusal(f.Key, m.Kind, err)
	}
	field := Field{Path: []string{v.in, f.Key}, Original: v.encode(v.bytes)}
	if !broken.Dropped {
		field.Value = v.encode(broken.Value)
	}
	what := m.Kind.String()
	switch {
	case f.At != "" && m.Kind.Inside():
		what += ", at " + f.At
	case broken.Path != "" && !object.Confidential():
		what += ", at " + broken.Path
	}
	if m.Kind == mutation.Stale && f.From != nil {
		what += ", that of " + f.source().String()
	}
	return Change{
		ID: "corrupt-" + object.Name + "-" + f.Key, What: field.PathString() + ": " + what,
		Object: object.Object, Edit: &Edit{Fields: []Field{field}, Credential: m.Kind == mutation.WrongCredential || f.From != nil && f.source().kind == "Secret"},
	}, nil
}

// older reads the value that takes the place of the one that is there.
func (f *ConfigCorrupt) older(ctx context.Context, s Scope) ([]byte, error) {
	source := f.source()
	object, err := s.config(ctx, source.configRef)
	if err != nil {
		return nil, err
	}
	v, ok := object.values[source.key]
	if !ok {
		return nil, object.noKey(source.key)
	}
	return v.bytes, nil
}

// source is where the older value is, defaults filled in.
func (f *ConfigCorrupt) source() configKey {
	of := configKey{f.object(), f.Key}
	switch {
	case f.From.ConfigMap != "":
		of.configRef = configRef{"ConfigMap", f.From.ConfigMap}
	case f.From.Secret != "":
		of.configRef = configRef{"Secret", f.From.Secret}
	}
	if f.From.Key != "" {
		of.key = f.From.Key
	}
	return of
}

// object names what is broken.
func (f *ConfigCorrupt) object() configRef {
	if f.Secret != "" {
		return configRef{"Secret", f.Secret}
	}
	return configRef{"ConfigMap", f.ConfigMap}
}

// mutations are those of the repetitions, in turn.
func (f *ConfigCorrupt) mutations() []mutation.Kind {
	switch {
	case len(f.Mutations) > 0:
		return f.Mutations
	case f.Mutation != "":
		return []mutation.Kind{f.Mutation}
	case f.From != nil:
		return []mutation.Kind{mutation.Stale}
	case f.Value != "":
		return []mutation.Kind{mutation.Given}
	}
	return []mutation.Kind{mutation.Garbage}
}

// Needs are those of the object, of the one with an older value, and of the consumers where they are to be restarted.
func (f *ConfigCorrupt) Needs(s access.Scope) []access.Need {
	namespace := s.Target.Namespace
	needs := edits(f.object().resource(), namespace, f.object().name, "break the configuration, and put it back")
	if f.From != nil {
		source := f.source()
		on := access.Object{Resource: source.resource().Resource, Namespace: namespace, Name: source.name}
		needs = append(needs, access.Needs("read the older version of the value", on, "get")...)
	}
	if f.Restart {
		needs = append(needs, restartNeeds(namespace)...)
	}
	return needs
}

// refusal says why a mutation cannot be made, and nothing of the values of a Secret.
func (o *configObject) refusal(key string, kind mutation.Kind, err error) error {
	var no *mutation.NotApplicable
	if !errors.As(err, &no) {
		return err
	}
	reason := fmt.Sprintf("%s cannot get the mutation %s in its key %q: %s", o.ref(), string(kind), key, no.Reason)
	if paths := slices.Clone(no.Paths); len(paths) > 0 && !o.Confidential() {
		const most = 10
		if len(paths) > most {
			paths = append(paths[:most], "…")
		}
		reason += "; it has " + strings.Join(paths, ", ")
	}
	return &target.Refusal{Reason: reason}
}

func joined(kinds []mutation.Kind) string {
	var names []string
	for _, k := range kinds {
		names = append(names, string(k))
	}
	return strings.Join(names, ", ")
}
