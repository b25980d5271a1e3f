package report

import (
	"bytes"
	"encoding/xml"
	"strings"
	"testing"
)

func TestFiguresReadWell(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{seconds(0), "0 s"}, {seconds(0.0004), "0.40 ms"}, {seconds(0.0032), "3.2 ms"}, {seconds(0.035), "35 ms"}, {seconds(0.9996), "1.00 s"},
		{seconds(1.239), "1.24 s"}, {seconds(9.996), "10.0 s"}, {seconds(59.97), "1 min"}, {seconds(125), "2 min 05 s"}, {seconds(3720), "1 h 02 min"}, {seconds(-0.5), "−500 ms"},
		{offset(10.018), "10.02 s"}, {offset(75.5), "1 min 15.50 s"}, {offset(59.999), "60.00 s"},
		{percent(1), "100 %"}, {percent(0), "0 %"}, {percent(0.9998), "99.98 %"}, {percent(0.999999999999), "99.9999999 %"}, {percent(0.5), "50 %"}, {percent(0.90625), "90.62 %"}, {percent(1e-15), "0.0000001 %"}, {percent(0.99997), "99.997 %"},
		{interval([2]float64{0.999, 1}), "99.9–100 %"},
		{count(6003), "6,003"}, {count(999), "999"}, {count(1234567), "1,234,567"}, {count(0), "0"},
		{rate(200), "200/s"}, {rate(99.7), "99.7/s"}, {rate(0.5), "0.5/s"}, {rate(1200), "1,200/s"},
		{tickLabel(0.25, 0.05), "0.25 s"}, {tickLabel(15, 5), "15 s"}, {tickLabel(1500, 1), "25:00"}, {tickLabel(600, 300), "10 min"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

func TestHeadline(t *testing.T) {
	for name, want := range map[string]string{
		"pass":    "Passed: 99.89 % of 3,500 requests of browse over fresh connections answered (99.77–99.93 %), longest outage 35 ms",
		"unknown": "Unknown: the load was starved: 131/s of 200/s; 100 % of 4,000 requests answered (99.88–100 %), no outage",
		"killed":  "Unknown: the run was killed before its end; not everything is put back",
		"empty":   "Unknown: the run did not come to an end",
	} {
		if got := Headline(&samples()[name].Result); got != want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, want)
		}
	}
}

func TestTerminalEndsWithVerdictAndUndo(t *testing.T) {
	for name, m := range samples() {
		for _, columns := range []int{0, 40, 80} {
			var out bytes.Buffer
			if err := WriteText(&out, &m.Result, Style{Width: columns}); err != nil {
				t.Fatal(err)
			}
			verdict, undo := strings.LastIndex(out.String(), "\nverdict "), strings.LastIndex(out.String(), "\nundo ")
			if undo < 0 || verdict > undo {
				t.Errorf("%s: the summary does not end with verdict and undo:\n%s", name, out.String())
			}
			for line := range strings.Lines(out.String()) {
				if columns > 0 && width(strings.TrimSuffix(line, "\n")) > columns {
					t.Errorf("%s: a line is wider than %d columns: %s", name, columns, line)
				}
			}
		}
	}
	var plain, painted bytes.Buffer
	m := failingKill()
	if err := WriteText(&plain, &m.Result, Style{}); err != nil {
		t.Fatal(err)
	}
	if err := WriteText(&painted, &m.Result, Style{Color: true}); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(plain.String(), "\x1b") || !strings.Contains(painted.String(), "\x1b[31m") {
		t.Error("colour is shown when it is not asked for, or not when it is")
	}
}

// TestJUnitIsGreenOnlyForAPass holds that no tool takes a run for a success that was none.
func TestJUnitIsGreenOnlyForAPass(t *testing.T) {
	for name, want := range map[string]struct{ tests, failures, errors int }{
		"pass": {4, 0, 0}, "fail": {4, 2, 0}, "unknown": {2, 0, 1}, "aborted": {6, 3, 1}, "drain": {2, 0, 0}, "empty": {1, 0, 1}, "killed": {1, 1, 0},
	} {
		m := samples()[name]
		var out bytes.Buffer
		if err := WriteJUnit(&out, &m.Result); err != nil {
			t.Fatal(err)
		}
		var read junitSuites
		if err := xml.Unmarshal(out.Bytes(), &read); err != nil {
			t.Fatal(err)
		}
		if read.Tests != want.tests || read.Failures != want.failures || read.Errors != want.errors {
			t.Errorf("%s: %d tests, %d failures, %d errors; want %+v\n%s", name, read.Tests, read.Failures, read.Errors, want, out.String())
		}
		if len(read.Suites) != 1 || len(read.Suites[0].Cases) != read.Tests {
			t.Errorf("%s: the counts do not match the cases", name)
		}
	}
	unproved := passingKill()
	unproved.Verdict, unproved.ExitCode = Unknown, 2
	var out bytes.Buffer
	if err := WriteJUnit(&out, &unproved.Result); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), `<error type="unknown"`) {
		t.Error("a run that is unknown for a reason that no expectation shows is green")
	}
}

func TestSummaryTellsTheRun(t *testing.T) {
	for name, m := range samples() {
		var out bytes.Buffer
		if err := WriteMarkdown(&out, m); err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(out.String(), "## ") || !strings.Contains(out.String(), "### Undo") {
			t.Errorf("%s: the summary lacks its verdict or its undo:\n%s", name, out.String())
		}
		for line := range strings.Lines(out.String()) {
			if strings.HasPrefix(line, "|") && !strings.HasSuffix(line, " |\n") && !strings.HasPrefix(line, "| ---") {
				t.Errorf("%s: a row of a table is torn: %s", name, line)
			}
		}
	}
}
