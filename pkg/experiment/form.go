package experiment

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Form is what can be said about the text of a value without the rest of the file: editors hold a file to it while it is
// written, and `chaosctl explain` calls it by its name. The loader does not read forms. It says more, and in better
// words; a test holds the two to the same answers.
type Form struct {
	// Name is what people call it: duration.
	Name string
	// Patterns must all match. They keep to what the regular expressions of Go and of JavaScript have in common, so
	// that one without lookahead may need two.
	Patterns []string
	// Values are the only right ones, where there are few.
	Values []string
	// MaxLength is in characters; 0 means any.
	MaxLength int
	// Numbers are the whole numbers that may be written, without quotes; nil means none for text, and any for numbers.
	Numbers *Range
}

// Range is a range of whole numbers, its ends included. An end that is nil is open.
type Range struct{ Min, Max *int64 }

// Former is implemented by types that read themselves from text, to say which text they read.
type Former interface {
	Form() Form
}

// Accepts says whether text has the form.
func (f Form) Accepts(text string) bool {
	if len(f.Values) > 0 && !slices.Contains(f.Values, text) || f.MaxLength > 0 && utf8.RuneCountInString(text) > f.MaxLength {
		return false
	}
	for _, pattern := range f.Patterns {
		if !regexp.MustCompile(pattern).MatchString(text) {
			return false
		}
	}
	return true
}

func between(least, most int64) *Range { return &Range{Min: &least, Max: &most} }

func atLeast(least int64) *Range { return &Range{Min: &least} }

// The patterns of what Kubernetes takes for a name.
const (
	labelPattern     = `[a-z0-9]([-a-z0-9]*[a-z0-9])?`
	subdomainPattern = labelPattern + `(\.` + labelPattern + `)*`
)

// The patterns of the elements of windows.
const (
	dayPattern   = `([Mm][Oo][Nn]|[Tt][Uu][Ee]|[Ww][Ee][Dd]|[Tt][Hh][Uu]|[Ff][Rr][Ii]|[Ss][Aa][Tt]|[Ss][Uu][Nn])`
	clockPattern = `(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)`
	datePattern  = `([0-9]{4}-)?[0-9]{2}-[0-9]{2}`
)

// listPattern is one element, or several with commas between.
func listPattern(element string) string { return `^ *` + element + `( *, *` + element + `)* *$` }

// FormOf is the form that a field's tag names, as in `form:"dns-label"`: it takes the place of the one of its type.
func FormOf(name string) (Form, bool) {
	form, ok := map[string]Form{
		"dns-label":     {Name: "name", Patterns: []string{`^` + labelPattern + `$`}, MaxLength: 63},
		"dns-subdomain": {Name: "name", Patterns: []string{`^` + subdomainPattern + `$`}, MaxLength: 253},
		"config-key":    {Name: "key", Patterns: []string{`^\.?[-_a-zA-Z0-9][-._a-zA-Z0-9]*$`}, MaxLength: 253},
		"label-value":   {Name: "text", Patterns: []string{`^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$`}, MaxLength: 63},
		"label-name":    {Name: "name", Patterns: []string{`^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$`}, MaxLength: 63},
		"workload":      {Name: "kind/name", Patterns: []string{`^(` + strings.Join(WorkloadKinds(), "|") + `)/` + subdomainPattern + `$`}},
		"reference":     {Name: "kind/name", Patterns: []string{`^[^/]+/.+$`}},
		"given":         {Name: "text", Patterns: []string{`^.+$`}},
		"method":        {Name: "method", Values: methods()},
		"path":          {Name: "path", Patterns: []string{`^/([^%?]|%[0-9A-Fa-f]{2})*([?].*)?$`}},
		"url":           {Name: "URL", Patterns: []string{`^[Hh][Tt][Tt][Pp][Ss]?://[^/?#]`}},
		"address":       {Name: "host:port", Patterns: []string{`^(\[[0-9A-Fa-f:.]+(%[^\]/@ ]+)?\]|[^\[\]:/@ ]+):[0-9]{1,5}$`}},
		"variable":      {Name: "name", Patterns: []string{`^[A-Za-z_][A-Za-z0-9_]*$`}},
		"grpc-method":   {Name: "method", Patterns: []string{grpcMethodPattern}},
		"hex":           {Name: "hexadecimal", Patterns: []string{`^([0-9A-Fa-f]{2})*$`}},
		"header":        {Name: "header", Patterns: []string{`^[-A-Za-z0-9]+$`}},
		"port":          portForm(),
		"schedule":      {Name: "schedule", Patterns: []string{`^(@[a-z]+|@every .+|\s*[-0-9A-Za-z*/,?]+(\s+[-0-9A-Za-z*/,?]+){4,5}\s*)$`}},
		"moment":        {Name: "instant", Patterns: []string{`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2})?(Z|[-+][0-9]{2}:[0-9]{2})?$`}},
		"days":          {Name: "days", Patterns: []string{listPattern(dayPattern + `(-` + dayPattern + `)?`)}},
		"hours":         {Name: "hours", Patterns: []string{listPattern(clockPattern + `-` + clockPattern)}},
		"dates":         {Name: "dates", Patterns: []string{listPattern(datePattern + `(/` + datePattern + `)?`)}},
		"time-zone":     {Name: "time zone", Patterns: []string{`^[A-Za-z][-+A-Za-z0-9_]*(/[-+A-Za-z0-9_]+)*$`}},
		"positive":      {Name: "duration", Patterns: append(Duration(0).Form().Patterns, `[1-9]`)},
		"zero-or-more":  {Name: "whole number", Numbers: atLeast(0)},
		"one-or-more":   {Name: "whole number", Numbers: atLeast(1)},
		"port-number":   {Name: "whole number", Numbers: between(1, 65535)},
		"answer":        {Name: "whole number", Numbers: between(200, 599)},
	}[name]
	return form, ok
}

// portForm is a number up to 65535, or a name with a letter in it and single dashes between its parts.
func portForm() Form {
	number := `0*([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])`
	name := `([a-z0-9]+-)*[a-z0-9]*[a-z][a-z0-9]*(-[a-z0-9]+)*`
	return Form{Name: "name or number", Patterns: []string{`^(` + number + `|` + name + `)$`}, MaxLength: 15, Numbers: between(1, 65535)}
}
