package release

import (
	"context"
	"debug/buildinfo"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

// build makes the binary for a platform.
//
// Nothing of the machine gets into it: no path (-trimpath), no C compiler, and no setting of the user's. What Go knows of git is left
// out too, since it says more where a clone has its tags than where it has not; the linker is told the commit instead.
func build(ctx context.Context, from *source, version string, p Platform, to string) error {
	const variables = "github.com/chaosctl/chaosctl/internal/version."
	linked := []string{
		"-s", "-w", "-X " + variables + "linked=" + version, "-X " + variables + "linkedCommit=" + from.commit,
		"-X " + variables + "linkedDate=" + from.at.Format(time.RFC3339),
	}
	c := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags", strings.Join(linked, " "), "-o", to, "./cmd/chaosctl")
	c.Dir = from.dir
	// An empty variable is one that is not set, in place of which Go takes what go env -w has kept. So each says something.
	c.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+p.OS, "GOARCH="+p.Architecture, "GOAMD64=v1", "GOARM64=v8.0", "GOFLAGS=-mod=readonly", "GOWORK=off", "GOFIPS140=off")
	if _, err := output(c); err != nil {
		return fmt.Errorf("build for %s: %w", p, err)
	}
	info, err := buildinfo.ReadFile(to)
	if err != nil {
		return fmt.Errorf("build for %s: %w", p, err)
	}
	for _, s := range info.Settings {
		if s.Key == "GOEXPERIMENT" {
			return fmt.Errorf("this Go builds with the experiment %s, which a release is not to depend on: unset GOEXPERIMENT", s.Value)
		}
	}
	return nil
}
