package report

import (
	"slices"
	"time"

	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/experiment"
)

// changes is the fold over what became of each change.
type changes struct {
	byID  map[string]*changeStory
	order []*changeStory
	marks []Mark
}

// changeStory is the life of one change.
type changeStory struct {
	result                     ChangeResult
	reversible                 bool
	sent, acked, undone        event.Instant
	blockedSince               event.Instant
	applied, finished, blocked bool
	// config is nil where the change is none of a ConfigMap or a Secret.
	config *event.ConfigChange
}

func newChanges() *changes { return &changes{byID: map[string]*changeStory{}} }

func (c *changes) add(at event.Instant, p event.ChangeUpdated) {
	s := c.byID[p.ID]
	if s == nil {
		s = &changeStory{result: ChangeResult{ID: p.ID, Fault: p.Fault, Object: p.Object, UID: p.Object.UID, Verb: p.Verb, Proof: "unproved", Undo: "none"}}
		// Deletions and evictions have no undo, and a load ends with the run; whatever else is changed must be put back.
		s.reversible = p.Verb != "delete" && p.Verb != "evict" && p.Verb != "load"
		c.byID[p.ID] = s
		c.order = append(c.order, s)
	}
	if p.Message != "" {
		s.result.Message = p.Message
	}
	if p.Config != nil {
		s.config = p.Config
	}
	subject := p.Verb + " " + p.Object.Kind + " " + p.Object.Name
	switch p.State {
	case event.ChangeSent:
		s.sent = at
		if s.reversible {
			s.result.Undo = "pending"
		}
	case event.ChangeBlocked:
		if !s.blocked {
			s.blocked, s.blockedSince = true, s.sent
			c.mark(at, "block", subject+" is blocked", p.Object.Name)
		}
	case event.ChangeApplied:
		s.applied, s.acked = true, at
		if s.blocked {
			s.result.BlockedSeconds = s.sent.Sub(s.blockedSince).Seconds()
		}
		c.mark(s.sent, "inject", subject, p.Object.Name)
	case event.ChangeFailed:
		s.result.Proof = "failed"
		if s.blocked {
			s.result.BlockedSeconds = at.Sub(s.blockedSince).Seconds()
		}
	case event.ChangeSkipped:
		s.result.Proof, s.result.Undo = "skipped", "none"
	case event.ChangeProved, event.ChangeUnproved:
		s.result.Proof = string(p.State)
	case event.ChangeUndone, event.ChangeDiverged, event.ChangeStuck:
		s.result.Undo, s.undone, s.finished = string(p.State), at, true
		c.mark(at, "undo", "undo of "+subject, p.Object.Name)
	}
}

func (c *changes) mark(at event.Instant, kind, text, short string) {
	c.marks = append(c.marks, Mark{At: at, Kind: kind, Text: text, Short: short})
}

// results gives the changes with their instants as wall-clock times.
func (c *changes) results(base time.Time) []ChangeResult {
	all := []ChangeResult{}
	for _, s := range c.order {
		r := s.result
		if s.sent != 0 {
			r.SentAt = wallTime(base, s.sent)
		}
		if s.applied {
			r.AckedAt = wallTime(base, s.acked)
		}
		if s.finished {
			r.UndoneAt = wallTime(base, s.undone)
		}
		all = append(all, r)
	}
	return all
}

// restored is when the last undo was over, however it went; zero where there was none.
func (c *changes) restored() (last event.Instant) {
	for _, s := range c.order {
		if s.finished {
			last = max(last, s.undone)
		}
	}
	return last
}

// undo is the state of all undos together.
func (c *changes) undo() UndoState {
	state := UndoClean
	for _, s := range c.order {
		switch s.result.Undo {
		case "stuck", "pending":
			return UndoIncomplete
		case "diverged":
			state = UndoDiverged
		}
	}
	return state
}

// unproved says of each change that was not seen to take effect what happened to it, and which fault changed nothing.
func (c *changes) unproved(faults []experiment.Fault) (sentences []string, applied int) {
	told := map[string]bool{}
	for _, s := range c.order {
		if s.applied {
			applied++
		}
		effect := "the effect of the fault " + s.result.Fault + " was not seen"
		if s.result.Proof == "failed" {
			effect = "the fault " + s.result.Fault + " did not take effect"
		}
		if s.result.Object.Kind != "" {
			effect += " on " + s.result.Object.Kind + " " + s.result.Object.Name
		}
		switch {
		case s.result.Proof == "failed" || s.result.Proof == "unproved":
			sentences = append(sentences, effect+": "+orElse(s.result.Message, "nothing was observed by the end"))
			told[s.result.Fault] = true
		case s.applied:
			told[s.result.Fault] = true
		}
	}
	for _, f := range faults {
		if !told[f.Name] && applied > 0 {
			sentences = append(sentences, "the fault "+f.Name+" changed nothing")
		}
	}
	return sentences, applied
}

// injected lists, in order, when the changes were sent that took effect.
func (c *changes) injected() []event.Instant {
	var all []event.Instant
	for _, s := range c.order {
		if s.applied {
			all = append(all, s.sent)
		}
	}
	slices.Sort(all)
	return all
}

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func wallTime(base time.Time, at event.Instant) time.Time { return base.Add(time.Duration(at)).UTC() }

func secondsOf(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
