package report

import (
	"fmt"
	"reflect"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Names and messages come from a cluster, and so from anybody. Escaping is left to each format; what no format
// escapes is dealt with here: endless strings, terminal controls, and marks that make text read backwards.
const (
	longestText       = 600
	longestExperiment = 60_000
)

// tamed is a copy of v in which every string is printable and has at most limit runes. It walks the whole value, so that no field
// can be forgotten. Buckets hold only numbers and are shared.
func tamed[T any](v T, limit int) T {
	var out T
	copyTamed(reflect.ValueOf(&out).Elem(), reflect.ValueOf(&v).Elem(), limit)
	return out
}

func copyTamed(to, from reflect.Value, limit int) {
	switch from.Kind() {
	case reflect.String:
		to.SetString(printable(from.String(), limit))
	case reflect.Pointer:
		if !from.IsNil() {
			to.Set(reflect.New(from.Type().Elem()))
			copyTamed(to.Elem(), from.Elem(), limit)
		}
	case reflect.Slice:
		if _, numbers := from.Interface().([]Bucket); numbers || from.IsNil() {
			to.Set(from)
			return
		}
		to.Set(reflect.MakeSlice(from.Type(), from.Len(), from.Len()))
		for i := range from.Len() {
			copyTamed(to.Index(i), from.Index(i), limit)
		}
	case reflect.Map:
		to.Set(reflect.MakeMap(from.Type()))
		for _, key := range from.MapKeys() {
			k := reflect.New(key.Type()).Elem()
			copyTamed(k, key, limit)
			to.SetMapIndex(k, from.MapIndex(key))
		}
	case reflect.Struct:
		if _, opaque := from.Interface().(time.Time); opaque {
			to.Set(from)
			return
		}
		for i := range from.NumField() {
			copyTamed(to.Field(i), from.Field(i), limit)
		}
	default:
		to.Set(from)
	}
}

// printable is s without controls, cut to limit runes at the most. Controls stay visible, as in \u202e: a name that
// holds one is worth seeing.
func printable(s string, limit int) string {
	return clip(visible(s, limit, false), limit)
}

// document is like printable for a text of several lines.
func document(s string, limit int) string {
	whole := visible(s, limit, true)
	if cut := clip(whole, limit); cut != whole {
		return cut + "\n# cut here: the whole is in the event log of the run\n"
	}
	return whole
}

// visible writes the first runes of s, controls as escapes. It stops soon after limit, for s may be endless.
func visible(s string, limit int, lines bool) string {
	var b strings.Builder
	n := 0
	for _, r := range s {
		if n++; n > limit+1 {
			break
		}
		switch {
		case lines && (r == '\n' || r == '\t'):
			b.WriteRune(r)
		case r == '\n' || r == '\t' || r == '\r':
			b.WriteByte(' ')
		case unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r):
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// clip shortens s to limit runes, the last an ellipsis.
func clip(s string, limit int) string {
	if utf8.RuneCountInString(s) <= limit {
		return s
	}
	runes := []rune(s)
	return string(runes[:max(limit-1, 0)]) + "…"
}

// clipMiddle shortens s to limit runes and keeps its end, where the names of pods differ.
func clipMiddle(s string, limit int) string {
	runes := []rune(s)
	if len(runes) <= limit || limit < 3 {
		return clip(s, limit)
	}
	tail := limit * 2 / 3
	return string(runes[:limit-tail-1]) + "…" + string(runes[len(runes)-tail:])
}
