package reference

import (
	"fmt"
	"slices"
	"strings"

	"github.com/chaosctl/chaosctl/internal/jsonschema"
)

// typeOf names a type for people.
func typeOf(s, root *jsonschema.Schema) string {
	s = s.Target(root)
	switch {
	case s.Items != nil:
		return "list of " + plural(typeOf(s.Items, root))
	case s.Title != "":
		return s.Title
	case slices.Contains(s.Type, "object") && len(s.Properties) == 0 && s.Additional != nil && s.Additional.Accepts():
		return "mapping of " + typeOf(s.Additional, root)
	case slices.Contains(s.Type, "object"):
		return "mapping"
	case slices.Contains(s.Type, "integer") && slices.Contains(s.Type, "string"):
		return "text or whole number"
	case slices.Contains(s.Type, "string"):
		return "text"
	case slices.Contains(s.Type, "integer"):
		return "whole number"
	case slices.Contains(s.Type, "boolean"):
		return "true or false"
	}
	return strings.Join(s.Type, " or ")
}

func plural(noun string) string {
	if noun == "text" || strings.Contains(noun, " of ") {
		return noun
	}
	return noun + "s"
}

// remarks are what else is to know of a field, in short: whether it must be there, its default, its values.
func remarks(s, root *jsonschema.Schema, required bool) []string {
	var all []string
	if required {
		all = append(all, "required")
	}
	switch value := s.Default.(type) {
	case nil, map[string]any:
	default:
		all = append(all, fmt.Sprintf("default %v", value))
	}
	if values := s.Target(root).Enum; len(values) > 0 {
		all = append(all, "one of "+strings.Join(values, ", "))
	}
	return all
}

// isUnion says whether a property of an object is one of those of which there must be exactly one.
func isUnion(object *jsonschema.Schema, name string) bool {
	return slices.ContainsFunc(object.OneOf, func(s *jsonschema.Schema) bool { return slices.Equal(s.Required, []string{name}) })
}
