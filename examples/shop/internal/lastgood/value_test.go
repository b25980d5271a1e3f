package lastgood_test

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/examples/shop/internal/lastgood"
)

// fixture is a value read from one file that must hold a number.
type fixture struct {
	*lastgood.Value[int]
	path     string
	accepted []int
	rejected []error
}

func newFixture(t *testing.T) *fixture {
	f := &fixture{path: filepath.Join(t.TempDir(), "number")}
	f.Value = lastgood.New(lastgood.Source[int]{
		Read:     lastgood.FromDir(filepath.Dir(f.path), "number"),
		Parse:    func(files lastgood.Files) (int, error) { return strconv.Atoi(string(files["number"])) },
		Accepted: func(n int, _ string) { f.accepted = append(f.accepted, n) },
		Rejected: func(err error, _ string) { f.rejected = append(f.rejected, err) },
	})
	return f
}

func (f *fixture) write(t *testing.T, content string) {
	require.NoError(t, os.WriteFile(f.path, []byte(content), 0o600))
	f.Check()
}

func TestKeepsTheLastGood(t *testing.T) {
	f := newFixture(t)
	f.write(t, "1")
	f.write(t, "one")
	f.Check()

	got, ok := f.Get()
	assert.True(t, ok)
	assert.Equal(t, 1, got)
	assert.Error(t, f.Broken())
	assert.Len(t, f.rejected, 1, "one content is rejected once")

	f.write(t, "2")
	got, _ = f.Get()
	assert.Equal(t, 2, got)
	assert.NoError(t, f.Broken())
	assert.Equal(t, []int{1, 2}, f.accepted)
}

func TestComesBackToTheSameContent(t *testing.T) {
	f := newFixture(t)
	f.write(t, "1")
	f.write(t, "broken")
	f.write(t, "1")
	assert.NoError(t, f.Broken())
	assert.Equal(t, []int{1, 1}, f.accepted)
}

func TestMissingFileIsBroken(t *testing.T) {
	f := newFixture(t)
	f.Check()
	_, ok := f.Get()
	assert.False(t, ok)
	assert.ErrorIs(t, f.Broken(), os.ErrNotExist)

	f.write(t, "3")
	require.NoError(t, os.Remove(f.path))
	f.Check()
	got, ok := f.Get()
	assert.True(t, ok)
	assert.Equal(t, 3, got)
}
