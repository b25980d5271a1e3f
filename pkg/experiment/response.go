package experiment

import (
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/chaosctl/chaosctl/pkg/condition"
)

// Response is what an answer must be, so that the request counts as successful. Of what is said here all must hold. Of the
// body the first MiB is looked at.
type Response struct {
	// Status is what the answer must have: 200, 2xx, 200-204, or several of these with commas between; any from 200 to 399
	// unless told otherwise.
	Status *Statuses `json:"status,omitempty"`
	// Contains is a text that the body must hold.
	Contains string `json:"contains,omitempty"`
	// Matches is a regular expression (RE2) that the body must match somewhere.
	Matches string `json:"matches,omitempty"`
	// Headers are those that the answer must have.
	Headers []HeaderCheck `json:"headers,omitempty"`
	// CEL is a condition over `status`, `headers` (the first value of each, as in headers["Content-Type"]), `body` (text) and
	// `json`, the body read as JSON, such as "size(json.items) > 0". A body that is not JSON, or longer than 1 MiB, does not
	// meet a condition over `json`.
	CEL string `json:"cel,omitempty"`
}

// HeaderCheck is a header that an answer must have. Without a value or an expression, any value will do.
type HeaderCheck struct {
	// Name is that of the header, in letters of any case.
	Name string `json:"name" form:"header"`
	// Value is what one of its values must be.
	Value *string `json:"value,omitempty"`
	// Matches is a regular expression (RE2) that one of its values must match somewhere.
	Matches string `json:"matches,omitempty" excludes:"value"`
}

// ResponseCondition compiles the condition over an answer.
func ResponseCondition(cel string) (*condition.Condition, error) {
	return condition.CompileOver(cel, condition.Integer("status"), condition.Object("headers"), condition.Text("body"), condition.Any("json"))
}

// looksAtBody says whether there is something that an answer without a body cannot meet.
func (r *Response) looksAtBody() bool {
	if r.Contains != "" || r.Matches != "" {
		return true
	}
	compiled, err := ResponseCondition(r.CEL)
	return err == nil && compiled.ReadsAny("body", "json")
}

func (r *Response) validate(f *findings, path, method string) {
	if r.Status == nil && r.Contains == "" && r.Matches == "" && len(r.Headers) == 0 && r.CEL == "" {
		f.refuse(path, "", "nothing is asked of the response: expected status, contains, matches, headers or cel")
	}
	validateExpression(f, child(path, "matches"), r.Matches)
	for i, h := range r.Headers {
		at := element(child(path, "headers"), i)
		if len(validation.IsHTTPHeaderName(h.Name)) > 0 {
			f.refuse(child(at, "name"), "", "%s is not the name of a header: expected one such as Content-Type", quote(h.Name))
		}
		if h.Value != nil && h.Matches != "" {
			f.refuse(child(at, "matches"), "", "value and matches exclude each other: expected one")
		}
		validateExpression(f, child(at, "matches"), h.Matches)
	}
	if r.CEL != "" {
		if _, err := ResponseCondition(r.CEL); err != nil {
			f.refuse(child(path, "cel"), "", "%v", err)
			return
		}
	}
	if method == http.MethodHead && r.looksAtBody() {
		f.refuse(path, "", "answers to HEAD have no body, of which something is asked: expected another method")
	}
}

func validateExpression(f *findings, path, expression string) {
	if _, err := regexp.Compile(expression); err != nil {
		f.refuse(path, "", "%s is not a regular expression: %s", quote(expression), strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
}

// Statuses are the HTTP statuses that an answer may have.
type Statuses struct{ ranges []statusRange }

type statusRange struct{ from, to int }

const (
	lowestStatus, highestStatus = 100, 599
	statusPattern               = `([1-5][0-9]{2}(-[1-5][0-9]{2})?|[1-5]xx)`
)

// UnmarshalText reads 200, 2xx, 200-204, or several of these with commas between.
func (s *Statuses) UnmarshalText(text []byte) error {
	s.ranges = nil
	for part := range strings.SplitSeq(string(text), ",") {
		r, ok := parseStatus(strings.TrimSpace(part))
		if !ok {
			return fmt.Errorf("%q is not a status: write one from %d to %d, such as 200, 2xx or 200-204, or several with commas between", text, lowestStatus, highestStatus)
		}
		s.ranges = append(s.ranges, r)
	}
	return nil
}

func parseStatus(text string) (statusRange, bool) {
	if class, ok := strings.CutSuffix(text, "xx"); ok {
		text = class + "00-" + class + "99"
	}
	from, to, isRange := strings.Cut(text, "-")
	if !isRange {
		to = from
	}
	low, err := strconv.Atoi(from)
	high, err2 := strconv.Atoi(to)
	if err != nil || err2 != nil || len(from) != 3 || len(to) != 3 || low > high || low < lowestStatus || high > highestStatus {
		return statusRange{}, false
	}
	return statusRange{low, high}, true
}

// MarshalText writes the statuses as they are read.
func (s Statuses) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Expected says what the loader expects.
func (Statuses) Expected() string { return "a status such as 200, 2xx or 200-204" }

// Form says which text is read.
func (Statuses) Form() Form {
	return Form{Name: "status", Patterns: []string{listPattern(statusPattern)}, Numbers: between(lowestStatus, highestStatus)}
}

func (s Statuses) String() string {
	parts := make([]string, len(s.ranges))
	for i, r := range s.ranges {
		switch {
		case r.from == r.to:
			parts[i] = strconv.Itoa(r.from)
		case r.from%100 == 0 && r.to == r.from+99:
			parts[i] = strconv.Itoa(r.from/100) + "xx"
		default:
			parts[i] = fmt.Sprintf("%d-%d", r.from, r.to)
		}
	}
	return strings.Join(parts, ",")
}

// Has says whether a status is among them.
func (s Statuses) Has(status int) bool {
	for _, r := range s.ranges {
		if r.from <= status && status <= r.to {
			return true
		}
	}
	return false
}
