//go:build unix

package component

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/chaosctl/chaosctl/lab/internal/advice"
	"github.com/chaosctl/chaosctl/lab/internal/registry"
)

// Builder builds components out of one folder of sources into one cache.
type Builder struct {
	// Sources is the folder with a folder for each component.
	Sources string
	// Cache is where what was built is kept.
	Cache string
	// Log reports progress, a line at a time.
	Log func(format string, args ...any)

	goVersion string
}

// Find returns the folder of component sources: the one named, or lab/components or components in
// a folder that start is in or below, whichever start has one.
func Find(named string, starts ...string) (string, error) {
	isSources := func(dir string) bool {
		_, err := os.Stat(filepath.Join(dir, Kubernetes.Name, "go.mod"))
		return err == nil
	}
	if named != "" {
		if !isSources(named) {
			return "", advice.New("name the folder lab/components of a checkout", "%s holds no component sources", named)
		}
		return filepath.Abs(named)
	}
	for _, start := range starts {
		for dir := start; ; dir = filepath.Dir(dir) {
			for _, candidate := range []string{filepath.Join(dir, "lab", "components"), filepath.Join(dir, "components")} {
				if isSources(candidate) {
					return candidate, nil
				}
			}
			if dir == filepath.Dir(dir) {
				break
			}
		}
	}
	return "", advice.New("run it inside a checkout of the repository, or name its folder lab/components with --components",
		"the sources of the lab's components are not here")
}

// Path returns where a component's programs are, or would be once they are built.
func (b *Builder) Path(ctx context.Context, c Component) (dir string, built bool, err error) {
	if b.goVersion == "" {
		if b.goVersion, err = goVersion(ctx); err != nil {
			return "", false, err
		}
	}
	key, err := c.key(filepath.Join(b.Sources, c.Name), b.goVersion)
	if err != nil {
		return "", false, fmt.Errorf("read the sources of %s: %w", c.Name, err)
	}
	dir = filepath.Join(b.Cache, c.Name, key)
	_, err = os.Stat(dir)
	return dir, err == nil, nil
}

func goVersion(ctx context.Context) (string, error) {
	command := exec.CommandContext(ctx, "go", "env", "GOVERSION", "GOOS", "GOARCH")
	command.Env = append(os.Environ(), "GOWORK=off")
	out, err := command.Output()
	if errors.Is(err, exec.ErrNotFound) {
		return "", advice.New("install Go from https://go.dev/dl and put its bin folder on PATH (sudo drops PATH: use sudo env PATH=$PATH)",
			"the lab builds its components with Go, which is not here")
	}
	if err != nil {
		return "", fmt.Errorf("ask go for its version: %w", err)
	}
	return strings.Join(strings.Fields(string(out)), " "), nil
}

// Build returns the folder with a component's programs, after building them if need be. One
// process builds at a time; what is in the cache is always whole.
func (b *Builder) Build(ctx context.Context, c Component) (string, error) {
	dir, built, err := b.Path(ctx, c)
	if err != nil || built {
		return dir, err
	}
	waiting := func() { b.Log("another process builds components: waiting for it") }
	release, err := registry.LockFile(ctx, filepath.Join(b.Cache, "build.lock"), waiting)
	if err != nil {
		return "", fmt.Errorf("take the cache of components: %w", err)
	}
	defer release()
	if _, built, _ := b.Path(ctx, c); built {
		return dir, nil
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return "", err
	}
	b.removeUnfinished(c)
	temp, err := os.MkdirTemp(filepath.Dir(dir), ".building-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(temp)
	start := time.Now()
	b.Log("building %s (%s); this is kept for the next time", c.Name, c.About)
	if err := b.compile(ctx, c, temp); err != nil {
		return "", err
	}
	for _, link := range c.Links {
		if err := os.Symlink(c.Name, filepath.Join(temp, link)); err != nil {
			return "", err
		}
	}
	if err := os.Chmod(temp, 0o755); err != nil {
		return "", err
	}
	if err := os.Rename(temp, dir); err != nil {
		return "", err
	}
	b.Log("built %s in %s", c.Name, time.Since(start).Round(time.Second))
	return dir, nil
}

// removeUnfinished removes what builds left that were killed. The caller holds the lock.
func (b *Builder) removeUnfinished(c Component) {
	left, _ := filepath.Glob(filepath.Join(b.Cache, c.Name, ".building-*"))
	for _, dir := range left {
		os.RemoveAll(dir)
	}
}

func (b *Builder) compile(ctx context.Context, c Component, out string) error {
	sources := filepath.Join(b.Sources, c.Name)
	linker, err := c.linkerFlags(sources)
	if err != nil {
		return err
	}
	args := append([]string{"build", "-v", "-mod=readonly", "-buildvcs=false", "-ldflags=" + linker, "-o", out + "/"}, compileFlags...)
	command := exec.CommandContext(ctx, "go", append(args, c.Packages)...)
	command.Dir = sources
	// The compiler's own garbage collector costs a fifth of the time; it needs no more than 4 GiB.
	command.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=", "GOGC=800", "GOOS=linux")
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = 5 * time.Second
	progress := newProgress(c.Name, b.Log)
	command.Stdout, command.Stderr = progress, progress
	err = command.Run()
	output := progress.stop()
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case bytes.Contains(output, []byte("no space left on device")):
		return advice.New("free some space: a first build takes about 6 GB in Go's cache (`go env GOCACHE` says where that is)",
			"the disk is full, so that %s cannot be built", c.Name)
	}
	return fmt.Errorf("build %s: %w\n%s", c.Name, err, bytes.TrimSpace(output))
}
