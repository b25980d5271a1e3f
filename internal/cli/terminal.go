package cli

import (
	"io"
	"os"

	"golang.org/x/term"
)

// terminal is the file behind a stream if that is a terminal.
func terminal(stream any) (*os.File, bool) {
	file, ok := stream.(*os.File)
	return file, ok && term.IsTerminal(int(file.Fd()))
}

// colours says whether a stream is a terminal whose user wants colours (no-color.org).
func colours(w io.Writer) bool {
	_, ok := terminal(w)
	return ok && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

// width is the number of columns of a stream; 100 where it has none.
func width(w io.Writer) int {
	if file, ok := terminal(w); ok {
		if columns, _, err := term.GetSize(int(file.Fd())); err == nil && columns > 0 {
			return columns
		}
	}
	return 100
}

// The few attributes that are used: no more than a reader needs to find what matters.
const (
	bold   = "\x1b[1m"
	dim    = "\x1b[2m"
	red    = "\x1b[31m"
	green  = "\x1b[32m"
	yellow = "\x1b[33m"
	plain  = "\x1b[0m"
)

func paint(on bool, attribute, text string) string {
	if !on {
		return text
	}
	return attribute + text + plain
}
