package report

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/event"
)

// element is an element of a JUnit file, as the readers of such files know it.
type element struct {
	attributes, required []string
	children             []string
	// text says that it may hold text.
	text bool
}

// junitElements are the elements that chaosctl may write: the facts of junit-10.xsd, by which Jenkins' xunit plugin validates what
// it imports (github.com/jenkinsci/xunit-plugin, src/main/resources/org/jenkinsci/plugins/xunit/types/model/xsd/junit-10.xsd),
// less what other readers do not have: nested suites, reruns, and the attributes group, log and url. That plugin rejects a whole
// file for one attribute that is not here, such as a testcase's file.
var junitElements = map[string]element{
	"testsuites": {attributes: []string{"name", "time", "tests", "failures", "errors"}, children: []string{"testsuite"}},
	"testsuite": {
		attributes: []string{"name", "tests", "failures", "errors", "time", "skipped", "timestamp", "hostname", "id", "package", "file"},
		required:   []string{"name", "tests", "failures", "errors"}, children: []string{"properties", "testcase", "system-out", "system-err"},
	},
	"properties": {children: []string{"property"}},
	"property":   {attributes: []string{"name", "value"}, required: []string{"name", "value"}},
	"testcase": {
		attributes: []string{"name", "time", "classname"}, required: []string{"name"},
		children: []string{"skipped", "error", "failure", "system-out", "system-err"},
	},
	"failure": {attributes: []string{"type", "message"}, text: true}, "error": {attributes: []string{"type", "message"}, text: true},
	"skipped": {attributes: []string{"type", "message"}, text: true}, "system-out": {text: true}, "system-err": {text: true},
}

// junitTime is the form of times in junit-10.xsd; its readers elsewhere take it for a decimal number, which it is without commas.
var junitTime = regexp.MustCompile(`^[0-9]+(\.[0-9]+)?$`)

// largestJUnit is what GitLab reads of one file (docs.gitlab.com, unit test reports: smaller than 30 MB).
const largestJUnit = 30_000_000

