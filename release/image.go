package release

import (
	"context"
	"os/exec"
	"path/filepath"
)

// imageArchive makes the image for all architectures of Linux, by the command that makes it for make image too.
func imageArchive(ctx context.Context, from *source, version, to string, binaries []string) error {
	args := []string{"run", "-trimpath", "./cmd/image", "-tag", image + ":" + version, "-entrypoint", "chaosctl", "-to", to}
	c := exec.CommandContext(ctx, "go", append(args, binaries...)...)
	c.Dir = filepath.Join(from.dir, "lab")
	_, err := output(c)
	return err
}
