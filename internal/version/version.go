// Package version says what version of chaosctl this is.
package version

import (
	"regexp"
	"runtime/debug"
	"strings"
)

// linked is set by the linker for releases.
var linked = ""

// Version is that of this binary: the linker's, else the module's, else devel.
func Version() string {
	if linked != "" {
		return linked
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "devel"
}

// A release has a version of its own. One that is made up of a commit, as in v0.3.1-0.20261127062752-9b0d316e34ab, is none, and
// neither is one with changes (+dirty).
var (
	release = regexp.MustCompile(`^v[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?$`)
	commit  = regexp.MustCompile(`[-.][0-9]{14}-[0-9a-f]{12}$`)
)

// Released says that this version was published, and its image with it.
func Released() bool { return isRelease(Version()) }

func isRelease(version string) bool {
	return release.MatchString(version) && !commit.MatchString(version)
}

// Image is where the image of this version is kept, with chaosctl as its entrypoint.
func Image() string { return "ghcr.io/chaosctl/chaosctl:" + tag(Version()) }

// tag is a version as one of an image, in which there is no +.
func tag(version string) string { return strings.ReplaceAll(version, "+", "-") }
