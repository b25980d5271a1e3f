package release

import (
	"bytes"
	"context"
	"crypto/sha256"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	all  = flag.Bool("release.all", false, "release chaosctl itself, twice, and install it; takes long where Go has nothing in its cache")
	krew = flag.String("release.krew", "", "the krew to install it by")
	some = flag.String("release.platforms", "", "release it for some platforms alone, such as linux/amd64,darwin/arm64")
)

// wanted are the platforms to release chaosctl for.
func wanted(t *testing.T) []Platform {
	t.Helper()
	if *some == "" {
		return Platforms()
	}
	var chosen []Platform
	for name := range strings.SplitSeq(*some, ",") {
		i := slices.IndexFunc(Platforms(), func(p Platform) bool { return p.String() == name })
		require.GreaterOrEqual(t, i, 0, "-release.platforms: there is no %q", name)
		chosen = append(chosen, Platforms()[i])
	}
	return chosen
}

// read is all files of a folder.
func read(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	files := map[string][]byte{}
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		require.NoError(t, err)
		files[e.Name()] = text
	}
	return files
}

// same wants two folders to hold the same, to the byte.
func same(t *testing.T, one, other map[string][]byte) {
	t.Helper()
	for name := range one {
		assert.True(t, bytes.Equal(one[name], other[name]), "%s differs", name)
	}
	assert.Len(t, other, len(one))
}

// whole wants a release to hold all that it should, and the checksums to be right.
func whole(t *testing.T, version string, platforms []Platform, files map[string][]byte) {
	t.Helper()
	want := []string{"chaosctl.yaml", "chaosctl.rb", "chaosctl_" + version + "_image.tar"}
	for _, p := range platforms {
		want = append(want, p.archive(version), p.sbom(version))
	}
	checksums := map[string]string{}
	for line := range strings.Lines(string(files["chaosctl_"+version+"_checksums.txt"])) {
		digest, name, found := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		require.True(t, found, line)
		checksums[name] = digest
	}
	assert.Len(t, files, len(want)+1)
	assert.Len(t, checksums, len(want))
	for _, name := range want {
		require.Contains(t, files, name)
		digest := fmt.Sprintf("%x", sha256.Sum256(files[name]))
		assert.Equal(t, digest, checksums[name], name)
		if strings.HasSuffix(name, ".cdx.json") {
			valid(t, files[name])
		}
		if strings.HasSuffix(name, ".zip") || strings.HasSuffix(name, ".tar.gz") {
			assert.Contains(t, string(files["chaosctl.yaml"]), digest, name)
			assert.Equal(t, !strings.Contains(name, "windows"), strings.Contains(string(files["chaosctl.rb"]), digest), name)
		}
	}
}

// run gives what the program of an archive says.
func run(t *testing.T, p Platform, archive []byte, at time.Time, args ...string) string {
	t.Helper()
	members := unpack(t, p.archive(""), archive, at)
	program := filepath.Join(t.TempDir(), p.binary())
	require.NoError(t, os.WriteFile(program, members[0].content, 0o700))
	said, err := output(exec.CommandContext(t.Context(), program, args...))
	require.NoError(t, err)
	return string(said)
}

// here is the platform of this machine.
var here = Platform{runtime.GOOS, runtime.GOARCH}

// TestTwoReleasesAreTheSame makes two of a small program, in folders of other paths.
func TestTwoReleasesAreTheSame(t *testing.T) {
	const version = "v1.2.3"
	var releases [2]map[string][]byte
	for i, name := range []string{"a", "somewhere-else/under another name"} {
		dir := checkout(t, name)
		to := t.TempDir()
		// What is left of an earlier one goes.
		require.NoError(t, os.MkdirAll(filepath.Join(to, version), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(to, version, "old"), nil, 0o600))
		folder, err := Make(t.Context(), Options{From: dir, Version: version, To: to, Platforms: Platforms(), Log: t.Logf})
		require.NoError(t, err)
		assert.Equal(t, filepath.Join(to, version), folder)
		releases[i] = read(t, folder)
		assert.Len(t, read(t, to+"/"+version), len(releases[i]))
		left, err := filepath.Glob(filepath.Join(to, ".new-*"))
		require.NoError(t, err)
		assert.Empty(t, left)
	}
	one := releases[0]
	same(t, one, releases[1])
	whole(t, version, Platforms(), one)
	assert.Equal(t, "[-tag ghcr.io/chaosctl/chaosctl:v1.2.3 -entrypoint chaosctl]\nlinux-amd64\nlinux-arm64\n", string(one["chaosctl_"+version+"_image.tar"]))

	at, err := time.Parse(time.RFC3339, committed)
	require.NoError(t, err)
	for _, p := range Platforms() {
		members := unpack(t, p.archive(version), one[p.archive(version)], at)
		var names []string
		for _, m := range members {
			names = append(names, fmt.Sprintf("%s %o", m.name, m.mode))
		}
		assert.Equal(t, []string{p.binary() + " 755", "LICENSE 644", "README.md 644"}, names)
		assert.Equal(t, small["LICENSE"], string(members[1].content))
	}
	assert.Regexp(t, `^v1\.2\.3 [0-9a-f]{40} 2026-11-27T06:27:52Z\n$`, run(t, here, one[here.archive(version)], at))
}