// validateJUnit gives all that a reader would stumble over. Beside the schema of Jenkins it holds what GitLab's documentation and
// the reporters of GitHub's marketplace ask for: whole numbers that agree with what is there, a class for each case, failures with a
// message and a text, and no name twice, for GitLab keeps only the first case of a name.
func validateJUnit(file []byte) []string {
	var problems []string
	say := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	if len(file) >= largestJUnit {
		say("%d bytes are too many", len(file))
	}
	if !bytes.HasPrefix(file, []byte(`<?xml version="1.0" encoding="UTF-8"?>`)) {
		say("no XML declaration")
	}
	decoder := xml.NewDecoder(bytes.NewReader(file))
	var path []string
	counts := map[string]int{}
	names := map[string]bool{}
	claimed := map[string]string{}
	for {
		token, err := decoder.Token()
		if token == nil {
			if len(path) > 0 || counts["testsuites"] != 1 {
				say("not one whole document: %v", err)
			}
			break
		}
		switch token := token.(type) {
		case xml.StartElement:
			name, parent := token.Name.Local, ""
			if len(path) > 0 {
				parent = path[len(path)-1]
			}
			path = append(path, name)
			counts[name]++
			known, ok := junitElements[name]
			switch {
			case !ok || token.Name.Space != "":
				say("%v is not known", token.Name)
			case parent == "" && name != "testsuites":
				say("%s is the root", name)
			case parent != "" && !slices.Contains(junitElements[parent].children, name):
				say("%s within %s", name, parent)
			}
			values := map[string]string{}
			for _, a := range token.Attr {
				if !slices.Contains(known.attributes, a.Name.Local) {
					say("%s has an attribute %s", name, a.Name.Local)
				}
				values[a.Name.Local] = a.Value
			}
			for _, required := range known.required {
				if _, there := values[required]; !there {
					say("%s lacks %s", name, required)
				}
			}
			if at, there := values["time"]; there && !junitTime.MatchString(at) {
				say("%s takes %q", name, at)
			}
			switch name {
			case "testsuite":
				claimed = values
				if stamp := values["timestamp"]; !regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$`).MatchString(stamp) {
					say("the suite began at %q", stamp)
				}
			case "testcase":
				key := values["classname"] + "\x00" + values["name"]
				if names[key] {
					say("there are two cases %q", values["name"])
				}
				names[key] = true
				if values["classname"] == "" || values["name"] == "" {
					say("a case lacks its class or its name: %v", values)
				}
			case "failure", "error":
				if values["message"] == "" || values["type"] == "" {
					say("a %s without a message or a type: %v", name, values)
				}
			}
		case xml.EndElement:
			path = path[:len(path)-1]
		case xml.CharData:
			if len(path) > 0 && !junitElements[path[len(path)-1]].text && strings.TrimSpace(string(token)) != "" {
				say("%s holds text", path[len(path)-1])
			}
		}
	}
	for attribute, of := range map[string]string{"tests": "testcase", "failures": "failure", "errors": "error"} {
		if n, err := strconv.Atoi(claimed[attribute]); err != nil || n != counts[of] {
			say("%s is %q, and there are %d", attribute, claimed[attribute], counts[of])
		}
	}
	return problems
}

func junitOf(t *testing.T, r *Result) (string, junitSuite) {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, WriteJUnit(&out, r))
	var read junitSuites
	require.NoError(t, xml.Unmarshal(out.Bytes(), &read))
	require.Len(t, read.Suites, 1)
	return out.String(), *read.Suites[0]
}

func TestJUnitIsValid(t *testing.T) {
	all := samples()
	all["hostile"] = hostile(attack, 3)
	all["endless"] = hostile(strings.Repeat(attack, 1000), 2)
	all["odd"] = hostile("\x00\ufffe\uffff\ud7ff", 2)
	huge := drainRun()
	for range 3000 {
		huge.Changes = append(huge.Changes, huge.Changes...)[:min(3000, 2*len(huge.Changes))]
		huge.Expectations = append(huge.Expectations, huge.Expectations[0])
	}
	all["huge"] = huge
	for name, m := range all {
		text, _ := junitOf(t, &m.Result)
		assert.Empty(t, validateJUnit([]byte(text)), "%s:\n%.3000s", name, text)
	}
}

// TestValidatorSeesMistakes: a check that finds nothing wrong with anything would be none.
func TestValidatorSeesMistakes(t *testing.T) {
	text, _ := junitOf(t, &failingKill().Result)
	for from, to := range map[string]string{
		"<testcase name=": `<testcase file="x" name=`, "</testsuite>": "<testcase name=\"x\" classname=\"y\"></testcase></testsuite>", ` time="`: ` time="-`,
		"<properties>": "<properties>text", "<failure ": "<failed ", "testsuites": "suites", `classname="`: `class="`, "message=": "about=", "</testsuites>": "",
		` type="`: ` kind="`, "<?xml": "<?html", `errors="0"`: `errors="none"`, "T13:20:04": " 13:20", `name="recovery"`: `name="availability of cart"`,
	} {
		wrong := strings.ReplaceAll(text, from, to)
		require.NotEqual(t, text, wrong, from)
		assert.NotEmpty(t, validateJUnit([]byte(wrong)), "%s for %s", to, from)
	}
}

func TestJUnitHasACaseForEachThing(t *testing.T) {
	_, suite := junitOf(t, &abortedRun().Result)
	var names []string
	for _, c := range suite.Cases {
		outcome := "passed"
		switch {
		case c.Failure != nil:
			outcome = "failed: " + c.Failure.Message
		case c.Error != nil:
			outcome = "error: " + c.Error.Message
		}
		names = append(names, c.Name+", "+c.Time+": "+outcome)
	}
	assert.Equal(t, []string{
		"availability of browse, 16.000: failed: 77.5 %, where the bound is ≥ 99.9 %",
		"abortIf: availability of browse below 50% over 5s, 16.000: failed: availability of browse was 48.2 % over 5s; the run aborts below 50%",
		"abortIf: availability of search below 50% over 5s, 16.000: error: no request of search was watched",
		"undo of zone: patch Node/node1, 0.000: passed",
		"undo of zone: patch Node/node2, 0.000: passed",
		"undo of zone: patch Node/node3, 0.000: failed: stuck: Not everything is put back. Run: chaosctl recover",
	}, names)
}

// TestOfOneNameNothingIsLost: GitLab keeps the first case of a name, so a failure of the second would be lost.
func TestOfOneNameNothingIsLost(t *testing.T) {
	r := passingKill().Result
	r.Expectations = []ExpectationResult{
		{Name: "availability of browse", Window: "run", Verdict: Pass}, {Name: "availability of browse", Window: "fault", Verdict: Fail},
		{Name: "availability of browse", Window: "fault", Verdict: Unknown}, {Name: "availability of browse during fault (2)", Verdict: Pass},
	}
	_, suite := junitOf(t, &r)
	var names []string
	for _, c := range suite.Cases {
		names = append(names, c.Name)
	}
	assert.Equal(t, []string{"availability of browse", "availability of browse during fault", "availability of browse during fault (2)", "availability of browse during fault (2) (2)", "undo"}, names)
}

// TestEveryUndoIsCounted: what is left behind fails, also beyond the cases that are written one by one.
func TestEveryUndoIsCounted(t *testing.T) {
	r := Result{Experiment: ExperimentRef{Name: "x"}, Verdict: Unknown, Undo: UndoIncomplete, StartedAt: began}
	for i := range 300 {
		r.Changes = append(r.Changes, ChangeResult{Fault: "f", Verb: "patch", Object: event.Object{Kind: "Pod", Name: fmt.Sprint(i)}, Undo: "undone", UndoneAt: began})
	}
	r.Changes[290].Undo, r.Changes[290].UndoneAt = "pending", time.Time{}
	_, suite := junitOf(t, &r)
	assert.Len(t, suite.Cases, mostUndos+1)
	last := suite.Cases[mostUndos]
	require.NotNil(t, last.Failure)
	assert.Contains(t, last.Failure.Text, "patch Pod/290: pending")
}
