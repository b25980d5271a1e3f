package doctor

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestSkew(t *testing.T) {
	date := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) // the server's time was in [5 s, 6 s)
	at := func(ms int) time.Time { return date.Add(time.Duration(ms) * time.Millisecond) }
	for name, c := range map[string]struct {
		sent, received int
		want           time.Duration
	}{
		"the same":                      {100, 200, 0},
		"the first instant of a second": {-50, 0, 0},
		"within what can be told":       {900, 1100, 0},
		"behind the server":             {-1500, -1400, 1400 * time.Millisecond},
		"ahead of the server":           {3000, 3100, -2 * time.Second},
		"a slow answer tells less":      {-1500, 4000, 0},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, c.want, skew(at(c.sent), at(c.received), date)) })
	}
	assert.Equal(t, OK, judgeClock(0).Level)
	assert.Equal(t, OK, judgeClock(2*time.Second).Level)
	assert.Equal(t, Warning, judgeClock(-3*time.Second).Level)
	assert.Contains(t, judgeClock(-3*time.Second).Message, "at least 3s ahead of the API server")
	assert.Contains(t, judgeClock(3*time.Second).Message, "at least 3s behind the API server")
}
