package engine

import (
	"context"
	"sync"

	"github.com/chaosctl/chaosctl/pkg/verdict"
)

// askQueries asks what expectations want to know of other systems, once the recovery is over.
func (r *Run) askQueries(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var wait sync.WaitGroup
	for _, e := range r.Plan.Experiment.Spec.Expect {
		if q, ok := e.Params.(verdict.Querier); ok {
			r.spawn(&wait, func(error) {}, func() { r.Log.Record(q.Ask(ctx, r.Log.Clock, r.windows)) })
		}
	}
	wait.Wait()
}
