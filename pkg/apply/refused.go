package apply

import (
	"context"
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// refuses says what is missing of the refusal that the creation is to bring about. The server is asked to create something with
// dryRun=All, which passes through all that may refuse it, and creates nothing.
func (n creation) refuses(ctx context.Context) error {
	r := n.c.Create.Refused
	if r == nil {
		return nil
	}
	object := &unstructured.Unstructured{}
	if err := object.UnmarshalJSON(r.Manifest); err != nil {
		return fmt.Errorf("the manifest of a %s: %w", r.Kind, err)
	}
	_, err := n.a.cluster.Dynamic.Resource(r.Resource).Namespace(object.GetNamespace()).Create(ctx, object,
		metav1.CreateOptions{FieldManager: fieldManager, DryRun: []string{metav1.DryRunAll}})
	switch {
	case err == nil:
		return fmt.Errorf("the API server would still create a %s", r.Kind)
	case !strings.Contains(err.Error(), r.By):
		return fmt.Errorf("the API server has refused a %s for another reason: %w", r.Kind, err)
	}
	return nil
}
