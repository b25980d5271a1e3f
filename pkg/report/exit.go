package report

import "github.com/chaosctl/chaosctl/pkg/event"

// The exit codes of a run. Those without a result (usage, refusals) are the command line's.
const (
	ExitPass           = 0
	ExitFail           = 1
	ExitUnknown        = 2
	ExitUndoIncomplete = 3
	ExitInvalid        = 4
	ExitRefused        = 5
	ExitAborted        = 6
	ExitInternal       = 70
	ExitInterrupted    = 130
)

// exitCode maps the outcome to a code. An incomplete undo dominates: somebody must act.
func (r *record) exitCode(m *Model) int {
	switch {
	case m.Undo == UndoIncomplete:
		return ExitUndoIncomplete
	case r.ended != nil && r.ended.Outcome == event.Interrupted:
		return ExitInterrupted
	case r.ended != nil && r.ended.Outcome == event.Aborted:
		return ExitAborted
	case r.ended != nil && r.ended.Outcome == event.Failed:
		return ExitInternal
	case m.Verdict == Pass:
		return ExitPass
	case m.Verdict == Fail:
		return ExitFail
	}
	return ExitUnknown
}
