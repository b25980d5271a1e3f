// Package advice makes errors that say how to mend what they report.
//
// The message is one sentence about what is wrong; the hint, shown on a line of its own, is the
// command or change that puts it right.
package advice

import (
	"errors"
	"fmt"
)

// Error is an error with a hint. The hint may be empty.
type Error struct {
	Message string
	Hint    string
	cause   error
}

func (e *Error) Error() string { return e.Message }

// Unwrap returns what caused the error, if that was given to New with %w.
func (e *Error) Unwrap() error { return e.cause }

// New formats a message as fmt.Errorf does, %w included, and adds a hint.
func New(hint, format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	return &Error{Message: err.Error(), Hint: hint, cause: errors.Unwrap(err)}
}

// Hint returns the first hint in err's chain, or "".
func Hint(err error) string {
	var e *Error
	for errors.As(err, &e) {
		if e.Hint != "" {
			return e.Hint
		}
		err = e.cause
	}
	return ""
}
