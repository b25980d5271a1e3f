package release

import (
	"bytes"
	_ "embed" // the templates
	"strings"
	"text/template"
)

// repository is where releases are published, and their image beside it.
const (
	repository = "https://github.com/chaosctl/chaosctl"
	image      = "ghcr.io/chaosctl/chaosctl"
)

var (
	//go:embed krew.yaml.tmpl
	krewText string
	//go:embed homebrew.rb.tmpl
	homebrewText string
)

// download is an archive and where it will be.
type download struct {
	Platform
	URL, SHA256, Binary string
}

// manifest is what installers are told.
type manifest struct {
	Repository string
	// Version begins with a v, and Number does not.
	Version, Number string
	Downloads       []download
}

// manifestOf takes the archives of a release for those that will be published.
func manifestOf(version string, archives map[Platform]asset, platforms []Platform) manifest {
	m := manifest{Repository: repository, Version: version, Number: strings.TrimPrefix(version, "v")}
	for _, p := range platforms {
		m.Downloads = append(m.Downloads, download{p, repository + "/releases/download/" + version + "/" + archives[p].name, archives[p].sha256, p.binary()})
	}
	return m
}

// krew is what krew installs chaosctl by, as a plugin of kubectl: https://krew.sigs.k8s.io/docs/developer-guide/plugin-manifest/
func (m manifest) krew() ([]byte, error) { return m.fill("krew", krewText) }

// homebrew is the formula of Homebrew, which runs on macOS and Linux.
func (m manifest) homebrew() ([]byte, error) { return m.fill("homebrew", homebrewText) }

func (m manifest) fill(name, text string) ([]byte, error) {
	t, err := template.New(name).Parse(text)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = t.Execute(&out, m)
	return out.Bytes(), err
}

// For is the archives for an operating system.
func (m manifest) For(system string) (all []download) {
	for _, d := range m.Downloads {
		if d.OS == system {
			all = append(all, d)
		}
	}
	return all
}
