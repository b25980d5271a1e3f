package password_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/chaosctl/chaosctl/examples/shop/internal/password"
)

func TestParse(t *testing.T) {
	got, err := password.Parse([]byte("correct-horse\r\n"))
	assert.NoError(t, err)
	assert.Equal(t, "correct-horse", got)

	for _, bad := range []string{"", "\n", "short", "two words", "null\x00byte", "ünicode-text", "line\nbreaks"} {
		_, err := password.Parse([]byte(bad))
		assert.Error(t, err, "%q", bad)
	}
}

func TestRotationOverlaps(t *testing.T) {
	var ring password.Ring
	start := time.Now()
	assert.False(t, ring.Accepts("", start), "an empty ring accepts nothing")

	ring.Rotate("the-first", start)
	ring.Rotate("the-second", start)
	assert.Equal(t, []string{"the-second", "the-first"}, ring.Good(start))
	assert.True(t, ring.Accepts("the-first", start.Add(password.Overlap-1)))
	assert.False(t, ring.Accepts("the-first", start.Add(password.Overlap)))
	assert.True(t, ring.Accepts("the-second", start.Add(password.Overlap)))

	ring.Rotate("the-second", start.Add(password.Overlap))
	assert.False(t, ring.Accepts("the-first", start.Add(password.Overlap)), "the same again is no rotation")
}
