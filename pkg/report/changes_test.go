package report

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/experiment"
)

// told folds the steps of one change, each a second after the one before.
func told(verb string, states ...event.ChangeState) *changes {
	c := newChanges()
	for i, state := range states {
		c.add(at(float64(i+1)), event.ChangeUpdated{ID: "x", Fault: "f", Verb: verb, Object: event.Object{Kind: "Node", Name: "n"}, State: state, Message: "message " + string(state)})
	}
	return c
}

func TestChangeStates(t *testing.T) {
	const (
		intended, sent, blocked, applied = event.ChangeIntended, event.ChangeSent, event.ChangeBlocked, event.ChangeApplied
		failed, skipped, proved          = event.ChangeFailed, event.ChangeSkipped, event.ChangeProved
		unproved, undone, diverged       = event.ChangeUnproved, event.ChangeUndone, event.ChangeDiverged
		stuck                            = event.ChangeStuck
	)
	for name, c := range map[string]struct {
		verb        string
		states      []event.ChangeState
		proof, undo string
		state       UndoState
	}{
		"a deletion":                     {"delete", []event.ChangeState{intended, sent, applied, proved}, "proved", "none", UndoClean},
		"a deletion that was killed":     {"delete", []event.ChangeState{intended, sent}, "unproved", "none", UndoClean},
		"an edit, undone":                {"patch", []event.ChangeState{intended, sent, applied, proved, undone}, "proved", "undone", UndoClean},
		"an edit, not undone":            {"patch", []event.ChangeState{intended, sent, applied, proved}, "proved", "pending", UndoIncomplete},
		"only intended":                  {"patch", []event.ChangeState{intended}, "unproved", "none", UndoClean},
		"failed before it was sent":      {"patch", []event.ChangeState{intended, failed}, "failed", "none", UndoClean},
		"failed, maybe applied":          {"patch", []event.ChangeState{intended, sent, failed}, "failed", "pending", UndoIncomplete},
		"failed, looked after":           {"patch", []event.ChangeState{intended, sent, failed, undone}, "failed", "undone", UndoClean},
		"skipped":                        {"patch", []event.ChangeState{intended, skipped}, "skipped", "none", UndoClean},
		"sent, then found to be there":   {"patch", []event.ChangeState{intended, sent, skipped}, "skipped", "none", UndoClean},
		"diverged":                       {"patch", []event.ChangeState{intended, sent, applied, proved, diverged}, "proved", "diverged", UndoDiverged},
		"stuck":                          {"patch", []event.ChangeState{intended, sent, applied, proved, stuck}, "proved", "stuck", UndoIncomplete},
		"proved, and set back by others": {"patch", []event.ChangeState{intended, sent, applied, proved, unproved, undone}, "unproved", "undone", UndoClean},
		"a budget gave way":              {"evict", []event.ChangeState{intended, sent, blocked, sent, applied, proved}, "proved", "none", UndoClean},
	} {
		t.Run(name, func(t *testing.T) {
			folded := told(c.verb, c.states...)
			result := folded.results(began)[0]
			assert.Equal(t, c.proof, result.Proof)
			assert.Equal(t, c.undo, result.Undo)
			assert.Equal(t, c.state, folded.undo())
			assert.Equal(t, "message "+string(c.states[len(c.states)-1]), result.Message)
		})
	}
}

func TestUndoOfSeveral(t *testing.T) {
	c := newChanges()
	add := func(id string, states ...event.ChangeState) {
		for _, s := range states {
			c.add(at(1), event.ChangeUpdated{ID: id, Verb: "patch", State: s})
		}
	}
	add("a", event.ChangeSent, event.ChangeUndone)
	add("b", event.ChangeSent, event.ChangeDiverged)
	assert.Equal(t, UndoDiverged, c.undo())
	add("c", event.ChangeSent, event.ChangeStuck)
	assert.Equal(t, UndoIncomplete, c.undo(), "what is left behind comes before what is kept")
}

func TestBlockedSeconds(t *testing.T) {
	evicted := told("evict", event.ChangeIntended, event.ChangeSent, event.ChangeBlocked, event.ChangeSent, event.ChangeBlocked, event.ChangeSent, event.ChangeApplied)
	assert.InDelta(t, 4, evicted.results(began)[0].BlockedSeconds, 1e-9, "from the first request to the last")
	failed := told("evict", event.ChangeIntended, event.ChangeSent, event.ChangeBlocked, event.ChangeFailed)
	assert.InDelta(t, 2, failed.results(began)[0].BlockedSeconds, 1e-9)
	assert.Zero(t, told("evict", event.ChangeIntended, event.ChangeSent, event.ChangeApplied).results(began)[0].BlockedSeconds)
	var kinds []string
	for _, m := range evicted.marks {
		kinds = append(kinds, m.Kind)
	}
	assert.Equal(t, "block inject", strings.Join(kinds, " "))
}

func TestChangeInstants(t *testing.T) {
	r := told("patch", event.ChangeIntended, event.ChangeSent, event.ChangeApplied, event.ChangeUndone).results(began)[0]
	assert.Equal(t, []time.Time{wall(2), wall(3), wall(4)}, []time.Time{r.SentAt, r.AckedAt, r.UndoneAt})
	never := told("patch", event.ChangeFailed).results(began)[0]
	assert.True(t, never.SentAt.IsZero() && never.AckedAt.IsZero() && never.UndoneAt.IsZero())
}

func TestInjectedInOrder(t *testing.T) {
	c := newChanges()
	for i, id := range []string{"blocked for long", "at once"} {
		c.add(at(1), event.ChangeUpdated{ID: id, Verb: "evict", State: event.ChangeIntended})
		c.add(at(float64(9-i)), event.ChangeUpdated{ID: id, Verb: "evict", State: event.ChangeSent})
		c.add(at(float64(9-i)+0.1), event.ChangeUpdated{ID: id, Verb: "evict", State: event.ChangeApplied})
	}
	assert.Equal(t, []event.Instant{at(8), at(9)}, c.injected())
}

func TestUnproved(t *testing.T) {
	faults := []experiment.Fault{{Name: "f"}, {Name: "other"}}
	sentences, applied := told("patch", event.ChangeSent, event.ChangeApplied).unproved(faults[:1])
	assert.Equal(t, []string{"the effect of the fault f was not seen on Node n: message applied"}, sentences)
	assert.Equal(t, 1, applied)
	sentences, applied = told("patch", event.ChangeSent, event.ChangeFailed).unproved(faults)
	assert.Equal(t, []string{"the fault f did not take effect on Node n: message failed"}, sentences)
	assert.Zero(t, applied)
	sentences, _ = told("patch", event.ChangeSent, event.ChangeApplied, event.ChangeProved).unproved(faults)
	assert.Equal(t, []string{"the fault other changed nothing"}, sentences)
}
