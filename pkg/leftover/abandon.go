package leftover

import (
	"context"
	"errors"

	"github.com/chaosctl/chaosctl/pkg/apply"
	"github.com/chaosctl/chaosctl/pkg/event"
)

// Abandon drops a run's marks, journal and Lease, and leaves the objects as they are. The items name what stays as the run
// has made it.
func (r *Recovery) Abandon(ctx context.Context, run *Run) (*Outcome, error) {
	out := &Outcome{Run: run.ID}
	held, err := r.takeOver(ctx, run)
	if err != nil {
		return nil, err
	}
	// What is damaged in it, or meant for another cluster, is given up too.
	journals, _, err := r.journals(ctx, run, &Outcome{})
	if err != nil && !errors.As(err, new(*Foreign)) {
		return nil, err
	}
	applier := apply.New(r.Cluster, run.ID, nil, &ledger{})
	for _, m := range run.Objects {
		item := Item{Object: m.Object.Event(), State: event.ChangeUndone, Message: "the mark was removed; the object stays as it is"}
		for _, c := range m.Changes {
			for _, f := range c.Fields() {
				item.Fields = append(item.Fields, f.PathString())
			}
		}
		if err := applier.DropMarks(ctx, m.Object); err != nil {
			out.Left = true
			item.State, item.Message = event.ChangeStuck, err.Error()
		}
		out.Items = append(out.Items, item)
	}
	if !out.Left {
		removeJournals(ctx, journals, out)
	}
	if held != nil {
		err = held.Release(ctx, out.Left)
	}
	return out, err
}
