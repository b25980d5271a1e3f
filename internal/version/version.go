// Package version says what version of chaosctl this is.
package version

import (
	"regexp"
	"runtime"
	"runtime/debug"
	"strings"
	"time"
)

// The linker sets these for releases: their version, the commit of which they were built, and its date (RFC 3339).
var linked, linkedCommit, linkedDate string

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

// Build is what is known of this binary.
type Build struct {
	Version string `json:"version"`
	// Commit is the hash of the commit of which it was built, and Date the time of that commit; empty where a build does not say, as
	// one from the module proxy does not.
	Commit string    `json:"commit,omitempty"`
	Date   time.Time `json:"date,omitzero"`
	// Modified says whether there were changes beside the commit; nil where that is unknown.
	Modified *bool  `json:"modified,omitempty"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
	// Image is the one that agents in pods and the dead man's Job have, unless told otherwise.
	Image string `json:"image"`
}

// Current is the build of this binary.
func Current() Build {
	b := Build{Version: Version(), Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH, Image: Image()}
	info, _ := debug.ReadBuildInfo() // nil where a binary has none
	b.Commit, b.Date, b.Modified = source(linkedCommit, linkedDate, info)
	return b
}

// source is the commit that the linker was told, else the one that the Go command found, if any. A release is made of nothing but its
// commit.
func source(commit, date string, info *debug.BuildInfo) (hash string, at time.Time, modified *bool) {
	if commit != "" {
		at, _ = time.Parse(time.RFC3339, date) // an unknown time is left out
		return commit, at.UTC(), new(bool)
	}
	if info == nil {
		return "", time.Time{}, nil
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			hash = s.Value
		case "vcs.time":
			at, _ = time.Parse(time.RFC3339, s.Value)
		case "vcs.modified":
			changed := s.Value == "true"
			modified = &changed
		}
	}
	return hash, at.UTC(), modified
}
