package probe

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/chaosctl/chaosctl/pkg/experiment"
)

// Bytes is text in which \r, \n, \t, \\ and \x00 to \xFF stand for bytes that a file cannot hold.
type Bytes string

const bytesPattern = `^([^\\]|\\([rnt\\]|x[0-9A-Fa-f]{2}))*$`

// UnmarshalText replaces the escapes.
func (b *Bytes) UnmarshalText(text []byte) error {
	rest := string(text)
	if !b.Form().Accepts(rest) {
		return fmt.Errorf("%q has a \\ that begins no escape: write \\r, \\n, \\t, \\x and two hexadecimal digits, or \\\\ for one \\", text)
	}
	var out strings.Builder
	for rest != "" {
		head, tail, found := strings.Cut(rest, `\`)
		out.WriteString(head)
		if !found {
			break
		}
		r, _, after, err := strconv.UnquoteChar(`\`+tail, 0)
		if err != nil {
			return err
		}
		out.WriteByte(byte(r))
		rest = after
	}
	*b = Bytes(out.String())
	return nil
}

// MarshalText writes the escapes.
func (b Bytes) MarshalText() ([]byte, error) {
	var out strings.Builder
	for _, c := range []byte(b) {
		switch {
		case c == '\\':
			out.WriteString(`\\`)
		case c == '\r':
			out.WriteString(`\r`)
		case c == '\n':
			out.WriteString(`\n`)
		case c == '\t':
			out.WriteString(`\t`)
		case c < ' ' || c > '~':
			fmt.Fprintf(&out, `\x%02x`, c)
		default:
			out.WriteByte(c)
		}
	}
	return []byte(out.String()), nil
}

// Expected says what the loader expects.
func (Bytes) Expected() string { return `text, with escapes such as \r\n` }

// Form says which text is read.
func (Bytes) Form() experiment.Form {
	return experiment.Form{Name: "text with escapes", Patterns: []string{bytesPattern}}
}
