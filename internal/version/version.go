// Package version says what version of chaosctl this is.
package version

import "runtime/debug"

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

// Image is where the image of this version is kept, with chaosctl as its entrypoint.
func Image() string { return "ghcr.io/chaosctl/chaosctl:" + Version() }
