package report

import (
	"time"

	"github.com/chaosctl/chaosctl/pkg/event"
)

// changeView is a change as it was planned and as it went.
type changeView struct {
	ChangeResult
	Name     string
	What     string
	UndoPlan string
	// Due is when it was planned for, from the start of the fault.
	Due     string
	Blocked string
	Sent    bool
}

// changeViews joins the plan with what became of it. What was planned and never sent is shown too.
func changeViews(m *Model) []changeView {
	planned := map[string]event.PlannedChange{}
	for _, p := range m.Plan.Changes {
		planned[p.ID] = p
	}
	var out []changeView
	for _, c := range m.Changes {
		// A repetition is planned as one line, kill/2, and carried out as changes of its own: kill/2/delete-web-0.
		for at, r := range c.ID {
			if r == '/' {
				delete(planned, c.ID[:at])
			}
		}
		view := changeView{ChangeResult: c, Name: objectName(c.Object), Sent: !c.SentAt.IsZero()}
		if p, known := planned[c.ID]; known {
			view.What, view.UndoPlan, view.Due = p.What, p.Undo, offset(p.At.Seconds())
			delete(planned, c.ID)
		}
		if c.BlockedSeconds > 0 {
			view.Blocked = seconds(c.BlockedSeconds)
		}
		out = append(out, view)
	}
	for _, p := range m.Plan.Changes {
		if _, left := planned[p.ID]; left {
			out = append(out, changeView{
				ChangeResult: ChangeResult{ID: p.ID, Fault: p.Fault, Object: p.Object, Verb: p.Verb},
				Name:         objectName(p.Object), What: p.What, UndoPlan: p.Undo, Due: offset(p.At.Seconds()),
			})
		}
	}
	return out
}

// ShownRows is the head of the changes.
func (p *page) ShownRows() []changeView { return head(p, p.Rows) }

// ProofClass is the proof as a class of the style.
func (c changeView) ProofClass() string {
	switch c.Proof {
	case "proved":
		return "good"
	case "failed":
		return "bad"
	case "unproved":
		return "odd"
	}
	return "plain"
}

// UndoClass is the undo as a class of the style.
func (c changeView) UndoClass() string {
	switch c.Undo {
	case "undone":
		return "good"
	case "stuck", "pending":
		return "bad"
	case "diverged":
		return "odd"
	}
	return "plain"
}

// UndoWord is the state of the undo for people.
func (c changeView) UndoWord() string {
	switch c.Undo {
	case "none", "":
		return "nothing to undo"
	case "pending":
		return "not undone"
	}
	return c.Undo
}

// Acked is how long the server took to acknowledge the change.
func (c changeView) Acked() string {
	if c.SentAt.IsZero() || c.AckedAt.Before(c.SentAt) {
		return ""
	}
	return seconds(c.AckedAt.Sub(c.SentAt).Seconds())
}

// lastUndo is when the last change was put back.
func lastUndo(changes []ChangeResult) (last time.Time) {
	for _, c := range changes {
		if c.UndoneAt.After(last) {
			last = c.UndoneAt
		}
	}
	return last
}
