package declared

import (
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/chaosctl/chaosctl/pkg/event"
)

// Differences lists in which fields a later state differs from s, in the order of their names. Where an autoscaler decides about
// the number of replicas, that is no difference.
func (s *State) Differences(later *State) []event.Difference {
	all := []event.Difference{}
	keys := maps.Clone(s.objects)
	maps.Copy(keys, later.objects)
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		before, was := s.objects[key]
		now, is := later.objects[key]
		add := func(field, what string) {
			all = append(all, event.Difference{Object: key, Field: field, What: what})
		}
		kind, _, _ := strings.Cut(key, "/")
		if s.scaled || later.scaled {
			before, now = withoutScale(kind, before), withoutScale(kind, now)
		}
		switch {
		case !was:
			add("", "was not there before")
		case !is:
			add("", "is gone")
		default:
			compare("", before, now, add)
		}
	}
	return all
}

// Moved lists the objects that somebody has written between s and a later state, be it to put back what was there. Of those
// that an autoscaler scales nothing is known, nor of Services and ReplicaSets.
func (s *State) Moved(later *State) []string {
	var moved []string
	for key, version := range s.versions {
		kind, _, _ := strings.Cut(key, "/")
		scaled := (s.scaled || later.scaled) && kind != "configmap" && kind != "poddisruptionbudget"
		if now, is := later.versions[key]; is && now != version && !scaled {
			moved = append(moved, key)
		}
	}
	slices.Sort(moved)
	return moved
}

func compare(at string, before, now any, add func(field, what string)) {
	if reflect.DeepEqual(before, now) {
		return
	}
	if was, is, ok := both(before, now); ok {
		keys := maps.Clone(was)
		maps.Copy(keys, is)
		for _, key := range slices.Sorted(maps.Keys(keys)) {
			v, had := was[key]
			w, has := is[key]
			switch field := join(at, key, isList(before)); {
			case !had:
				add(field, "was added")
			case !has:
				add(field, "was removed")
			default:
				compare(field, v, w, add)
			}
		}
		return
	}
	switch {
	case at == "metadata.uid":
		add("", "was deleted and made again")
	case isSecret(at) || isHolder(before) || isHolder(now):
		add(at, "has changed")
	default:
		add(at, fmt.Sprintf("is %s, was %s", short(now), short(before)))
	}
}

// both are two maps, or two lists whose elements have names, or are as many.
func both(before, now any) (was, is map[string]any, ok bool) {
	if was, ok = before.(map[string]any); ok {
		is, ok = now.(map[string]any)
		return was, is, ok
	}
	first, isFirst := before.([]any)
	second, isSecond := now.([]any)
	if !isFirst || !isSecond {
		return nil, nil, false
	}
	was, named := byName(first)
	is, alsoNamed := byName(second)
	if named && alsoNamed {
		return was, is, true
	}
	return byIndex(first), byIndex(second), len(first) == len(second)
}

func byName(list []any) (map[string]any, bool) {
	named := map[string]any{}
	for _, element := range list {
		holder, _ := element.(map[string]any)
		name, _ := holder["name"].(string)
		if name == "" {
			return nil, false
		}
		named[name] = element
	}
	return named, len(named) == len(list)
}

func byIndex(list []any) map[string]any {
	numbered := map[string]any{}
	for i, element := range list {
		numbered[fmt.Sprint(i)] = element
	}
	return numbered
}

func isList(v any) bool {
	_, ok := v.([]any)
	return ok
}

func isHolder(v any) bool {
	_, isMap := v.(map[string]any)
	return isMap || isList(v)
}

var simpleName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]*$`)

func join(at, key string, inList bool) string {
	switch {
	case inList || !simpleName.MatchString(key):
		return at + "[" + key + "]"
	case at == "":
		return key
	}
	return at + "." + key
}

// isSecret says that the value of a field may be what nobody should read.
func isSecret(field string) bool {
	for part := range strings.FieldsFuncSeq(field, func(r rune) bool { return r == '.' || r == '[' }) {
		switch strings.TrimSuffix(part, "]") {
		case "data", "binaryData", "annotations", "env", "args", "command", "httpHeaders":
			return true
		}
	}
	return false
}

// short is a value, or the beginning of one.
func short(v any) string {
	const most = 100
	text := fmt.Sprint(v)
	if len(text) > most {
		return text[:most] + "…"
	}
	return text
}
