package release

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/CycloneDX/cyclonedx-gomod/pkg/generate/bin"
	"github.com/google/licensecheck"
	"github.com/google/uuid"
	"github.com/rs/zerolog"
)

// sboms makes the lists of what is in a binary, by what the Go linker has written into it.
//
// The generator is that of the command cyclonedx-gomod. The command itself would put its own digest into the list, which differs by
// the machine it was built on, and the time of the clock; and it finds the licences of a binary by downloading all of it, chaosctl
// included, which is not there before a release is published.
type sboms struct {
	// folders are where the sources of modules are, by path@version.
	folders map[string]string
}

// sbomsOf gets ready for the binaries of a checkout.
func sbomsOf(ctx context.Context, dir string) (*sboms, error) {
	golang := func(args ...string) ([]byte, error) {
		c := exec.CommandContext(ctx, "go", args...)
		c.Dir = dir
		return output(c)
	}
	said, err := golang("list", "-m", "-json", "all")
	if err != nil {
		return nil, err
	}
	// Everything that is compiled from the standard library has its licence in GOROOT.
	env, err := golang("env", "GOVERSION", "GOROOT")
	if err != nil {
		return nil, err
	}
	version, root, _ := strings.Cut(strings.TrimSpace(string(env)), "\n")
	folders := map[string]string{"std@" + version: root}
	for decoder := json.NewDecoder(bytes.NewReader(said)); ; {
		var m struct{ Path, Version, Dir string }
		err := decoder.Decode(&m)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("go list: %w", err)
		}
		folders[m.Path+"@"+m.Version] = m.Dir
	}
	return &sboms{folders}, nil
}

// of lists what is in a binary. The list is of the time of the commit, and its serial number belongs to the binary's place in the
// release.
func (s *sboms) of(binary, name, version string, from *source) ([]byte, error) {
	generator, err := bin.NewGenerator(binary, bin.WithVersionOverride(version), bin.WithIncludeStdlib(true), bin.WithLogger(zerolog.Nop()))
	if err != nil {
		return nil, err
	}
	list, err := generator.Generate()
	if err != nil {
		return nil, fmt.Errorf("list what is in %s: %w", name, err)
	}
	list.SerialNumber = uuid.NewSHA1(uuid.NameSpaceURL, []byte(repository+"/"+from.commit+"/"+name)).URN()
	list.Metadata.Timestamp = from.at.Format(time.RFC3339)
	list.Metadata.Tools = &cdx.ToolsChoice{Components: &[]cdx.Component{{
		Type: cdx.ComponentTypeApplication, Name: "cyclonedx-gomod", Version: generatorVersion(), PackageURL: "pkg:golang/github.com/CycloneDX/cyclonedx-gomod",
	}}}
	list.Metadata.Component.Licenses = &cdx.Licenses{{License: &cdx.License{ID: "Apache-2.0"}}}
	list.Metadata.Component.Pedigree = &cdx.Pedigree{Commits: &[]cdx.Commit{{UID: from.commit, URL: repository + "/commit/" + from.commit}}}
	for i := range *list.Components {
		component := &(*list.Components)[i]
		licences, err := s.licences(component.Name, component.Version)
		if err != nil {
			return nil, err
		}
		// What was found by looking at a text is evidence, and nobody's word.
		if licences != nil {
			component.Evidence = &cdx.Evidence{Licenses: licences}
		}
	}
	var text bytes.Buffer
	encoder := cdx.NewBOMEncoder(&text, cdx.BOMFileFormatJSON)
	encoder.SetPretty(true)
	err = encoder.EncodeVersion(list, cdx.SpecVersion1_6)
	return text.Bytes(), err
}

// licenceFile is the name of one in the root of a module.
var licenceFile = regexp.MustCompile(`(?i)^(licen[sc]e|copying|notice)([-.].*)?$`)

// recognised is how much of a text has to be that of known licences, in percent; it is what pkg.go.dev goes by.
const recognised = 75

// licences are those of a module; nil where none was recognised.
func (s *sboms) licences(path, version string) (*cdx.Licenses, error) {
	folder := s.folders[path+"@"+version]
	if folder == "" {
		return nil, fmt.Errorf("%s@%s is in the binary, and go list does not say where its source is", path, version)
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, fmt.Errorf("find the licence of %s: %w", path, err)
	}
	var ids []string
	for _, e := range entries {
		if e.IsDir() || !licenceFile.MatchString(e.Name()) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(folder, e.Name()))
		if err != nil {
			return nil, fmt.Errorf("find the licence of %s: %w", path, err)
		}
		if found := licensecheck.Scan(text); found.Percent >= recognised {
			for _, m := range found.Match {
				ids = append(ids, m.ID)
			}
		}
	}
	slices.Sort(ids)
	var all cdx.Licenses
	for _, id := range slices.Compact(ids) {
		all = append(all, cdx.LicenseChoice{License: &cdx.License{ID: id}})
	}
	if all == nil {
		return nil, nil
	}
	return &all, nil
}

// generatorVersion is the version of the generator in this program.
func generatorVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			if m.Path == "github.com/CycloneDX/cyclonedx-gomod" {
				return m.Version
			}
		}
	}
	return ""
}
