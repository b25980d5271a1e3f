package image

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// program writes what looks like a program for Linux.
func program(t *testing.T, dir string, machine elf.Machine, segments ...elf.ProgType) string {
	t.Helper()
	header := elf.Header64{
		Type: uint16(elf.ET_EXEC), Machine: uint16(machine), Version: uint32(elf.EV_CURRENT), Ehsize: 64, Phoff: 64, Phentsize: 56, Phnum: uint16(len(segments)),
	}
	copy(header.Ident[:], elf.ELFMAG)
	header.Ident[elf.EI_CLASS], header.Ident[elf.EI_DATA], header.Ident[elf.EI_VERSION] = byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)
	var text bytes.Buffer
	require.NoError(t, binary.Write(&text, binary.LittleEndian, header))
	for _, s := range segments {
		require.NoError(t, binary.Write(&text, binary.LittleEndian, elf.Prog64{Type: uint32(s)}))
	}
	path := filepath.Join(dir, machine.String())
	require.NoError(t, os.WriteFile(path, text.Bytes(), 0o755))
	return path
}

// unpack puts what is in an archive into a folder, and wants all of it to be of the same age.
func unpack(t *testing.T, archive string) layout.Path {
	t.Helper()
	file, err := os.Open(archive)
	require.NoError(t, err)
	defer file.Close()
	dir := t.TempDir()
	for reader := tar.NewReader(file); ; {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		assert.True(t, header.ModTime.Equal(epoch), "%s is of %s", header.Name, header.ModTime)
		content, err := io.ReadAll(reader)
		require.NoError(t, err)
		path := filepath.Join(dir, header.Name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, content, 0o600))
	}
	path, err := layout.FromPath(dir)
	require.NoError(t, err)
	return path
}

// files are those of an image, whose layers are what their digests say.
func files(t *testing.T, img v1.Image) map[string]string {
	t.Helper()
	layers, err := img.Layers()
	require.NoError(t, err)
	all := map[string]string{}
	for _, layer := range layers {
		content, err := layer.Uncompressed()
		require.NoError(t, err)
		text, err := io.ReadAll(content)
		require.NoError(t, err)
		require.NoError(t, content.Close())
		sum, err := layer.DiffID()
		require.NoError(t, err)
		assert.Equal(t, sum.Hex, fmt.Sprintf("%x", sha256.Sum256(text)))
		for reader := tar.NewReader(bytes.NewReader(text)); ; {
			header, err := reader.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			require.NoError(t, err)
			assert.Equal(t, int64(0o755), header.Mode)
			assert.True(t, header.ModTime.Equal(epoch))
			file, err := io.ReadAll(reader)
			require.NoError(t, err)
			all[header.Name] = string(file)
		}
	}
	return all
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(text)
}

func TestLayoutHoldsAnImageForEachArchitecture(t *testing.T) {
	dir := t.TempDir()
	arm, intel, archive := program(t, dir, elf.EM_AARCH64), program(t, dir, elf.EM_X86_64), filepath.Join(dir, "image.tar")
	digest, err := Layout("registry.example/chaosctl:1", "chaosctl", archive, arm, intel)
	require.NoError(t, err)
	all, err := unpack(t, archive).ImageIndex()
	require.NoError(t, err)
	manifest, err := all.IndexManifest()
	require.NoError(t, err)
	require.Len(t, manifest.Manifests, 1)
	one := manifest.Manifests[0]
	assert.Equal(t, digest, one.Digest.String())
	assert.Equal(t, "registry.example/chaosctl:1", one.Annotations["io.containerd.image.name"])
	assert.Equal(t, "1", one.Annotations["org.opencontainers.image.ref.name"])

	index, err := all.ImageIndex(one.Digest)
	require.NoError(t, err)
	images, err := index.IndexManifest()
	require.NoError(t, err)
	require.Len(t, images.Manifests, 2)
	for i, want := range []string{"amd64", "arm64"} {
		assert.Equal(t, &v1.Platform{OS: "linux", Architecture: want}, images.Manifests[i].Platform)
		img, err := index.Image(images.Manifests[i].Digest)
		require.NoError(t, err)
		config, err := img.ConfigFile()
		require.NoError(t, err)
		assert.Equal(t, want, config.Architecture)
		assert.Equal(t, []string{"/chaosctl"}, config.Config.Entrypoint)
		assert.Equal(t, nobody, config.Config.User)
		assert.True(t, config.Created.Equal(epoch))
		assert.Equal(t, map[string]string{"chaosctl": read(t, []string{intel, arm}[i])}, files(t, img))
	}
	left, err := filepath.Glob(filepath.Join(dir, ".layout-*"))
	require.NoError(t, err)
	assert.Empty(t, left)
}

