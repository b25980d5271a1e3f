package jsonschema

import (
	"encoding"
	"reflect"
	"strconv"
	"strings"
	"unicode"

	"github.com/chaosctl/chaosctl/pkg/experiment"
)

// about is a comment with another subject: Go names its fields otherwise than a file does.
func about(text, name, subject string) string {
	if rest, ok := strings.CutPrefix(text, name); ok && (rest == "" || rest[0] == ' ' || rest[0] == ',') {
		return subject + rest
	}
	return text
}

// phrase is the name of a Go type in words: GameDayExperiment is a game day experiment.
func phrase(name string) string {
	var out []rune
	runes := []rune(name)
	for i, r := range runes {
		next := i+1 < len(runes) && unicode.IsLower(runes[i+1])
		if i > 0 && unicode.IsUpper(r) && (next || unicode.IsLower(runes[i-1])) {
			out = append(out, ' ')
			if next {
				r = unicode.ToLower(r)
			}
		}
		out = append(out, r)
	}
	return string(out)
}

// written is a default as people write it in a file.
func written(v reflect.Value) (any, error) {
	text, ok := v.Interface().(encoding.TextMarshaler)
	if !ok {
		return v.Interface(), nil
	}
	out, err := text.MarshalText()
	s := string(out)
	if _, isDuration := text.(experiment.Duration); isDuration {
		// Go writes 2m0s for what people call 2m.
		for _, long := range []string{"m0s", "h0m"} {
			if strings.HasSuffix(s, long) {
				s = s[:len(s)-2]
			}
		}
		return s, err
	}
	if number, notNumber := strconv.Atoi(s); notNumber == nil {
		return number, err
	}
	return s, err
}
