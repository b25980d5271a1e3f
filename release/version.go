package release

import (
	"fmt"

	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"
)

// CheckVersion says what keeps a version from being that of a release. One with a build (+…) is none, since an image cannot have it as
// its tag, and one that is made up of a commit is Go's to give.
func CheckVersion(version string) error {
	switch {
	case version == "":
		return fmt.Errorf("no version is given: say which, as in make release VERSION=v0.3.0")
	case semver.IsValid("v" + version):
		return fmt.Errorf("%q is no version: give v%s", version, version)
	case !semver.IsValid(version), semver.Canonical(version) != version:
		return fmt.Errorf("%q is no version: give one such as v0.3.0 or v0.3.0-rc.1", version)
	case module.IsPseudoVersion(version):
		return fmt.Errorf("%q is what Go calls a commit that has no version: give one such as v0.3.0", version)
	}
	return nil
}
