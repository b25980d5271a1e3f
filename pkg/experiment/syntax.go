package experiment

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"
)

// syntaxProblem is the parser's complaint about text that is not YAML. The parser names a line at best.
func syntaxProblem(file string, text []byte, err error) Problem {
	p := Problem{File: file, Line: 1, Column: 1}
	message := strings.TrimPrefix(err.Error(), "yaml: ")
	if found := regexp.MustCompile(`^line (\d+): `).FindStringSubmatch(message); found != nil {
		p.Line, _ = strconv.Atoi(found[1])
		message = message[len(found[0]):]
		// The parser proper, in contrast to its scanner, counts lines from 0.
		if regexp.MustCompile(`^did not find expected (key|node|'|<)`).MatchString(message) {
			p.Line++
		}
	} else if found := regexp.MustCompile(`^unknown anchor '(.*)' referenced`).FindStringSubmatch(message); found != nil {
		if at := bytes.Index(text, []byte("*"+found[1])); at >= 0 {
			p.Line = 1 + bytes.Count(text[:at], []byte("\n"))
			p.Column = at - bytes.LastIndexByte(text[:at], '\n')
		}
	}
	p.Message = clip("this is not YAML: " + message)
	switch {
	case strings.Contains(message, "cannot start any token"):
		p.Hint = "indent with spaces, not with tabs, and quote text that starts with @, ` or %"
	case strings.Contains(message, "mapping values are not allowed"):
		p.Hint = "check the indentation, and quote text that has a colon"
	}
	return p
}
