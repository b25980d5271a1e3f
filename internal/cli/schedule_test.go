package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/report"
)

// dayFile writes a game day and a calendar beside it.
func dayFile(t *testing.T, spec, calendar string) string {
	t.Helper()
	directory := t.TempDir()
	path := filepath.Join(directory, "day.yaml")
	text := "apiVersion: chaosctl.dev/v1alpha1\nkind: GameDay\nmetadata: {name: d}\nspec:\n" + spec + "  experiments: [{builtin: pod-kill}]\n"
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(directory, "holidays.ics"), []byte(calendar), 0o600))
	return path
}

const easter = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20270326\nSUMMARY:Good Friday\nEND:VEVENT\nEND:VCALENDAR\n"

const fullDay = `  schedule: "30 1 * * *"
  timeZone: Europe/Lisbon
  windows:
    allow: [{days: TUE-SUN}]
    exclude:
    - {calendar: holidays.ics}
    - {from: 2027-03-31T18:00, to: 2027-04-02T08:00, reason: the sale}
`

func TestScheduleNext(t *testing.T) {
	t.Parallel()
	path := dayFile(t, fullDay, easter)
	code, stdout, stderr := call(t, "schedule", "next", "-f", path, "-n", "6", "--from", "2027-03-25T00:00")
	require.Zero(t, code, stderr)
	var rows []string
	for line := range strings.Lines(stdout) {
		if fields := strings.Fields(line); strings.Contains(line, "2027-") {
			rows = append(rows, strings.Join(append(fields[:4:4], fields[8:]...), " "))
		}
	}
	assert.Equal(t, []string{
		"Thu 2027-03-25 01:30:00 WET",
		"Fri 2027-03-26 01:30:00 WET skipped: it is Good Friday",
		"Sat 2027-03-27 01:30:00 WET",
		"Sun 2027-03-28 02:00:00 WEST 01:30:00 does not come, since clocks are put forward; it runs at the change",
		"Mon 2027-03-29 01:30:00 WEST skipped: it is outside of TUE-SUN",
		"Tue 2027-03-30 01:30:00 WEST",
		"Wed 2027-03-31 01:30:00 WEST",
		"Thu 2027-04-01 01:30:00 WEST 2 skipped until Fri 2027-04-02 01:30:00 WEST: it is within a freeze: the sale",
		"Sat 2027-04-03 01:30:00 WEST",
	}, rows)
}

// nextList is what a program reads.
type nextList struct {
	GameDay, TimeZone, Note string
	From                    time.Time
	Items                   []struct {
		At, Local, Scheduled time.Time
		ClockChange          string
	}
	Skipped []struct {
		At, Until   time.Time
		Count       int
		Reason, Why string
	}
}

func next(t *testing.T, args ...string) nextList {
	t.Helper()
	code, stdout, stderr := call(t, append([]string{"schedule", "next", "-o", "json", "-f"}, args...)...)
	require.Zero(t, code, stderr)
	var list nextList
	decoder := json.NewDecoder(strings.NewReader(stdout))
	decoder.DisallowUnknownFields()
	require.NoError(t, decoder.Decode(&list))
	return list
}

func TestScheduleNextJSON(t *testing.T) {
	t.Parallel()
	list := next(t, dayFile(t, fullDay, easter), "-n", "6", "--from", "2027-03-25T00:00:00Z")
	assert.Equal(t, "d", list.GameDay)
	assert.Equal(t, "Europe/Lisbon", list.TimeZone)
	require.Len(t, list.Items, 6)
	assert.Equal(t, "2027-03-28T01:00:00Z", list.Items[2].At.Format(time.RFC3339))
	assert.Equal(t, "2027-03-28T02:00:00+01:00", list.Items[2].Local.Format(time.RFC3339))
	assert.Contains(t, list.Items[2].ClockChange, "put forward")
	require.Len(t, list.Skipped, 3)
	for i, reason := range []string{"holiday", "window", "freeze"} {
		assert.Equal(t, reason, list.Skipped[i].Reason)
	}
	assert.Equal(t, 2, list.Skipped[2].Count)
	assert.Equal(t, "2027-04-02T00:30:00Z", list.Skipped[2].Until.Format(time.RFC3339))
}

