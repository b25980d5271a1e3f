package image

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestArchiveHoldsTheBinaryAsEntrypoint(t *testing.T) {
	dir := t.TempDir()
	binary, archive := filepath.Join(dir, "web"), filepath.Join(dir, "web.tar")
	require.NoError(t, os.WriteFile(binary, []byte("\x7fELF and so on"), 0o755))
	require.NoError(t, Archive("example/web:1", binary, archive))

	img, err := tarball.ImageFromPath(archive, nil)
	require.NoError(t, err)
	config, err := img.ConfigFile()
	require.NoError(t, err)
	assert.Equal(t, []string{"/app"}, config.Config.Entrypoint)
	assert.Equal(t, runtime.GOARCH, config.Architecture)
}

func TestArchiveRefusesWhatCannotRun(t *testing.T) {
	dir := t.TempDir()
	script := filepath.Join(dir, "script")
	require.NoError(t, os.WriteFile(script, []byte("#!/bin/sh"), 0o755))
	assert.ErrorContains(t, Archive("example/web:1", script, filepath.Join(dir, "x.tar")), "is no Linux program")
	assert.ErrorContains(t, Archive("Not A Name", script, filepath.Join(dir, "x.tar")), "is no image name")
	assert.ErrorIs(t, Archive("example/web:1", filepath.Join(dir, "absent"), ""), os.ErrNotExist)
}
