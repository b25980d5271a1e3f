package crash

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"

	"github.com/chaosctl/chaosctl/pkg/inject"
	"github.com/chaosctl/chaosctl/test/crash/point"
	"github.com/chaosctl/chaosctl/test/internal/snapshot"
)

// foreign is what somebody else does between the crash and the recovery, to each object that the fault changes.
type foreign string

const (
	nothing foreign = "nothing"
	// otherField is an edit of fields that the fault does not touch.
	otherField foreign = "other field"
	// sameField is an edit of those that it does.
	sameField foreign = "same field"
	// replaced is a deletion, and the creation of another object of that name and content, marks included: a backup.
	replaced foreign = "replaced"
)

// others is what others may do after a crash at such a point. A request that was not sent leaves the cluster as the one
// before it did, and the reply changes nothing in it: there is nothing for them to find that is not there after the sending.
func others(when point.When) []foreign {
	switch when {
	case point.AfterSend, point.Late:
		return []foreign{nothing, otherField, sameField, replaced}
	case point.InFlight:
		return []foreign{nothing, otherField}
	case point.BeforeSend, point.AfterReply:
	}
	return []foreign{nothing}
}

// edit is what somebody does to an object. Done again, it changes nothing.
type edit func(*unstructured.Unstructured)

// intrude does it, and makes the snapshot what is to be after a recovery. It returns the edits, by object.
func (s *scene) intrude(ctx context.Context, f *fixture, what foreign, want, live *snapshot.Snapshot) (map[string]edit, error) {
	edits, of := map[string]edit{}, map[string]*inject.Change{}
	if what == nothing {
		return edits, nil
	}
	for i := range f.edits {
		if f.edits[i].Command != nil {
			continue
		}
		c := s.own(&f.edits[i])
		name, earlier := key(c), edits[key(c)]
		of[name] = c
		edits[name] = func(o *unstructured.Unstructured) {
			if earlier != nil {
				earlier(o)
			}
			switch what {
			case otherField:
				editOthers(o)
			case sameField:
				editSame(o, c)
			}
		}
	}
	for name, c := range of {
		if c.Create != nil {
			delete(edits, name)
			if err := s.intrudeOnCreation(ctx, c, what, want, live.Objects[name]); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			continue
		}
		if c.Withdraw != nil && live.Objects[name] == nil {
			delete(edits, name)
			if err := s.intrudeOnDeletion(ctx, c, what, want); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			continue
		}
		if c.Withdraw != nil && what == sameField {
			edits[name] = editOthers // it has no field of its own
		}
		if what == replaced {
			made, err := s.replace(ctx, c, live.Objects[name])
			if err != nil {
				return nil, fmt.Errorf("replace %s: %w", name, err)
			}
			want.Objects[name] = made
			continue
		}
		edited := live.Objects[name].DeepCopy()
		edits[name](edited)
		patch, err := jsonpatch.CreateMergePatch(encode(live.Objects[name].Object), encode(edited.Object))
		if err != nil {
			return nil, err
		}
		var by []string
		if c.Subresource() != "" {
			by = append(by, c.Subresource())
		}
		if _, err := s.resource(c).Patch(ctx, c.Object.Name, types.MergePatchType, patch, metav1.PatchOptions{FieldManager: "somebody"}, by...); err != nil {
			return nil, fmt.Errorf("edit %s: %w", name, err)
		}
		want.Objects[name] = want.Objects[name].DeepCopy()
		edits[name](want.Objects[name])
	}
	return edits, nil
}

// intrudeOnCreation does something to an object that the run has made, if it has come to that. It goes nevertheless, and so
// does a backup of it; only what somebody has made their own stays.
func (s *scene) intrudeOnCreation(ctx context.Context, c *inject.Change, what foreign, want *snapshot.Snapshot, o *unstructured.Unstructured) error {
	if o == nil {
		return nil
	}
	if what == replaced {
		_, err := s.replace(ctx, c, o)
		return err
	}
	edited := o.DeepCopy()
	if what == sameField {
		edited = snapshot.Unmarked(edited)
		edited.SetOwnerReferences(nil)
		want.Objects[key(c)] = edited
	} else {
		editOthers(edited)
	}
	patch, err := jsonpatch.CreateMergePatch(encode(o.Object), encode(edited.Object))
	if err != nil {
		return err
	}
	_, err = s.resource(c).Patch(ctx, c.Object.Name, types.MergePatchType, patch, metav1.PatchOptions{FieldManager: "somebody"})
	return err
}

