package report

import "strings"

// Headline is the outcome of a run in a sentence with its figure.
func Headline(r *Result) string {
	parts := []string{}
	if figure := served(r); figure != "" {
		parts = append(parts, figure)
	}
	switch r.Verdict {
	case Pass:
		if len(parts) == 0 {
			parts = append(parts, expectationsHeld(r))
		}
	case Fail:
		parts = append(parts, expectationsHeld(r))
	default:
		reason := "the run did not come to an end"
		if len(r.Reasons) > 0 {
			reason = strings.TrimSuffix(r.Reasons[0], ".")
		}
		parts = append([]string{reason}, parts...)
	}
	if r.Undo == UndoIncomplete {
		parts = append(parts, "not everything is put back")
	}
	return r.Verdict.said() + ": " + strings.Join(parts, "; ")
}

// said is the verdict at the start of a sentence. A run that left none is unknown.
func (v Verdict) said() string {
	switch v {
	case Pass:
		return "Passed"
	case Fail:
		return "Failed"
	case Aborted:
		return "Aborted"
	}
	return "Unknown"
}

// served says how much of the load was answered. Of several streams the worst is named, for a sum over streams
// would let one that kept its connections hide what new clients met.
func served(r *Result) string {
	worst := worstStream(r.Streams)
	if worst == nil {
		return ""
	}
	of := ""
	if len(r.Streams) > 1 {
		of = " of " + worst.Label()
	}
	text := percent(*worst.Availability) + " of " + plural(worst.Requests, "request") + of + " answered"
	if worst.Interval95 != nil {
		text += " (" + interval(*worst.Interval95) + ")"
	}
	return text + ", " + longestOutage(r.Streams)
}

// worstStream is the stream with the lowest availability, nil where none was measured.
func worstStream(streams []StreamResult) *StreamResult {
	var worst *StreamResult
	for i, s := range streams {
		if s.Availability != nil && (worst == nil || *s.Availability < *worst.Availability) {
			worst = &streams[i]
		}
	}
	return worst
}

func longestOutage(streams []StreamResult) string {
	longest := OutageResult{}
	for _, s := range streams {
		for _, o := range s.Outages {
			if o.Duration >= longest.Duration {
				longest = o
			}
		}
	}
	switch {
	case longest.Start.IsZero() && longest.Duration == 0:
		return "no outage"
	case longest.Open:
		return "longest outage at least " + seconds(longest.Duration)
	}
	return "longest outage " + seconds(longest.Duration)
}

// Label is the stream with its kind of connections: browse over fresh connections.
func (s StreamResult) Label() string {
	return streamLabel(s.Name, s.Connections)
}

func streamLabel(name, connections string) string {
	switch connections {
	case "":
		return name
	case "reuse":
		return name + " over reused connections"
	}
	return name + " over " + connections + " connections"
}

func expectationsHeld(r *Result) string {
	held := 0
	for _, e := range r.Expectations {
		if e.Verdict == Pass {
			held++
		}
	}
	switch n := len(r.Expectations); {
	case n == 0:
		return "nothing was expected"
	case held == n:
		return "all of " + plural(n, "expectation") + " held"
	default:
		return count(held) + " of " + plural(n, "expectation") + " held"
	}
}

// undoWords says whether the cluster is as it was, and what to do if it is not.
func undoWords(r *Result) string {
	switch r.Undo {
	case UndoClean:
		for _, c := range r.Changes {
			if c.Undo == "undone" {
				return "Everything is put back."
			}
		}
		return "Nothing is left behind: no change needed to be put back."
	case UndoDiverged:
		return "Put back, except what somebody else changed meanwhile: theirs was kept."
	case UndoIncomplete:
		return "Not everything is put back. Run: chaosctl recover"
	}
	return "Not known: the run left no word of it. Run: chaosctl recover"
}

// exitMeaning says what the exit code stands for.
func exitMeaning(code int) string {
	switch code {
	case ExitPass:
		return "passed, and everything is put back"
	case ExitFail:
		return "an expectation failed; everything is put back"
	case ExitUnknown:
		return "unknown: what was seen does not support a verdict"
	case ExitUndoIncomplete:
		return "the undo is incomplete"
	case ExitInvalid:
		return "the input is invalid"
	case ExitRefused:
		return "refused before anything changed"
	case ExitAborted:
		return "aborted; everything is put back"
	case ExitInternal:
		return "internal error"
	case ExitInterrupted:
		return "interrupted; everything is put back"
	}
	return "not a code of chaosctl"
}
