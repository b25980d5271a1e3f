package report

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestDistribution(t *testing.T) {
	of := func(total, ready float64) RecoveryResult {
		return RecoveryResult{Total: &total, Phases: Phases{Ready: &ready}}
	}
	assert.Nil(t, distribution([]RecoveryResult{of(1, 1)}))
	censored := of(99, 4)
	censored.Censored = true
	assert.Equal(t, []spread{{"total", 4, 2, 3, 9}, {"ready", 5, 1, 2, 8}},
		distribution([]RecoveryResult{of(9, 8), of(2, 1), of(5, 2), of(3, 1), censored}), "a lower bound is no total")

	m := passingKill()
	m.Recoveries = []RecoveryResult{of(9, 8), of(2, 1)}
	var page strings.Builder
	require.NoError(t, WriteHTML(&page, m))
	assert.Contains(t, page.String(), `<td class="num">2.00 s</td><td class="num">2.00 s</td><td class="num">9.00 s</td>`)
}
