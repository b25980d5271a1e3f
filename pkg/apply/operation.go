package apply

import (
	"context"
	"fmt"

	"github.com/chaosctl/chaosctl/pkg/inject"
)

// operation carries out one kind of change; there is one for each way in which an [inject.Change] can say what to do.
type operation interface {
	// send returns when the server has acknowledged or refused the change.
	send(ctx context.Context) (outcome, error)
	// observe waits until the effect of the change is seen, by a read of its own, and says what was.
	observe(ctx context.Context) (observed string, err error)
}

// reversible is an operation that can be taken back.
type reversible interface {
	operation
	// lost says what has become of an effect that was there, in one look; nothing where it holds.
	lost(ctx context.Context) (what string, err error)
	// undo takes the change back, tells what came of it, and returns an error where something is left. It is safe on a
	// change that was never made, or is undone already.
	undo(ctx context.Context) error
	// byHand are the commands by which a person would do so. Last says that no other change of the object is left.
	byHand(last bool) []string
}

// outcome of a request that was not refused.
type outcome struct {
	// skipped says why there was nothing to do.
	skipped string
}

func (a *Applier) operation(c *inject.Change) (operation, error) {
	switch {
	case c.Delete != nil:
		return deletion{a, c}, nil
	case c.Evict != nil:
		return eviction{a, c}, nil
	case c.Edit != nil:
		return edit{a, c}, nil
	case c.Create != nil:
		return creation{a, c}, nil
	case c.Withdraw != nil:
		return withdrawal{a, c}, nil
	case c.Agent != nil:
		return inPod{a, c}, nil
	case c.Command != nil:
		return program{a, c}, nil
	}
	return nil, fmt.Errorf("change %s holds no operation", c.ID)
}

// reversal is the operation of a change that can be taken back, as every one is that the applier keeps for that.
func (a *Applier) reversal(c *inject.Change) (reversible, error) {
	op, err := a.operation(c)
	if err != nil {
		return nil, err
	}
	r, ok := op.(reversible)
	if !ok {
		return nil, fmt.Errorf("change %s cannot be undone", c.ID)
	}
	return r, nil
}
