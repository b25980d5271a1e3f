package engine

import (
	"context"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/chaosctl/chaosctl/pkg/cluster"
)

// sight is one look at the cluster, for one goroutine. The pods of the target's namespace are listed once, when they are
// asked for first: the fault chooses among the same pods for which the guards are held.
type sight struct {
	*cluster.Cluster
	workload *cluster.Workload
	seen     *cluster.Census
}

// look begins one, at the target as it is now: somebody may have scaled it since the plan was made. A target that is a
// selector asks for as many pods as it had then.
func (p *Plan) look(ctx context.Context) (*sight, error) {
	w := p.Workload
	if w.Kind != "" {
		var err error
		if w, err = p.workload(ctx); err != nil {
			return nil, err
		}
	}
	return p.lookAt(w), nil
}

func (p *Plan) lookAt(w *cluster.Workload) *sight { return &sight{Cluster: p.connection, workload: w} }

// Pods answers from the census where the question is about the target.
func (s *sight) Pods(ctx context.Context, namespace string, selector labels.Selector) ([]*cluster.Pod, error) {
	if namespace != s.workload.Namespace || selector.String() != s.workload.Selector.String() {
		return s.Cluster.Pods(ctx, namespace, selector)
	}
	return s.pods(ctx)
}

// pods are those of the target.
func (s *sight) pods(ctx context.Context) ([]*cluster.Pod, error) {
	census, err := s.census(ctx)
	if err != nil {
		return nil, err
	}
	return census.Pods, nil
}

func (s *sight) census(ctx context.Context) (*cluster.Census, error) {
	if s.seen == nil {
		census, err := s.Census(ctx, s.workload.Namespace, s.workload.Selector)
		if err != nil {
			return nil, err
		}
		s.seen = census
	}
	return s.seen, nil
}
