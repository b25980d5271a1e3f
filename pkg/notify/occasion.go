package notify

import "slices"

// Occasion is something that a receiver may want to be told of.
type Occasion string

// The occasions. An experiment that has ended is one of its verdict, and one more where it has left something behind.
const (
	OnStarted        Occasion = "started"
	OnPass           Occasion = "pass"
	OnFail           Occasion = "fail"
	OnUnknown        Occasion = "unknown"
	OnAborted        Occasion = "aborted"
	OnUndoIncomplete Occasion = "undoIncomplete"
	OnNotRun         Occasion = "notRun"
	OnMissed         Occasion = "missed"
	OnHeld           Occasion = "held"
	OnDay            Occasion = "day"
)

// Values lists the occasions for the loader.
func (Occasion) Values() []string {
	var all []string
	for _, o := range []Occasion{OnStarted, OnPass, OnFail, OnUnknown, OnAborted, OnUndoIncomplete, OnNotRun, OnMissed, OnHeld, OnDay} {
		all = append(all, string(o))
	}
	return all
}

// Usual are the occasions on which somebody has to look.
func Usual() []Occasion {
	return []Occasion{OnFail, OnUnknown, OnAborted, OnUndoIncomplete, OnNotRun, OnMissed, OnHeld}
}

// Occasions are those of the message.
func (m Message) Occasions() []Occasion {
	switch m.Event {
	case Finished:
		all := []Occasion{Occasion(m.Verdict)}
		if m.Undo == incomplete {
			all = append(all, OnUndoIncomplete)
		}
		return all
	case DayFinished:
		return []Occasion{OnDay}
	}
	return []Occasion{Occasion(m.Event)}
}

// wants says whether who wants to be told on these occasions wants the message.
func (m Message) wants(on []Occasion) bool {
	if len(on) == 0 {
		on = Usual()
	}
	return slices.ContainsFunc(m.Occasions(), func(o Occasion) bool { return slices.Contains(on, o) })
}