// TestAReleaseThatFails leaves what was there before.
func TestAReleaseThatFails(t *testing.T) {
	dir := checkout(t, "a")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "cmd", "chaosctl", "broken.go"), []byte("package main\n\nvar x int = \"\"\n"), 0o600))
	inGit(t, dir, "add", ".")
	inGit(t, dir, "commit", "--quiet", "--message", "broken")
	to := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(to, "v1.2.3", "old"), 0o755))
	_, err := Make(t.Context(), Options{From: dir, Version: "v1.2.3", To: to, Platforms: Platforms()[:1], Log: t.Logf})
	require.ErrorContains(t, err, "build for linux/amd64")
	require.ErrorContains(t, err, "broken.go:3")
	assert.DirExists(t, filepath.Join(to, "v1.2.3", "old"))
	left, err := filepath.Glob(filepath.Join(to, ".new-*"))
	require.NoError(t, err)
	assert.Empty(t, left)
}

// TestRelease makes two releases of chaosctl itself, of clones in folders of other paths, and installs one by krew. Both builds may
// use Go's cache: where a path got into a package it would be one of another name there, and be compiled again.
func TestRelease(t *testing.T) {
	if !*all {
		t.Skip("make test-all does it: go test -release.all")
	}
	require.FileExists(t, *krew, "-release.krew: make test-release installs one")
	const version = "v0.0.1-test"
	platforms := wanted(t)
	root, err := filepath.Abs("..")
	require.NoError(t, err)
	if changed, err := git(t.Context(), root, "status", "--porcelain"); assert.NoError(t, err) && changed != "" {
		t.Log("what is not committed is not released")
	}
	var releases [2]map[string][]byte
	var folders [2]string
	var from *source
	for i, name := range []string{"a", "somewhere-else/under another name"} {
		dir := filepath.Join(t.TempDir(), name)
		_, err := git(t.Context(), ".", "clone", "--quiet", root, dir)
		require.NoError(t, err)
		from, err = sourceOf(t.Context(), dir, version)
		require.NoError(t, err)
		folders[i], err = Make(t.Context(), Options{From: dir, Version: version, To: filepath.Join(dir, "bin", "release"), Platforms: platforms, Log: t.Logf})
		require.NoError(t, err)
		releases[i] = read(t, folders[i])
	}
	same(t, releases[0], releases[1])
	whole(t, version, platforms, releases[0])
	require.Contains(t, platforms, here)
	said := run(t, here, releases[0][here.archive(version)], from.at, "version", "-o", "json")
	assert.JSONEq(t, fmt.Sprintf(`{"version": %q, "commit": %q, "date": %q, "modified": false, "go": %q, "platform": %q, "image": %q}`,
		version, from.commit, from.at.Format(time.RFC3339), runtime.Version(), here, image+":"+version), said)
	for _, p := range platforms {
		byKrew(t, p, folders[0], version, platforms)
	}
}

// byKrew installs a plugin by krew itself, which it may take this machine for any other.
func byKrew(t *testing.T, p Platform, folder, version string, platforms []Platform) {
	t.Helper()
	install := func(archive string) (root string, said []byte, err error) {
		root = t.TempDir()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		c := exec.CommandContext(ctx, *krew, "install", "--manifest", filepath.Join(folder, "chaosctl.yaml"), "--archive", filepath.Join(folder, archive))
		c.Env = append(os.Environ(), "KREW_ROOT="+root, "KREW_OS="+p.OS, "KREW_ARCH="+p.Architecture, "KREW_NO_UPGRADE_CHECK=1")
		said, err = c.CombinedOutput()
		return root, said, err
	}
	root, said, err := install(p.archive(version))
	require.NoError(t, err, "%s: %s", p, said)
	installed, err := os.ReadDir(filepath.Join(root, "store", "chaosctl", version))
	require.NoError(t, err)
	var names []string
	for _, e := range installed {
		names = append(names, e.Name())
	}
	assert.ElementsMatch(t, []string{p.binary(), "LICENSE"}, names)
	if p == here {
		out, err := output(exec.CommandContext(t.Context(), filepath.Join(root, "bin", "kubectl-chaosctl"), "version"))
		require.NoError(t, err)
		assert.Contains(t, string(out), "chaosctl "+version+" ")
	}
	// An archive that is another's has another checksum.
	for _, other := range platforms {
		if other.OS == p.OS && other != p {
			_, said, err := install(other.archive(version))
			require.Error(t, err, "%s", said)
			assert.Contains(t, string(said), "checksum does not match", "%s", said)
		}
	}
}
