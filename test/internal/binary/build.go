package binary

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Repository is the root of the checkout: the parent of the folder of the module of the tests.
func Repository() string {
	here, err := os.Getwd() // go test runs in the folder of the package
	if err != nil {
		panic(err)
	}
	for dir := here; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "cmd", "chaosctl")); err == nil {
			return dir
		}
	}
	panic("no folder above " + here + " holds cmd/chaosctl")
}

// Path is that of a program that make builds.
func Path(name string) string { return filepath.Join(Repository(), "bin", name) }

// Build builds a program of the repository from its source, a package path, where make has not. Flags are those of
// go build.
func Build(ctx context.Context, to, source string, flags ...string) error {
	return BuildIn(ctx, Repository(), to, source, flags...)
}

// BuildIn is Build for a program of the module in that folder.
func BuildIn(ctx context.Context, folder, to, source string, flags ...string) error {
	if _, err := os.Stat(to); err == nil {
		return nil
	}
	args := append([]string{"build", "-trimpath", "-o", to}, flags...)
	command := exec.CommandContext(ctx, "go", append(args, source)...)
	command.Dir = folder
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w\n%s", source, err, output)
	}
	return nil
}