// intrudeOnDeletion makes an object of the name of one that the run has deleted: another one, or a backup.
func (s *scene) intrudeOnDeletion(ctx context.Context, c *inject.Change, what foreign, want *snapshot.Snapshot) error {
	if what == otherField {
		return nil // of what is not there
	}
	o := inject.Bare(want.Objects[key(c)])
	if what == sameField {
		editOthers(o)
	}
	made, err := s.resource(c).Create(ctx, o, metav1.CreateOptions{FieldManager: "somebody"})
	want.Objects[key(c)] = made
	return err
}

// deletes says that the fault deletes an object of that name.
func (f *fixture) deletes(name string) bool {
	return slices.ContainsFunc(f.edits, func(c inject.Change) bool { return c.Withdraw != nil && key(&c) == name })
}

// reborn takes objects that were deleted and created again, as the same ones, for those of before.
func (f *fixture) reborn(before, now *snapshot.Snapshot) {
	for i := range f.edits {
		name := key(&f.edits[i])
		was, is := before.Objects[name], now.Objects[name]
		if f.edits[i].Withdraw != nil && was != nil && is != nil {
			was = was.DeepCopy()
			was.SetUID(is.GetUID())
			before.Objects[name] = was
		}
	}
}

// has says that what an edit has done is still there.
func has(o *unstructured.Unstructured, done edit) bool {
	if o == nil {
		return false
	}
	again := o.DeepCopy()
	done(again)
	return snapshot.Difference(again, o) == ""
}

// own is a change of the fixture, in this scene.
func (s *scene) own(c *inject.Change) *inject.Change {
	own := *c
	switch {
	case own.Object.Namespace != "":
		own.Object.Namespace = s.namespace
	case own.Create != nil: // named after the namespace that it is about
		name, _, _ := strings.Cut(own.Object.Name, ".")
		own.Object.Name = name + "." + s.namespace
	default:
		own.Object.Name = s.node
	}
	return &own
}

func (s *scene) resource(c *inject.Change) dynamic.ResourceInterface {
	if c.Object.Namespace == "" {
		return shared.dynamic.Resource(c.Object.Resource)
	}
	return shared.dynamic.Resource(c.Object.Resource).Namespace(s.namespace)
}

// editOthers edits what every object has, and something of what its kind is for.
func editOthers(o *unstructured.Unstructured) {
	set(o.Object, "somebody", "metadata", "annotations", "example.com/by")
	set(o.Object, "yes", "metadata", "labels", "theirs")
	switch o.GetKind() {
	case "ConfigMap":
		set(o.Object, "kept", "data", "theirs")
	case "Secret":
		set(o.Object, encoded("kept"), "data", "theirs")
	case "Deployment":
		set(o.Object, int64(1234), "spec", "progressDeadlineSeconds")
		containers, _, _ := unstructured.NestedSlice(o.Object, "spec", "template", "spec", "containers")
		sidecar := map[string]any{ // with the server's defaults
			"name": "sidecar", "image": "registry.example/sidecar:1", "imagePullPolicy": "IfNotPresent", "resources": map[string]any{},
			"terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File",
		}
		if first, ok := containers[0].(map[string]any); ok && first["name"] != "sidecar" { // all others move
			set(o.Object, append([]any{sidecar}, containers...), "spec", "template", "spec", "containers")
		}
	}
}

// editSame sets the fields of a change to something that is neither what they were nor what the fault makes of them. Where
// there is nothing else, as with a flag, they are set back.
func editSame(o *unstructured.Unstructured, c *inject.Change) {
	for _, f := range c.Fields() {
		if c.Object.Confidential() { // what it holds is not in the journal that the fixture was learnt from
			set(o.Object, encoded("theirs"), f.Path...)
			continue
		}
		set(o.Object, theirs(f), f.Path...)
	}
}

// encoded is a value as a Secret holds it.
func encoded(value string) string { return base64.StdEncoding.EncodeToString([]byte(value)) }

