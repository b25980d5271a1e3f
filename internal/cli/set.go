package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/chaosctl/chaosctl/pkg/experiment"
)

// set gives fields of an experiment's spec other values, each written as PATH=VALUE: faults.kill-one.podKill.count=2. What
// comes of it is read as strictly as a file is.
func set(source string, e *experiment.Experiment, assignments []string) error {
	text, err := json.Marshal(e)
	if err != nil {
		return err
	}
	var document map[string]any
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber() // a seed is not to be rounded
	if err := decoder.Decode(&document); err != nil {
		return err
	}
	for _, assignment := range assignments {
		path, value, ok := strings.Cut(assignment, "=")
		if !ok || path == "" {
			return usage(fmt.Errorf("--set %q: expected PATH=VALUE, such as duration=30s or faults.kill-one.podKill.count=2", assignment))
		}
		var parsed any
		if err := yaml.Unmarshal([]byte(value), &parsed); err != nil {
			return usage(fmt.Errorf("--set %s: the value is no YAML: %w", path, err))
		}
		if document["spec"], err = replaced(document["spec"], strings.Split(path, "."), parsed); err != nil {
			return usage(fmt.Errorf("--set %s: %w", path, err))
		}
	}
	if text, err = json.Marshal(document); err != nil {
		return usage(fmt.Errorf("--set: %w", err))
	}
	loaded, err := loader().Load(source+" with --set", bytes.NewReader(text))
	if err != nil {
		return err
	}
	changed, err := loaded.Experiment()
	if err != nil {
		return err
	}
	*e = *changed
	return nil
}

// replaced is a part of an experiment with another value at the path below it. Null takes a field away.
func replaced(part any, path []string, value any) (any, error) {
	if len(path) == 0 {
		return value, nil
	}
	switch part := part.(type) {
	case nil:
		return replaced(map[string]any{}, path, value)
	case map[string]any:
		inner, err := replaced(part[path[0]], path[1:], value)
		if part[path[0]] = inner; inner == nil {
			delete(part, path[0])
		}
		return part, err
	case []any:
		i, rest, err := element(part, path)
		if err != nil {
			return nil, err
		}
		part[i], err = replaced(part[i], rest, value)
		return part, err
	}
	return nil, fmt.Errorf("there is no %s inside of %v", strings.Join(path, "."), part)
}

// element is the position in a list of what a path begins with, and the rest of the path: the name of an element, its
// position counted from 0, or what it is (a kind of fault or expectation), which is a field of it too.
func element(list []any, path []string) (position int, rest []string, err error) {
	var known []string
	for i, e := range list {
		fields, _ := e.(map[string]any)
		name, kinds := describe(fields)
		switch {
		case path[0] == name, path[0] == strconv.Itoa(i):
			return i, path[1:], nil
		case slices.Contains(kinds, path[0]):
			return i, path, nil
		case name != "":
			known = append(known, name)
		default:
			known = append(known, kinds...)
		}
	}
	return 0, nil, fmt.Errorf("the list has no %q: it has %s", path[0], strings.Join(known, ", "))
}

// describe gives the name of an element of a list, and the fields that hold fields.
func describe(fields map[string]any) (name string, kinds []string) {
	name, _ = fields["name"].(string)
	for field, value := range fields {
		if _, ok := value.(map[string]any); ok {
			kinds = append(kinds, field)
		}
	}
	slices.Sort(kinds)
	return name, kinds
}
