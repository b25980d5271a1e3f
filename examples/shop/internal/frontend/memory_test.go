package frontend

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// scripted is a source that gives what it is told to.
type scripted struct {
	pod string
	err error
}

func (s *scripted) products(context.Context) (listing, error) { return listing{pod: s.pod}, s.err }

func TestMemory(t *testing.T) {
	var src scripted
	now := time.Now()
	m := &memory{source: &src, maxAge: 10 * time.Second, now: func() time.Time { return now }}

	src = scripted{err: errUnreachable}
	_, _, err := m.products(t.Context())
	require.ErrorIs(t, err, errUnreachable, "nothing to remember yet")

	src = scripted{pod: "one"}
	_, age, err := m.products(t.Context())
	require.NoError(t, err)
	assert.Zero(t, age)

	src = scripted{err: errUnreachable}
	now = now.Add(9 * time.Second)
	answer, age, err := m.products(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "one", answer.pod)
	assert.Equal(t, 9*time.Second, age)

	now = now.Add(time.Second)
	_, _, err = m.products(t.Context())
	assert.ErrorIs(t, err, errUnreachable, "too old")
}

func TestMemoryDoesNotHideARefusal(t *testing.T) {
	src := scripted{pod: "one"}
	m := &memory{source: &src, maxAge: time.Hour, now: time.Now}
	_, _, err := m.products(t.Context())
	require.NoError(t, err)
	src.err = errors.New("the catalogue answered 401")
	_, _, err = m.products(t.Context())
	assert.ErrorIs(t, err, src.err)
}
