package truth

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/report"
)

// TestDiffers proves that the test can fail: each way in which a result can differ from its cell is told.
func TestDiffers(t *testing.T) {
	result := func(verdict report.Verdict, reason string, expectations ...report.ExpectationResult) *report.Result {
		return &report.Result{Verdict: verdict, Reasons: []string{reason}, Undo: report.UndoClean, Expectations: expectations}
	}
	of := func(kind string, verdict report.Verdict) report.ExpectationResult {
		return report.ExpectationResult{Kind: kind, Verdict: verdict}
	}
	left := result(report.Pass, "")
	left.Undo = report.UndoIncomplete
	for _, c := range []struct {
		cell   string
		result *report.Result
		want   string
	}{
		{"pass", result(report.Pass, "", of("outage", report.Pass)), ""},
		{"pass", result(report.Fail, "", of("outage", report.Fail)), "false fail: expected pass, came fail"},
		{"pass", result(report.Unknown, ""), "no verdict: expected pass, came unknown"},
		{"pass", left, "the undo is incomplete"},
		{"fail A", result(report.Pass, ""), "false pass: expected fail, came pass"},
		{"fail A", result(report.Fail, "", of("availability", report.Fail), of("outage", report.Pass)), ""},
		{"fail A", result(report.Fail, "", of("outage", report.Fail)), "outage is fail, and was not to be"},
		{"fail A", result(report.Fail, "", of("availability", report.Fail), of("outage", report.Unknown)), "outage is unknown, and was not to be"},
		{"fail A (O)", result(report.Fail, "", of("availability", report.Fail), of("outage", report.Unknown)), ""},
		{"fail A (O)", result(report.Fail, "", of("availability", report.Pass), of("outage", report.Fail)), "availability did not fail"},
		{"fail A P", result(report.Fail, "", of("availability", report.Fail), of("replicas", report.Unknown)), "replicas did not fail"},
		{"blocked", result(report.Unknown, "evict: blocked for 20s: a budget"), ""},
		{"blocked", result(report.Unknown, "too few requests"), `unknown for another reason than "blocked for"`},
		{"blocked", result(report.Pass, ""), "false pass: expected unknown, came pass"},
		{"unsteady", result(report.Fail, ""), "false fail: expected unknown, came fail"},
	} {
		e, err := parseExpected(c.cell)
		require.NoError(t, err, c.cell)
		assert.Equal(t, c.want, e.differs(c.result), c.cell)
	}
}

// TestParseExpected proves that a cell that says nothing, or nothing that can be held to, is refused.
func TestParseExpected(t *testing.T) {
	e, err := parseExpected("**fail A O (R)**")
	require.NoError(t, err)
	assert.Equal(t, expected{word: "fail", fails: []string{"availability", "outage"}, may: []string{"recovery"}, bold: true}, e)
	assert.Equal(t, "fail by availability, outage, and perhaps by recovery", e.String())
	for _, text := range []string{"", "fail", "pass A", "fail X", "fail (A)", "unknown", "blocked P", "**"} {
		_, err := parseExpected(text)
		assert.Error(t, err, text)
	}
}
