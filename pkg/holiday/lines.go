package holiday

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	ics "github.com/arran4/golang-ical"
)

// maxSize bounds a file: calendars of holidays are small.
const maxSize = 8 << 20

// Error is what is wrong with a calendar, and where.
type Error struct {
	// Line counts from 1.
	Line    int
	Message string
}

func (e *Error) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Message) }

func wrong(line int, format string, args ...any) error {
	return &Error{line, fmt.Sprintf(format, args...)}
}

// property is one content line.
type property struct {
	*ics.BaseProperty
	line int
}

// parameter is the first value of a parameter, "" where there is none.
func (p property) parameter(name string) string {
	for key, values := range p.ICalParameters {
		if strings.EqualFold(key, name) && len(values) > 0 {
			return values[0]
		}
	}
	return ""
}

// properties reads the content lines of a file, each of which may be folded into several.
func properties(r io.Reader) ([]property, error) {
	limited := &io.LimitedReader{R: r, N: maxSize + 1}
	scanner := bufio.NewScanner(limited)
	scanner.Buffer(nil, maxSize+1)
	var all []property
	var unfolded strings.Builder
	number, begins := 0, 0
	flush := func() error {
		text := unfolded.String()
		unfolded.Reset()
		if strings.TrimSpace(text) == "" {
			return nil
		}
		parsed, err := ics.ParseProperty(ics.ContentLine(text))
		if err != nil {
			return wrong(begins, "this cannot be read: %v", err)
		}
		if parsed == nil {
			return wrong(begins, "%s is not a line of a calendar: expected a name, a colon and a value", quote(text))
		}
		parsed.IANAToken = strings.ToUpper(parsed.IANAToken)
		all = append(all, property{parsed, begins})
		return nil
	}
	for scanner.Scan() {
		number++
		text := strings.TrimSuffix(scanner.Text(), "\r")
		if number == 1 {
			text = strings.TrimPrefix(text, "\ufeff")
		}
		if rest := strings.TrimLeft(text, " \t"); number > 1 && len(rest) < len(text) {
			unfolded.WriteString(text[1:])
			continue
		}
		if err := flush(); err != nil {
			return nil, err
		}
		begins = number
		unfolded.WriteString(text)
	}
	switch err := scanner.Err(); {
	case limited.N == 0 || errors.Is(err, bufio.ErrTooLong):
		return nil, wrong(number+1, "the calendar is larger than %d MiB", maxSize>>20)
	case err != nil:
		return nil, err
	}
	return all, flush()
}

// quote is a part of the file as a message shows it.
func quote(s string) string {
	if runes := []rune(s); len(runes) > 60 {
		s = string(runes[:60]) + "…"
	}
	return fmt.Sprintf("%q", s)
}
