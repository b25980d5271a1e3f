package inject

import (
	"encoding/json"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/validation"

	"github.com/chaosctl/chaosctl/pkg/inject/mutation"
)

// roomForMarker is what a marker takes beside the original that it holds.
const roomForMarker = 4 << 10

// annotationRoom is how many bytes of annotations an object may still get.
func annotationRoom(annotations map[string]string) int {
	room := validation.TotalAnnotationSizeLimitB
	for name, value := range annotations {
		room -= len(name) + len(value)
	}
	return room
}

// room is how many bytes the value of a key may have: Kubernetes limits those of all keys of an object together.
func (o *configObject) room(key string) int {
	room := corev1.MaxSecretSize
	for other, v := range o.values {
		if other != key {
			room -= len(v.bytes)
		}
	}
	return room
}

// accepts says why the API server would refuse a Secret of its type with the broken value. Its own answer could tell
// something of that.
func (o *configObject) accepts(key string, broken mutation.Broken) error {
	refused := func(why string) error {
		return &mutation.NotApplicable{Reason: fmt.Sprintf("Kubernetes wants %s in a Secret of type %s", why, o.secretType)}
	}
	if o.secretType == corev1.SecretTypeBasicAuth {
		_, user := o.values[corev1.BasicAuthUsernameKey]
		_, password := o.values[corev1.BasicAuthPasswordKey]
		if broken.Dropped && (key == corev1.BasicAuthUsernameKey && !password || key == corev1.BasicAuthPasswordKey && !user) {
			return refused("this key or the other")
		}
		return nil
	}
	required := map[corev1.SecretType][]string{
		corev1.SecretTypeDockercfg: {corev1.DockerConfigKey}, corev1.SecretTypeDockerConfigJson: {corev1.DockerConfigJsonKey},
		corev1.SecretTypeSSHAuth: {corev1.SSHAuthPrivateKey}, corev1.SecretTypeTLS: {corev1.TLSCertKey, corev1.TLSPrivateKeyKey},
	}[o.secretType]
	switch {
	case !slices.Contains(required, key):
	case broken.Dropped:
		return refused("this key")
	case o.secretType == corev1.SecretTypeSSHAuth && len(broken.Value) == 0:
		return refused("a value")
	case o.secretType != corev1.SecretTypeDockercfg && o.secretType != corev1.SecretTypeDockerConfigJson:
	case json.Unmarshal(broken.Value, &map[string]any{}) != nil:
		return refused("a JSON object")
	}
	return nil
}
