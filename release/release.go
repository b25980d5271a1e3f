package release

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// Options say what to make.
type Options struct {
	// From is a checkout of chaosctl. What is made is its commit.
	From string
	// Version begins with a v.
	Version string
	// To is the folder that gets one for the version, in place of one that is there.
	To string
	// Platforms are those to build for, of which one at least is of Linux.
	Platforms []Platform
	// Log says what is being done; it must not be nil.
	Log func(format string, args ...any)
}

// Make makes a release, and returns the folder that holds it. If it fails, that folder is as it was before.
func Make(ctx context.Context, o Options) (folder string, err error) {
	if err := CheckVersion(o.Version); err != nil {
		return "", err
	}
	from, err := sourceOf(ctx, o.From, o.Version)
	if err != nil {
		return "", err
	}
	to, err := filepath.Abs(o.To)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(to, 0o755); err != nil {
		return "", err
	}
	temp, err := os.MkdirTemp(to, ".new-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(temp)
	if err := from.export(ctx, filepath.Join(temp, "source")); err != nil {
		return "", err
	}
	m := maker{Options: o, from: from, binaries: filepath.Join(temp, "binaries"), out: filepath.Join(temp, "release"), archives: map[Platform]asset{}}
	if err := m.make(ctx); err != nil {
		return "", err
	}
	folder = filepath.Join(to, o.Version)
	if err := os.RemoveAll(folder); err != nil {
		return "", err
	}
	return folder, os.Rename(m.out, folder)
}

// maker makes one release.
type maker struct {
	Options
	from *source
	// binaries has a folder for each platform, and out is what becomes the release.
	binaries, out string
	archives      map[Platform]asset
	assets        []asset
}

func (m *maker) make(ctx context.Context) error {
	if err := os.MkdirAll(m.out, 0o755); err != nil {
		return err
	}
	for _, p := range m.Platforms {
		m.Log("==> building for %s", p)
		if err := build(ctx, m.from, m.Version, p, m.binary(p)); err != nil {
			return err
		}
	}
	return m.pack(ctx)
}

// binary is where that for a platform is built.
func (m *maker) binary(p Platform) string {
	return filepath.Join(m.binaries, p.OS+"-"+p.Architecture, p.binary())
}

// pack makes everything of the binaries.
func (m *maker) pack(ctx context.Context) error {
	m.Log("==> packing")
	if err := m.packArchives(ctx); err != nil {
		return err
	}
	if err := m.packImage(ctx); err != nil {
		return err
	}
	installers := manifestOf(m.Version, m.archives, m.Platforms)
	krew, err := installers.krew()
	if err != nil {
		return err
	}
	formula, err := installers.homebrew()
	if err != nil {
		return err
	}
	// The names are those that krew's index and a tap of Homebrew have them by.
	if _, err := m.add("chaosctl.yaml", krew); err != nil {
		return err
	}
	if _, err := m.add("chaosctl.rb", formula); err != nil {
		return err
	}
	name := filepath.Join(m.out, "chaosctl_"+m.Version+"_checksums.txt")
	return os.WriteFile(name, []byte(checksums(m.assets)), 0o644)
}

func (m *maker) packArchives(ctx context.Context) error {
	lists, err := sbomsOf(ctx, m.from.dir)
	if err != nil {
		return err
	}
	var beside []member
	for _, name := range []string{"LICENSE", "README.md"} {
		text, err := m.from.file(ctx, name)
		if err != nil {
			return err
		}
		beside = append(beside, member{name, 0o644, text})
	}
	for _, p := range m.Platforms {
		program, err := os.ReadFile(m.binary(p))
		if err != nil {
			return err
		}
		packed, err := archive(p.archive(m.Version), m.from.at, append([]member{{p.binary(), 0o755, program}}, beside...))
		if err != nil {
			return fmt.Errorf("pack for %s: %w", p, err)
		}
		if m.archives[p], err = m.add(p.archive(m.Version), packed); err != nil {
			return err
		}
		list, err := lists.of(m.binary(p), p.sbom(m.Version), m.Version, m.from)
		if err != nil {
			return err
		}
		if _, err := m.add(p.sbom(m.Version), list); err != nil {
			return err
		}
	}
	return nil
}

func (m *maker) packImage(ctx context.Context) error {
	var binaries []string
	for _, p := range m.Platforms {
		if p.OS == "linux" {
			binaries = append(binaries, m.binary(p))
		}
	}
	name := "chaosctl_" + m.Version + "_image.tar"
	path := filepath.Join(m.out, name)
	if err := imageArchive(ctx, m.from, m.Version, path, binaries); err != nil {
		return err
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	m.assets = append(m.assets, asset{name, sum(content)})
	return nil
}

// add writes a file of the release.
func (m *maker) add(name string, content []byte) (asset, error) {
	a := asset{name, sum(content)}
	m.assets = append(m.assets, a)
	return a, os.WriteFile(filepath.Join(m.out, name), content, 0o644)
}