func TestScheduleNextOf(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		spec    string
		count   string
		items   []string
		reasons []string
		note    string
	}{
		"one that is suspended":  {"  schedule: '@daily'\n  suspend: true\n", "3", nil, []string{"suspended"}, "no run follows until Sun 2027-03-28"},
		"one that runs once":     {"  at: 2027-03-26T10:30\n  timeZone: Asia/Tokyo\n", "3", []string{"2027-03-26T01:30:00Z"}, nil, "no other run is left: the schedule is over"},
		"one that is over":       {"  at: 2026-03-26T10:30\n", "3", nil, nil, "no other run is left: the schedule is over"},
		"one of seconds":         {"  schedule: '*/20 * * * * *'\n", "2", []string{"2027-03-25T12:00:20Z", "2027-03-25T12:00:40Z"}, nil, ""},
		"one frozen for ever":    {"  schedule: '*/5 * * * * *'\n  windows: {exclude: [{from: 2027-01-01T00:00}]}\n", "3", nil, []string{"freeze"}, "no run follows until "},
		"one with excluded days": {"  schedule: '@daily'\n  windows: {exclude: [{days: SAT}]}\n", "2", []string{"2027-03-26T00:00:00Z", "2027-03-28T00:00:00Z"}, []string{"excluded"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			list := next(t, dayFile(t, c.spec, ""), "-n", c.count, "--from", "2027-03-25T12:00:00Z")
			var items, reasons []string
			for _, i := range list.Items {
				items = append(items, i.At.Format(time.RFC3339))
			}
			for _, s := range list.Skipped {
				reasons = append(reasons, s.Reason)
			}
			assert.Equal(t, c.items, items)
			assert.Equal(t, c.reasons, reasons)
			assert.True(t, strings.HasPrefix(list.Note, c.note) && (c.note == "") == (list.Note == ""), list.Note)
		})
	}
}

// TestScheduleNextWithJitter: a run whose jitter takes it past the instant that was asked for is a coming one.
func TestScheduleNextWithJitter(t *testing.T) {
	t.Parallel()
	path := dayFile(t, "  schedule: '0 * * * *'\n  jitter: 40m\n  seed: 3\n", "")
	first := next(t, path, "-n", "1", "--from", "2027-03-25T11:59:59Z").Items[0]
	require.Positive(t, first.At.Sub(first.Scheduled))
	again := next(t, path, "-n", "1", "--from", first.At.Add(-time.Second).Format(time.RFC3339)).Items[0]
	assert.Equal(t, first, again)
	later := next(t, path, "-n", "1", "--from", first.At.Format(time.RFC3339)).Items[0]
	assert.Equal(t, time.Hour, later.Scheduled.Sub(first.Scheduled))
}

func TestScheduleNextRefuses(t *testing.T) {
	t.Parallel()
	broken := strings.Replace(easter, "20270326", "Good Friday", 1)
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"no count":           {[]string{"schedule", "next", "-f", dayFile(t, fullDay, easter), "-n", "0"}, "--count is 0"},
		"no time":            {[]string{"schedule", "next", "-f", dayFile(t, fullDay, easter), "--from", "tomorrow"}, `--from: "tomorrow" is not an instant`},
		"another format":     {[]string{"schedule", "next", "-f", dayFile(t, fullDay, easter), "-o", "xml"}, `--output "xml"`},
		"an experiment":      {[]string{"schedule", "next", "-f", "../../experiments/self-healing/pod-kill.yaml"}, "does not hold one GameDay"},
		"a broken calendar":  {[]string{"schedule", "next", "-f", dayFile(t, fullDay, broken)}, `holidays.ics:3:1: DTSTART has the value "Good Friday"`},
		"the same, by serve": {[]string{"serve", "--once", "-f", dayFile(t, fullDay, broken)}, "holidays.ics:3:1: "},
		"and by validate":    {[]string{"validate", "-f", dayFile(t, fullDay, broken)}, "holidays.ics:3:1: "},
		"no calendar":        {[]string{"validate", "-f", dayFile(t, strings.Replace(fullDay, "holidays.ics", "none.ics", 1), "")}, "the calendar of spec.windows.exclude cannot be read"},
		"windows by name":    {[]string{"serve", "--ignore-windows", "-f", dayFile(t, fullDay, easter)}, "--ignore-windows goes with --once"},
		"another command":    {[]string{"schedule", "nxt"}, `unknown command "nxt"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, stdout, stderr := call(t, c.args...)
			assert.Equal(t, report.ExitInvalid, code)
			assert.Empty(t, stdout)
			assert.Contains(t, stderr, c.want)
		})
	}
}