// set writes a value; nil removes it.
func set(in map[string]any, value any, path ...string) {
	name := path[0]
	if len(path) == 1 {
		if in[name] = value; value == nil {
			delete(in, name)
		}
		return
	}
	if conditions, ok := inject.ElementOf(path[1]); ok {
		setElement(in, name, conditions, value, path[2:])
		return
	}
	inner, _ := in[name].(map[string]any)
	if inner == nil {
		inner = map[string]any{}
		in[name] = inner
	}
	set(inner, value, path[1:]...)
}

// setElement writes within the elements of a list that meet the conditions, or to the whole of them where no path is left.
func setElement(in map[string]any, name string, conditions []inject.Condition, value any, path []string) {
	list, _ := in[name].([]any)
	is := func(element any) bool {
		return !slices.ContainsFunc(conditions, func(c inject.Condition) bool {
			if m, ok := element.(map[string]any); ok {
				return m[c.Field] != c.Value
			}
			return element != c.Value // a text
		})
	}
	if len(path) > 0 {
		for _, element := range list {
			if is(element) {
				set(element.(map[string]any), value, path...)
			}
		}
		return
	}
	list = slices.DeleteFunc(slices.Clone(list), is)
	if _, isText := value.(string); value != nil && !isText { // somebody takes a text away: there is no other way to write it
		list = append(list, value)
	}
	if in[name] = list; len(list) == 0 {
		delete(in, name)
	}
}

func theirs(f inject.Field) any {
	sample := f.Value
	if sample == nil {
		sample = f.Original
	}
	value, err := inject.DecodeValue(sample)
	if err != nil {
		panic(err)
	}
	return another(f, value)
}

// another is a value of the kind of one.
func another(f inject.Field, value any) any {
	switch v := value.(type) {
	case string:
		if slices.Contains(f.Path, "resources") {
			quantity := resource.MustParse(v)
			quantity.Add(quantity)
			return quantity.String()
		}
		return "theirs"
	case int64:
		return v + 3
	case bool:
		return nil
	case []any:
		return []any{"theirs"}
	case map[string]any:
		if _, ok := inject.ElementOf(f.Path[len(f.Path)-1]); ok { // the same one, of another value
			v["value"] = "theirs"
			return v
		}
		if f.Path[len(f.Path)-1] == "readinessProbe" {
			return map[string]any{
				"httpGet":        map[string]any{"path": "/theirs", "port": int64(8080), "scheme": "HTTP"},
				"timeoutSeconds": int64(1), "periodSeconds": int64(10), "successThreshold": int64(1), "failureThreshold": int64(3),
			}
		}
		if _, ok := v["holderIdentity"]; ok { // another leader
			next := maps.Clone(v)
			next["holderIdentity"] = "theirs"
			return next
		}
		return map[string]any{"theirs": "yes"}
	}
	panic(fmt.Sprintf("%s: no other value of the kind of %v is known", f.PathString(), value))
}

func encode(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return text
}

// replace puts another object in the place of one, and returns what is to become of that.
func (s *scene) replace(ctx context.Context, c *inject.Change, o *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	client, uid := s.resource(c), o.GetUID()
	if err := client.Delete(ctx, o.GetName(), metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &uid}}); err != nil {
		return nil, err
	}
	copied := o.DeepCopy()
	if len(o.GetFinalizers()) > 0 { // whoever wants to be rid of it does not wait for whose they are
		_, err := client.Patch(ctx, o.GetName(), types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`), metav1.PatchOptions{FieldManager: "somebody"})
		if err != nil && !apierrors.IsNotFound(err) {
			return nil, err
		}
	}
	for _, field := range []string{"uid", "resourceVersion", "creationTimestamp", "generation", "managedFields"} {
		unstructured.RemoveNestedField(copied.Object, "metadata", field)
	}
	unstructured.RemoveNestedField(copied.Object, "spec", "ephemeralContainers") // no pod may be created with them
	made, err := client.Create(ctx, copied, metav1.CreateOptions{FieldManager: "somebody"})
	if apierrors.IsAlreadyExists(err) {
		return nil, fmt.Errorf("it was not gone yet: %w", err)
	}
	return made, err
}
