package engine

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/chaosctl/chaosctl/pkg/apply"
	"github.com/chaosctl/chaosctl/pkg/inject"
	"github.com/chaosctl/chaosctl/pkg/target"
)

// Marked says that an object of the plan still bears the mark of another run (G9).
type Marked struct {
	Object inject.Object
	Run    string
}

func (m *Marked) Error() string {
	return fmt.Sprintf("run %s has changed %s %s and not put it back yet", m.Run, m.Object.Kind, m.Object.Name)
}

// unmarked refuses a plan that would change what another run has changed, or create what is there.
func (p *Plan) unmarked(ctx context.Context) error {
	for _, i := range p.Injections {
		for n := range i.Changes {
			o := i.Changes[n].Object
			if !i.Changes[n].Reversible() || !i.Changes[n].InCluster() {
				continue
			}
			object, err := p.connection.Metadata.Resource(o.Resource).Namespace(o.Namespace).Get(ctx, o.Name, metav1.GetOptions{})
			if apierrors.IsNotFound(err) {
				continue
			}
			if err != nil {
				return err
			}
			if run := object.Labels[apply.RunLabel]; run != "" {
				return &Marked{Object: o, Run: run}
			}
			if i.Changes[n].Create != nil {
				return &target.Refusal{Reason: fmt.Sprintf("fault %s: there is a %s %s already, which is somebody else's", i.Fault.Name, o.Kind, o.Name)}
			}
		}
	}
	return nil
}
