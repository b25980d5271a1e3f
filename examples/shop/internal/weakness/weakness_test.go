package weakness_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/examples/shop/internal/weakness"
)

func TestParse(t *testing.T) {
	for list, want := range map[string]weakness.Set{
		"":                     {},
		" , ":                  {},
		"slow-start":           {SlowStart: weakness.DefaultSlowStart},
		"slow-start=1m30s":     {SlowStart: 90 * time.Second},
		"ignore-sigterm":       {IgnoreSIGTERM: true},
		"abrupt-stop":          {AbruptStop: true},
		"config-at-start-only": {ConfigAtStartOnly: true},
		"crash-on-bad-config":  {CrashOnBadConfig: true},
		"sticky":               {Sticky: true},
		"drop-1-percent":       {DropFraction: 0.01},
		"drop-2.5-percent":     {DropFraction: 0.025},
		"at-most-8":            {AtMost: 8},
		"sticky, abrupt-stop":  {Sticky: true, AbruptStop: true},
	} {
		got, err := weakness.Parse(list, "frontend")
		require.NoError(t, err, list)
		assert.Equal(t, want, got, list)
	}
}

func TestParseRefuses(t *testing.T) {
	for list, want := range map[string]string{
		"slow-starts":                "unknown weakness",
		"sticky,slwo-start":          `"slwo-start"`,
		"slow-start=soon":            "want a positive duration",
		"slow-start=0s":              "want a positive duration",
		"drop-101-percent":           "up to 100",
		"drop-NaN-percent":           "up to 100",
		"drop-one-percent":           "up to 100",
		"at-most-0":                  "1 or more",
		"at-most-some":               "1 or more",
		"ignore-sigterm,abrupt-stop": "exclude each other",
	} {
		_, err := weakness.Parse(list, "frontend")
		assert.ErrorContains(t, err, want, list)
	}
}

func TestUnknownWeaknessListsTheKnown(t *testing.T) {
	_, err := weakness.Parse("clumsy", "frontend")
	for _, name := range []string{"slow-start", "ignore-sigterm", "abrupt-stop", "config-at-start-only", "crash-on-bad-config", "sticky", "drop-N-percent", "at-most-N"} {
		assert.ErrorContains(t, err, name)
	}
}

func TestStickyIsOfTheFrontend(t *testing.T) {
	_, err := weakness.Parse("sticky", "catalogue")
	assert.ErrorContains(t, err, "one of the frontend")
}
