package inject

import (
	"context"
	"encoding/json"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/chaosctl/chaosctl/pkg/target"
)

// configRef names a ConfigMap or a Secret.
type configRef struct{ kind, name string }

func (r configRef) String() string { return r.kind + " " + r.name }

func (r configRef) resource() schema.GroupVersionResource {
	if r.kind == "Secret" {
		return secrets
	}
	return configMaps
}

// configKey names a value.
type configKey struct {
	configRef
	key string
}

func (k configKey) String() string { return fmt.Sprintf("key %q of %s", k.key, k.configRef) }

// configObject is what ConfigMaps and Secrets have in common.
type configObject struct {
	Object
	annotations map[string]string
	immutable   bool
	// secretType is that of a Secret.
	secretType corev1.SecretType
	values     map[string]configValue
}

// configValue is the value of a key.
type configValue struct {
	bytes []byte
	// in is the field of the object that holds the key: data or binaryData.
	in string
	// base64 says that it is written so.
	base64 bool
}

func (v configValue) isText() bool { return !v.base64 }

// encode writes a value in the place of this one.
func (v configValue) encode(value []byte) json.RawMessage {
	if v.base64 {
		if value == nil {
			value = []byte{} // nil would be written as null
		}
		return mustJSON(value)
	}
	return mustJSON(string(value))
}

// config reads a ConfigMap or a Secret of the target's namespace.
func (s Scope) config(ctx context.Context, ref configRef) (*configObject, error) {
	o := &configObject{values: map[string]configValue{}}
	namespace := s.Workload.Namespace
	meta, err := o.read(ctx, s.View, namespace, ref)
	if apierrors.IsNotFound(err) {
		return nil, &target.Refusal{Reason: fmt.Sprintf("there is no %s in namespace %s", ref, namespace)}
	}
	if err != nil {
		return nil, err
	}
	o.annotations = meta.Annotations
	o.Object = Object{Resource: ref.resource(), Kind: ref.kind, Namespace: namespace, Name: meta.Name, UID: meta.UID}
	return o, nil
}

func (o *configObject) read(ctx context.Context, view View, namespace string, ref configRef) (*metav1.ObjectMeta, error) {
	if ref.kind == "Secret" {
		secret, err := view.Secret(ctx, namespace, ref.name)
		if err != nil {
			return nil, err
		}
		for key, value := range secret.Data {
			o.values[key] = configValue{value, "data", true}
		}
		o.immutable, o.secretType = isTrue(secret.Immutable), secret.Type
		return &secret.ObjectMeta, nil
	}
	configMap, err := view.ConfigMap(ctx, namespace, ref.name)
	if err != nil {
		return nil, err
	}
	for key, value := range configMap.Data {
		o.values[key] = configValue{[]byte(value), "data", false}
	}
	for key, value := range configMap.BinaryData {
		o.values[key] = configValue{value, "binaryData", true}
	}
	o.immutable = isTrue(configMap.Immutable)
	return &configMap.ObjectMeta, nil
}

func isTrue(b *bool) bool { return b != nil && *b }

// ref names the object.
func (o *configObject) ref() string { return o.Kind + " " + o.Namespace + "/" + o.Name }

func (o *configObject) noKey(key string) error {
	return &target.Refusal{Reason: fmt.Sprintf("%s has no key %q in its data", o.ref(), key)}
}

// JournalType is that of the Secrets in which runs keep their journals.
const JournalType corev1.SecretType = "chaosctl.dev/journal"

// breakable refuses an object whose key cannot be changed, or whose change could not be marked.
func (o *configObject) breakable(key string) error {
	v, ok := o.values[key]
	switch {
	case o.secretType == JournalType:
		return &target.Refusal{Reason: fmt.Sprintf("%s is the journal of a run, by which things are put back: it is not to be broken", o.ref())}
	case !ok:
		return o.noKey(key)
	case o.immutable:
		return &target.Refusal{Reason: fmt.Sprintf("%s is immutable: its values cannot be changed, so they cannot be corrupted either", o.ref())}
	}
	need := roomForMarker
	if !o.Confidential() {
		need += min(len(v.encode(v.bytes)), InlineOriginal)
	}
	if room := annotationRoom(o.annotations); need > room {
		return &target.Refusal{Reason: fmt.Sprintf("the annotations of %s leave %d bytes, and the mark of the change takes %d", o.ref(), max(0, room), need)}
	}
	return nil
}
