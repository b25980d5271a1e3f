package compare

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParseGates(t *testing.T) {
	gates, err := ParseGates("recovery=+20%, availability=-0.1pp,p99=+25%,outage=+500ms,p999=+0%")
	require.NoError(t, err)
	require.Len(t, gates, 5)
	assert.Equal(t, Gate{Recovery, 0.2, true, "recovery=+20%"}, gates[0])
	assert.InDelta(t, 0.001, gates[1].Limit, 1e-15)
	assert.Equal(t, Gate{Outage, 0.5, false, "outage=+500ms"}, gates[3])
	assert.InDelta(t, 12, gates[0].allowed(10), 1e-12)
	assert.InDelta(t, 0.5, gates[3].allowed(0), 0)
	gates, err = ParseGates("none")
	require.NoError(t, err)
	assert.Empty(t, gates)
	_, err = ParseGates(DefaultGates)
	require.NoError(t, err)
}

// TestBadGatesSayHow holds that each mistake is named with its mend.
func TestBadGatesSayHow(t *testing.T) {
	for text, mend := range map[string]string{
		"":                          "METRIC=CHANGE",
		"recovery":                  "METRIC=CHANGE",
		"recovry=+20%":              "the metrics are recovery, availability",
		"recovery=-20%":             "such as recovery=+20%",
		"recovery=20%":              "needs its sign: write recovery=+20%",
		"recovery=+x%":              "write recovery=+20%",
		"recovery=+20":              "neither a percentage nor a duration",
		"recovery=+-1s":             "neither a percentage nor a duration",
		"recovery=+-5%":             "not a percentage",
		"recovery=+NaN%":            "not a percentage",
		"recovery=+Inf%":            "not a percentage",
		"availability=-0.1%":        "percentage points, such as availability=-0.1pp",
		"availability=+0.1pp":       "such as availability=-0.1pp",
		"availability=-200pp":       "from 0 to 100",
		"p99=+25%,p99=+1s":          "p99 has a gate already",
		"p99=+25%,":                 "METRIC=CHANGE",
		"availability=-0.1pp,none":  "METRIC=CHANGE",
		"availability=-1e400pp":     "from 0 to 100",
		"availability = -0.1pp":     "no metric",
		"p99=+25%;availability=-1%": "not a percentage",
	} {
		_, err := ParseGates(text)
		if assert.Error(t, err, text) {
			assert.Contains(t, err.Error(), mend, text)
			assert.Contains(t, err.Error(), "gate \"", text)
		}
	}
}
