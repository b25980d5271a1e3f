package mutation

import (
	"regexp"
	"strings"
	"sync"
)

// assignment is a line of a properties or an env file: what comes before the value, with the key in it, and the value.
var assignment = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(\s*(?:export\s+)?([A-Za-z_][-A-Za-z0-9_./\[\]]*)\s*[=:]\s*)(.*)$`)
})

// readProperties reads lines of key=value or key: value, comments and empty ones. Of the values it finds those that are
// written in one line. Some keys may have none.
func readProperties(source []byte) ([]leaf, bool) {
	var leaves []leaf
	at, continued, found := 0, false, false
	for line := range strings.Lines(string(source)) {
		start := at
		at += len(line)
		line = strings.TrimRight(line, "\r\n")
		goesOn := (len(line)-len(strings.TrimRight(line, `\`)))%2 == 1
		skip := continued || isComment(line)
		continued = goesOn && !isComment(line)
		if skip {
			continue
		}
		m := assignment().FindStringSubmatch(line)
		if m == nil {
			return nil, false
		}
		found = true
		if l, ok := assigned(m[2], m[3], start+len(m[1])); ok && !goesOn {
			leaves = append(leaves, l)
		}
	}
	// The end of a base64 text looks like an assignment.
	if len(leaves) == 0 && !strings.Contains(strings.TrimSpace(string(source)), "\n") {
		return nil, false
	}
	return leaves, found
}

func isComment(line string) bool {
	line = strings.TrimSpace(line)
	return line == "" || strings.HasPrefix(line, "#") || strings.HasPrefix(line, "!")
}

// assigned is the value of a key, whose text begins there. Env files have quotes around some, and comments after them.
func assigned(key, written string, start int) (leaf, bool) {
	value := strings.TrimRight(written, " \t\f\v")
	l := leaf{path: key, value: value, start: start, end: start + len(value)}
	if value == "" || strings.Trim(value, "=") == "" {
		return l, false
	}
	if value[0] == '"' || value[0] == '\'' {
		if n := quoted(value); n > 2 && isComment(value[n:]) {
			l.quote, l.value, l.end = value[0], value[1:n-1], start+n
		}
	}
	l.kind = looks(l.value)
	return l, true
}

// writeAsItStands writes a value between the quotes that were there.
func writeAsItStands(l leaf) string {
	if l.quote == 0 {
		return l.value
	}
	return string(l.quote) + l.value + string(l.quote)
}
