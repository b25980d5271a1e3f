package apply

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/chaosctl/chaosctl/pkg/inject"
)

// commands are what a person would type to restore the fields. Where the originals are not to be shown, or are kept
// elsewhere, it is chaosctl's own. By its label an object is found, so that goes with the last change of it that is left.
func commands(c *inject.Change, last bool) []string {
	patch := map[string]any{}
	for _, f := range c.Edit.Fields {
		if f.OriginalMissing() || c.Object.Confidential() {
			return []string{"chaosctl recover --all"}
		}
		var original any
		if f.Original != nil {
			original, _ = inject.DecodeValue(f.Original)
		}
		// A path that is set twice, once as a map and once as a value, does not occur in a plan.
		_ = unstructured.SetNestedField(patch, original, f.Path...)
	}
	_ = unstructured.SetNestedField(patch, nil, "metadata", "annotations", annotation(c))
	if last {
		_ = unstructured.SetNestedField(patch, nil, "metadata", "labels", RunLabel)
	}
	where := ""
	if c.Object.Namespace != "" {
		where = "-n " + c.Object.Namespace + " "
	}
	text := string(mustJSON(patch))
	return []string{fmt.Sprintf("kubectl %spatch %s %s --type=merge -p '%s'", where, strings.ToLower(c.Object.Kind), c.Object.Name, strings.ReplaceAll(text, "'", `'\''`))}
}
