package report

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/event"
)

// corrupted is a change of a ConfigMap that goes through states.
func corrupted(states ...event.ChangeState) *changes {
	c := newChanges()
	for i, state := range states {
		u := event.ChangeUpdated{ID: "x", Fault: "f", Verb: "patch", Object: event.Object{Kind: "ConfigMap", Name: "settings"}, State: state}
		if state == event.ChangeIntended {
			u.Config = &event.ConfigChange{Keys: []event.ConfigKey{{Key: "data.mode", Lines: []string{"-open"}}}, More: 3}
		}
		c.add(at(float64(i+1)), u)
	}
	return c
}

func TestConfigsAreThoseThatWereChanged(t *testing.T) {
	want := []ConfigChange{{Change: "x", Keys: []event.ConfigKey{{Key: "data.mode", Lines: []string{"-open"}}}, More: 3}}
	assert.Equal(t, want, corrupted(event.ChangeIntended, event.ChangeSent, event.ChangeApplied, event.ChangeUndone).configs())
	assert.Equal(t, want, corrupted(event.ChangeIntended, event.ChangeSent, event.ChangeFailed).configs(), "it may have been")
	assert.Empty(t, corrupted(event.ChangeIntended).configs())
	assert.Empty(t, corrupted(event.ChangeIntended, event.ChangeFailed).configs())
	assert.Empty(t, corrupted(event.ChangeIntended, event.ChangeSent, event.ChangeSkipped).configs())
}

// TestConfigsAreShown: the page has both sides of a change, the reason where it has none, and nothing that runs.
func TestConfigsAreShown(t *testing.T) {
	const evil = `</pre><script>alert(1)</script>`
	m := unknownRun()
	require.NotEmpty(t, m.Changes)
	m.Changes[0].Undo, m.Changes[0].UndoneAt = "undone", wall(25)
	m.Configs = []ConfigChange{{Change: m.Changes[0].ID, More: 2, Keys: []event.ConfigKey{
		{Key: "data[" + evil + "]", Before: new(31), After: new(1), Lines: []string{"@ line 7", " same", "-" + evil, "+" + evil, ""}, Cut: 4},
		{Key: "data.gone", Before: new(9), Withheld: "the values of a Secret are shown nowhere"},
	}}}
	page := render(t, m)
	inert(t, page)
	var removed, added []string
	for _, n := range elements(parse(t, page)) {
		switch n.Data {
		case "del":
			removed = append(removed, text(n))
		case "ins":
			added = append(added, text(n))
		}
	}
	assert.Equal(t, []string{"-" + evil + "\n"}, removed)
	assert.Equal(t, []string{"+" + evil + "\n"}, added)
	for _, want := range []string{"31 bytes → 1 byte<", "9 bytes → none, masked: the values of a Secret are shown nowhere", "put back at 25.00 s", "@ line 7", "and 4 more lines", "and 2 more keys"} {
		assert.Contains(t, string(page), want)
	}
}

// TestConfigsAreBounded: of a configuration with very much in it, a page shows as many lines as a table has rows.
func TestConfigsAreBounded(t *testing.T) {
	m := unknownRun()
	c := ConfigChange{Change: m.Changes[0].ID}
	for i := range 50 {
		k := event.ConfigKey{Key: fmt.Sprint("data.", i), Before: new(1)}
		for range 100 {
			k.Lines = append(k.Lines, "-"+strings.Repeat("<", 200))
		}
		c.Keys = append(c.Keys, k)
	}
	for range 3 {
		m.Configs = append(m.Configs, c)
	}
	page := render(t, m)
	assert.Less(t, len(page), longestPage)
	assert.LessOrEqual(t, strings.Count(string(page), "<del>"), details[0].rows)
	assert.Contains(t, string(page), "more keys")

	m.Configs = slices.Repeat([]ConfigChange{{Change: m.Changes[0].ID, Keys: c.Keys[:1]}}, details[0].rows+7)
	assert.Contains(t, string(render(t, m)), "and 7 more changes, in events.jsonl")
}