func TestLayoutRefusesWhatIsNoImage(t *testing.T) {
	dir := t.TempDir()
	intel, archive := program(t, dir, elf.EM_X86_64), filepath.Join(dir, "image.tar")
	script := filepath.Join(dir, "script")
	require.NoError(t, os.WriteFile(script, []byte("#!/bin/sh"), 0o755))
	dynamic := program(t, t.TempDir(), elf.EM_X86_64, elf.PT_LOAD, elf.PT_INTERP)
	for want, binaries := range map[string][]string{
		"is no Linux program":                      {script},
		"needs libraries":                          {dynamic},
		"is for EM_RISCV":                          {program(t, dir, elf.EM_RISCV)},
		"there are 1 architectures in 2 binaries":  {intel, intel},
		"there are 0 architectures in 0 binaries":  nil,
		filepath.Join(dir, "absent") + ": no such": {filepath.Join(dir, "absent")},
	} {
		_, err := Layout("example/web:1", "web", archive, binaries...)
		require.ErrorContains(t, err, want)
	}
	_, err := Layout("Not A Name", "web", archive, intel)
	require.ErrorContains(t, err, "is no image name")
	assert.NoFileExists(t, archive)
}

// TestTwoBuildsAreTheSame builds a program twice, as make image does, in other folders and of files of other times.
func TestTwoBuildsAreTheSame(t *testing.T) {
	build := func(written time.Time, architectures ...string) (archive []byte, digest string) {
		dir := t.TempDir()
		for name, text := range map[string]string{"go.mod": "module example.com/program\n\ngo 1.26\n", "main.go": "package main\n\nfunc main() { println(\"hello\") }\n"} {
			path := filepath.Join(dir, name)
			require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
			require.NoError(t, os.Chtimes(path, written, written))
		}
		var binaries []string
		for _, architecture := range architectures {
			binary := filepath.Join(dir, "program-"+architecture)
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
			defer cancel()
			c := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", binary, ".")
			c.Dir, c.Env = dir, append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+architecture)
			said, err := c.CombinedOutput()
			require.NoError(t, err, "%s", said)
			binaries = append(binaries, binary)
		}
		path := filepath.Join(dir, "image.tar")
		digest, err := Layout("example/program:1", "program", path, binaries...)
		require.NoError(t, err)
		archive, err = os.ReadFile(path)
		require.NoError(t, err)
		return archive, digest
	}
	one, digest := build(time.Now(), "amd64", "arm64")
	other, same := build(time.Now().Add(-time.Hour), "arm64", "amd64")
	assert.Equal(t, digest, same)
	assert.True(t, bytes.Equal(one, other), "two builds differ")
}

// TestLayoutIsKnownToKubernetes: by any other name of the registry, a kubelet would not find the image, and try to pull it.
func TestLayoutIsKnownToKubernetes(t *testing.T) {
	dir := t.TempDir()
	archive := filepath.Join(dir, "image.tar")
	for asked, want := range map[string]string{
		"docker.io/chaosctl/chaosctl:1": "docker.io/chaosctl/chaosctl:1", "chaosctl/chaosctl:1": "docker.io/chaosctl/chaosctl:1",
		"ghcr.io/chaosctl/chaosctl:1": "ghcr.io/chaosctl/chaosctl:1",
	} {
		_, err := Layout(asked, "chaosctl", archive, program(t, dir, elf.EM_X86_64))
		require.NoError(t, err)
		all, err := unpack(t, archive).ImageIndex()
		require.NoError(t, err)
		manifest, err := all.IndexManifest()
		require.NoError(t, err)
		assert.Equal(t, want, manifest.Manifests[0].Annotations["io.containerd.image.name"], asked)
	}
}
