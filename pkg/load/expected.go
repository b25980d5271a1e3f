package load

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"

	utiljson "k8s.io/apimachinery/pkg/util/json"

	"github.com/chaosctl/chaosctl/pkg/condition"
	"github.com/chaosctl/chaosctl/pkg/experiment"
)

// maxChecked bounds what is kept of a body to look at, in bytes.
const maxChecked = 1 << 20

// Expected is what an answer must be, ready to be looked for. It is safe for use by several goroutines.
type Expected struct {
	statuses *experiment.Statuses
	contains []byte
	matches  *regexp.Regexp
	headers  []expectedHeader
	cel      string
	// compiled is nil where there is no condition.
	compiled *condition.Condition
	// broken is why nothing can be looked for, which a loader would have found.
	broken error
}

type expectedHeader struct {
	name    string
	value   *string
	matches *regexp.Regexp
}

// ExpectedOf is what an experiment asks of answers; nil asks for nothing beyond a status of 2xx or 3xx.
func ExpectedOf(r *experiment.Response) *Expected {
	if r == nil {
		return nil
	}
	e := &Expected{statuses: r.Status, contains: []byte(r.Contains), cel: r.CEL}
	e.matches = e.expression(r.Matches)
	for _, h := range r.Headers {
		e.headers = append(e.headers, expectedHeader{http.CanonicalHeaderKey(h.Name), h.Value, e.expression(h.Matches)})
	}
	if r.CEL != "" {
		if e.compiled, e.broken = experiment.ResponseCondition(r.CEL); e.broken != nil {
			e.compiled = nil
		}
	}
	return e
}

func (e *Expected) expression(text string) *regexp.Regexp {
	if text == "" {
		return nil
	}
	compiled, err := regexp.Compile(text)
	if err != nil {
		e.broken = err
	}
	return compiled
}

// looksAtBody says whether the body must be kept.
func (e *Expected) looksAtBody() bool {
	return len(e.contains) > 0 || e.matches != nil || e.compiled != nil && e.compiled.ReadsAny("body", "json")
}

// causeOfStatus is the cause of an answer whose body was read whole, by its status alone.
func (e *Expected) causeOfStatus(status int) Cause {
	switch cause := causeOfStatus(status); {
	case e == nil || e.statuses == nil:
		return cause
	case e.statuses.Has(status):
		return None
	case cause == None:
		return Unexpected
	default:
		return cause
	}
}

// answer is one that is looked at.
type answer struct {
	status int
	header http.Header
	// body is its beginning, and more says that there is more of it.
	body []byte
	more bool
}

// unmet says what an answer of a status that will do lacks, "" where it is as expected. The text is of what was expected: what
// the server sent may hold what nobody is to read.
func (e *Expected) unmet(ctx context.Context, a answer) string {
	switch {
	case e.broken != nil:
		return e.broken.Error()
	case !bytes.Contains(a.body, e.contains):
		return fmt.Sprintf("the body does not contain %s%s", strconv.Quote(string(e.contains)), a.within())
	case e.matches != nil && !e.matches.Match(a.body):
		return fmt.Sprintf("the body does not match %s%s", strconv.Quote(e.matches.String()), a.within())
	}
	for _, h := range e.headers {
		if text := h.unmet(a.header.Values(h.name)); text != "" {
			return text
		}
	}
	if e.compiled == nil {
		return ""
	}
	return e.unmetCondition(ctx, a)
}

func (a answer) within() string {
	if a.more {
		return " in its first MiB"
	}
	return ""
}

func (h expectedHeader) unmet(values []string) string {
	switch {
	case len(values) == 0:
		return fmt.Sprintf("there is no header %s", h.name)
	case h.value != nil && !slices.Contains(values, *h.value):
		return fmt.Sprintf("the header %s is not %s", h.name, strconv.Quote(*h.value))
	case h.matches != nil && !slices.ContainsFunc(values, h.matches.MatchString):
		return fmt.Sprintf("the header %s does not match %s", h.name, strconv.Quote(h.matches.String()))
	}
	return ""
}

// unmetCondition evaluates the condition. One that cannot be told is not met.
func (e *Expected) unmetCondition(ctx context.Context, a answer) string {
	headers := map[string]any{}
	for name, values := range a.header {
		headers[name] = values[0]
	}
	values := map[string]any{"status": int64(a.status), "headers": headers, "body": string(a.body), "json": nil}
	if e.compiled.ReadsAny("json") {
		var parsed any
		switch err := utiljson.Unmarshal(a.body, &parsed); {
		case a.more:
			return fmt.Sprintf("%s does not hold: the body has more than 1 MiB", e.cel)
		case err != nil:
			return fmt.Sprintf("%s does not hold: the body is not JSON", e.cel)
		}
		values["json"] = parsed
	}
	holds, err := e.compiled.Holds(ctx, values)
	_, missing := errors.AsType[*condition.NoFieldError](err)
	switch {
	case missing:
		return e.cel + " does not hold: the answer lacks a field"
	case err != nil:
		return e.cel + " cannot be told of the answer"
	case !holds:
		return e.cel + " does not hold"
	}
	return ""
}
