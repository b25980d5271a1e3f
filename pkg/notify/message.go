package notify

import (
	"cmp"
	"encoding/json"
	"reflect"
	"strings"
	"time"
	"unicode"
)

// Version is that of the messages.
const Version = "chaosctl.dev/v1alpha1"

// Event is what has happened.
type Event string

// The events.
const (
	Started     Event = "started"     // an experiment begins
	Finished    Event = "finished"    // an experiment has ended, with a verdict
	NotRun      Event = "notRun"      // an experiment was not run though it was its turn
	Missed      Event = "missed"      // runs of the game day that were due did not begin
	Held        Event = "held"        // an experiment waits for a person's go
	DayFinished Event = "dayFinished" // the game day is through, with a verdict over all of its experiments
)

// Message tells one event. What does not belong to it is empty.
type Message struct {
	// ID is the same for all attempts to deliver the message, and another one's for none.
	ID    string    `json:"id"`
	Event Event     `json:"event"`
	At    time.Time `json:"at"`
	// GameDay is its name, Experiment that of the experiment; of what concerns the whole game day there is none.
	GameDay    string `json:"gameDay"`
	Experiment string `json:"experiment,omitempty"`
	Promise    string `json:"promise,omitempty"`
	// Target is the workload under test as namespace/kind/name.
	Target string `json:"target,omitempty"`
	RunID  string `json:"runID,omitempty"`
	// Verdict is pass, fail, unknown or aborted.
	Verdict string `json:"verdict,omitempty"`
	// Reason is a sentence: what was measured, or why nothing was run.
	Reason string `json:"reason,omitempty"`
	// Mend says what would have prevented it, where that is known.
	Mend string `json:"mend,omitempty"`
	// Undo is clean, diverged or incomplete.
	Undo string `json:"undo,omitempty"`
	// Report is the path of the report on the machine that ran the experiment.
	Report string `json:"report,omitempty"`
}

// incomplete is the state of an undo that has left something behind.
const incomplete = "incomplete"

// Text is the message in a line.
func (m Message) Text() string {
	subject := "game day " + m.GameDay
	if m.Experiment != "" {
		subject += ": " + m.Experiment
	}
	if m.Target != "" {
		subject += " on " + m.Target
	}
	line := subject + " " + m.predicate()
	if m.Reason != "" {
		line += ": " + strings.TrimSuffix(m.Reason, ".") + "."
	} else {
		line += "."
	}
	for _, part := range []struct{ name, value string }{{"Mend", m.Mend}, {"Undo", m.Undo}, {"Report", m.Report}} {
		if part.value != "" {
			line += " " + part.name + ": " + strings.TrimSuffix(part.value, ".") + "."
		}
	}
	return line
}

func (m Message) predicate() string {
	switch m.Event {
	case Started:
		return "begins"
	case NotRun:
		return "was not run"
	case Missed:
		return "did not begin"
	case Held:
		return "waits for a go"
	}
	word := cmp.Or(map[string]string{"pass": "passed", "fail": "failed", "aborted": "was aborted"}[m.Verdict], "came to unknown")
	if m.Undo == incomplete {
		word += ", and has left something behind"
	}
	return word
}

// MarshalJSON writes the message with its text, and as what it is.
func (m Message) MarshalJSON() ([]byte, error) {
	type plain Message
	return json.Marshal(struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
		plain
		Text string `json:"text"`
	}{Version, "Notification", plain(m), m.Text()})
}

// longest bounds each text of a message, in characters.
const longest = 600

// tamed is the message without what does not print, and with no text that is too long: names and reasons come from a cluster.
func (m Message) tamed() Message {
	return m.mapped(func(s string) string {
		s = strings.Map(func(r rune) rune {
			if !unicode.IsPrint(r) {
				return ' '
			}
			return r
		}, s)
		if runes := []rune(s); len(runes) > longest {
			s = string(runes[:longest]) + "…"
		}
		return s
	})
}

// mapped is the message with each of its texts changed. The event is a word of this program.
func (m Message) mapped(change func(string) string) Message {
	v := reflect.ValueOf(&m).Elem()
	for i := range v.NumField() {
		if f := v.Field(i); f.Type() == reflect.TypeFor[string]() {
			f.SetString(change(f.String()))
		}
	}
	return m
}
