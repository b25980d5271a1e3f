package command

import (
	"fmt"
	"strconv"
	"strings"
)

// MaxOutput bounds what is kept of each output, in bytes. What is more is read, so that the program goes on, and dropped.
const MaxOutput = 64 << 10

// Output is the beginning of what a program has written to one of its outputs.
type Output struct {
	Name string
	// More says that there was more of it.
	More bool

	kept []byte
}

// String is the output as text, without the ends of lines at its end. Bytes that are no text are replaced.
func (o *Output) String() string {
	return strings.ToValidUTF8(strings.TrimRight(string(o.kept), "\r\n"), "\uFFFD")
}

// Write keeps the beginning.
func (o *Output) Write(part []byte) (int, error) {
	room := min(len(part), MaxOutput-len(o.kept))
	o.kept = append(o.kept, part[:room]...)
	o.More = o.More || room < len(part)
	return len(part), nil
}

// Said is what may be recorded of the outputs of a program that knows these secrets, by the names of their variables.
func (e *Ended) Said(secret []string) string {
	if len(secret) > 0 {
		return fmt.Sprintf("; its output is not recorded, since it knows %s", strings.Join(secret, ", "))
	}
	var all strings.Builder
	for _, o := range []*Output{&e.Stdout, &e.Stderr} {
		if text := strings.TrimSpace(o.String()); text != "" {
			fmt.Fprintf(&all, ", %s %s", o.Name, Excerpt(text))
		}
	}
	return all.String()
}

// Excerpt is the beginning of what somebody said, on one line and without characters that could deceive whoever reads it
// in a terminal.
func Excerpt(text string) string {
	const most = 200
	if len(text) > most {
		return strconv.Quote(text[:most]) + "…"
	}
	return strconv.Quote(text)
}
