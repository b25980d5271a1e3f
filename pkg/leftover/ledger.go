package leftover

import (
	"slices"
	"sync"

	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/inject"
)

// ledger gathers what the applier tells.
type ledger struct {
	mu      sync.Mutex
	changes map[string]*inject.Change
	items   []Item
	notes   []string
}

// Record keeps the ends of undos, and warnings.
func (l *ledger) Record(p event.Payload) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch p := p.(type) {
	case event.ChangeUpdated:
		switch p.State {
		case event.ChangeUndone, event.ChangeDiverged, event.ChangeStuck:
			item := Item{Object: p.Object, State: p.State, Message: p.Message}
			item.Verb = p.Verb
			if c := l.changes[p.ID]; c != nil {
				for _, f := range c.Fields() {
					item.Fields = append(item.Fields, f.PathString())
				}
			}
			l.items = append(l.items, item)
		}
	case event.Noted:
		if !slices.Contains(l.notes, p.Message) { // that a server does not answer may be told for each change
			l.notes = append(l.notes, p.Message)
		}
	}
}
