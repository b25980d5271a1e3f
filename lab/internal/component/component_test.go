//go:build unix

package component

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var hello = Component{Name: "hello", Packages: "./...", Links: []string{"greet"}}

// sources writes a component that needs no module but its own.
func sources(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	write(t, dir, "hello/go.mod", "module hello\n\ngo 1.26.0\n")
	write(t, dir, "hello/main.go", "package main\n\nfunc main() { println(\"hello\") }\n")
	return dir
}

func write(t *testing.T, dir, name, content string) {
	t.Helper()
	path := filepath.Join(dir, name)
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte(content), 0o644))
}

func TestBuildBuildsOnceHoweverManyAsk(t *testing.T) {
	dir, cache := sources(t), t.TempDir()
	var built atomic.Int32
	log := func(format string, _ ...any) {
		if format == "built %s in %s" {
			built.Add(1)
		}
	}
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			b := &Builder{Sources: dir, Cache: cache, Log: log}
			out, err := b.Build(context.Background(), hello)
			if assert.NoError(t, err) {
				assert.FileExists(t, filepath.Join(out, "greet"), "links are there")
			}
		})
	}
	wg.Wait()
	assert.EqualValues(t, 1, built.Load())
}

func TestBuildLeavesNothingHalfBuilt(t *testing.T) {
	dir, cache := sources(t), t.TempDir()
	write(t, dir, "hello/main.go", "package main\n\nfunc main() { undefined() }\n")
	write(t, cache, "hello/.building-123/hello", "from a build that was killed")
	b := &Builder{Sources: dir, Cache: cache, Log: t.Logf}
	_, err := b.Build(t.Context(), hello)
	assert.ErrorContains(t, err, "undefined: undefined", "what go said is shown")
	entries, err := os.ReadDir(filepath.Join(cache, "hello"))
	require.NoError(t, err)
	assert.Empty(t, entries)
}

func TestKeyFollowsWhatDecidesTheOutcome(t *testing.T) {
	dir := sources(t)
	key := func(c Component, version string) string {
		k, err := c.key(filepath.Join(dir, "hello"), version)
		require.NoError(t, err)
		return k
	}
	first := key(hello, "go1.26.8 linux amd64")
	assert.Equal(t, first, key(hello, "go1.26.8 linux amd64"))
	assert.NotEqual(t, first, key(hello, "go1.26.9 linux amd64"))
	write(t, dir, "hello/README.md", "about it")
	write(t, dir, "hello/main_test.go", "package main")
	assert.Equal(t, first, key(hello, "go1.26.8 linux amd64"), "prose and tests change nothing")
	write(t, dir, "hello/go.sum", "other pins")
	assert.NotEqual(t, first, key(hello, "go1.26.8 linux amd64"))
}

func TestVersionIsTheOneThatIsPinned(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "go.mod", "module x\n\nrequire k8s.io/kubernetes v1.37.2\n")
	flags, err := Kubernetes.linkerFlags(dir)
	require.NoError(t, err)
	assert.Contains(t, flags, "k8s.io/component-base/version.gitVersion=v1.37.2")
	assert.Contains(t, flags, "gitMajor=1 ")
	assert.Contains(t, flags, "gitMinor=37 ")
}

func TestFindWalksUp(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "lab/components/kubernetes/go.mod", "module x\n")
	deep := filepath.Join(dir, "test", "deep")
	require.NoError(t, os.MkdirAll(deep, 0o755))
	want := filepath.Join(dir, "lab", "components")
	for _, start := range []string{deep, dir, filepath.Join(dir, "lab")} {
		found, err := Find("", start)
		require.NoError(t, err)
		assert.Equal(t, want, found)
	}
	_, err := Find("", t.TempDir())
	assert.ErrorContains(t, err, "are not here")
	_, err = Find(deep)
	assert.ErrorContains(t, err, "holds no component sources")
}

func TestProgressCountsAndKeepsTheRest(t *testing.T) {
	p := newProgress("x", t.Logf)
	for _, part := range []string{"go: downloading k8s.io/api v0.37.2\nk8s.io/", "api/core/v1\nnet/http\n# broken\nmain.go:3:1: bad"} {
		_, err := p.Write([]byte(part))
		require.NoError(t, err)
	}
	rest := string(p.stop())
	assert.Equal(t, 1, p.fetched)
	assert.Equal(t, 2, p.compiled)
	assert.Equal(t, "# broken\nmain.go:3:1: bad", rest)
}
