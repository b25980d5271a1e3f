package truth

import (
	"fmt"
	"slices"
	"strings"

	"github.com/chaosctl/chaosctl/pkg/report"
)

// expected is what a cell of the table says.
type expected struct {
	// word is how it begins: pass, fail, or one of the kinds of unknown.
	word string
	// fails are the expectations that must fail, and may those that may fail or be unknown beside them, as it happens.
	fails, may []string
	// bold are the cells of the part that takes two minutes.
	bold bool
}

// letters are how the table names expectations.
var letters = map[string]string{"A": "availability", "B": "balance", "O": "outage", "P": "replicas", "R": "recovery"}

// unknown is a kind of verdict that is unknown: the word for it, and what one of its reasons must say.
type unknown struct{ word, says string }

// unknowns are in the order in which they are looked for: the particular before the general.
var unknowns = []unknown{
	{"unsteady", "steady state not reached"},                    // it is not well before the fault, so there is none
	{"blocked", "blocked for"},                                  // a budget allows no eviction
	{"untested", "the effect of the fault"},                     // nothing comes of the fault
	{"unseen", "no request is known to have reached it by the"}, // a replacement is ready, and has not been tried
}

// reasonOf is what a reason must say of a kind of unknown, or nothing where there is no such kind.
func reasonOf(word string) string {
	for _, u := range unknowns {
		if u.word == word {
			return u.says
		}
	}
	return ""
}

// parseExpected reads a cell: "pass", "fail A O", "fail A (O R)", or the word for an unknown one; bold in **.
func parseExpected(text string) (expected, error) {
	e := expected{}
	text = strings.TrimSpace(text)
	if plain := strings.TrimSuffix(strings.TrimPrefix(text, "**"), "**"); plain != text {
		e.bold, text = true, plain
	}
	required, optional, _ := strings.Cut(strings.TrimSuffix(text, ")"), "(")
	words := strings.Fields(required)
	if len(words) == 0 {
		return e, fmt.Errorf("an empty cell")
	}
	e.word = words[0]
	for _, w := range slices.Concat(words[1:], strings.Fields(optional)) {
		if letters[w] == "" {
			return e, fmt.Errorf("%q: %q is no expectation", text, w)
		}
	}
	for _, w := range words[1:] {
		e.fails = append(e.fails, letters[w])
	}
	for _, w := range strings.Fields(optional) {
		e.may = append(e.may, letters[w])
	}
	switch {
	case e.word == "pass" && len(e.fails)+len(e.may) == 0, e.word == "fail" && len(e.fails) > 0:
	case reasonOf(e.word) != "" && len(e.fails)+len(e.may) == 0:
	default:
		return e, fmt.Errorf("%q is neither pass, nor fail with the expectations that fail, nor a kind of unknown", text)
	}
	return e, nil
}

// verdict is the one that is expected.
func (e expected) verdict() report.Verdict {
	switch e.word {
	case "pass":
		return report.Pass
	case "fail":
		return report.Fail
	}
	return report.Unknown
}

// differs says in words what of a result is not as expected, or nothing.
func (e expected) differs(r *report.Result) string {
	if r.Verdict != e.verdict() {
		return fmt.Sprintf("%s: expected %s, came %s", e.mistake(r.Verdict), e.verdict(), r.Verdict)
	}
	if r.Undo != report.UndoClean {
		return fmt.Sprintf("the undo is %s", r.Undo)
	}
	if e.verdict() == report.Unknown {
		if !says(r, reasonOf(e.word)) {
			return fmt.Sprintf("unknown for another reason than %q", reasonOf(e.word))
		}
		return ""
	}
	failed := map[string]bool{}
	for _, x := range r.Expectations {
		failed[x.Kind] = failed[x.Kind] || x.Verdict == report.Fail
		if x.Verdict != report.Pass && !slices.Contains(e.fails, x.Kind) && !slices.Contains(e.may, x.Kind) {
			return fmt.Sprintf("%s is %s, and was not to be", x.Kind, x.Verdict)
		}
	}
	for _, kind := range e.fails {
		if !failed[kind] {
			return fmt.Sprintf("%s did not fail", kind)
		}
	}
	return ""
}

// says tells whether a reason of the verdict has the text.
func says(r *report.Result, text string) bool {
	return slices.ContainsFunc(r.Reasons, func(reason string) bool { return strings.Contains(reason, text) })
}

// mistake names a verdict that is not the expected one.
func (e expected) mistake(came report.Verdict) string {
	switch came {
	case report.Pass:
		return "false pass"
	case report.Fail:
		return "false fail"
	}
	return "no verdict"
}

// String is the cell in words.
func (e expected) String() string {
	text := e.word
	if len(e.fails) > 0 {
		text += " by " + strings.Join(e.fails, ", ")
	}
	if len(e.may) > 0 {
		text += ", and perhaps by " + strings.Join(e.may, ", ")
	}
	return text
}
