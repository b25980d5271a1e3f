package release

// Platform is what a binary is for, in the words of Go.
type Platform struct{ OS, Architecture string }

// Platforms are those of a release.
func Platforms() []Platform {
	return []Platform{
		{"linux", "amd64"}, {"linux", "arm64"}, {"darwin", "amd64"}, {"darwin", "arm64"}, {"windows", "amd64"}, {"windows", "arm64"},
	}
}

func (p Platform) String() string { return p.OS + "/" + p.Architecture }

// binary is the name of the program.
func (p Platform) binary() string {
	if p.OS == "windows" {
		return "chaosctl.exe"
	}
	return "chaosctl"
}

// archive is the name of the archive. Windows opens zip files by itself.
func (p Platform) archive(version string) string {
	if p.OS == "windows" {
		return p.stem(version) + ".zip"
	}
	return p.stem(version) + ".tar.gz"
}

func (p Platform) sbom(version string) string { return p.stem(version) + ".cdx.json" }

func (p Platform) stem(version string) string {
	return "chaosctl_" + version + "_" + p.OS + "_" + p.Architecture
}
