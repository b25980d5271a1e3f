//go:build linux

package lab

import (
	"context"
	"os"
	"path/filepath"
	"slices"

	"github.com/chaosctl/chaosctl/lab/internal/advice"
	"github.com/chaosctl/chaosctl/lab/internal/component"
	"github.com/chaosctl/chaosctl/lab/internal/host"
)

// spaceToBuild is what a first build may need in Go's cache and the lab's, in bytes.
const spaceToBuild = 6 << 30

// Prepare makes this machine ready for labs with these options: it installs packages that are
// missing, where it can, checks the machine and builds the components.
func Prepare(ctx context.Context, options Options) error {
	o, err := options.complete()
	if err != nil {
		return err
	}
	if err := host.Install(ctx, lines(o.Log)); err != nil {
		return err
	}
	if err := host.Check(); err != nil {
		return err
	}
	_, err = build(ctx, o)
	return err
}

// Check returns an error that says what this machine lacks for labs with these options, be it a
// component that is not built. It changes nothing.
func Check(ctx context.Context, options Options) error {
	o, err := options.complete()
	if err != nil {
		return err
	}
	if err := host.Check(); err != nil {
		return err
	}
	builder, err := newBuilder(o)
	if err != nil {
		return err
	}
	for _, c := range needed(o) {
		_, built, err := builder.Path(ctx, c)
		if err != nil {
			return err
		}
		if !built {
			return advice.New("`lab prepare` builds it, which takes some minutes the first time", "the lab's component %s is not built", c.Name)
		}
	}
	return nil
}

// lines passes what is written on to a log.
type lines func(format string, args ...any)

func (l lines) Write(data []byte) (int, error) {
	l("%s", trimNewline(data))
	return len(data), nil
}

func trimNewline(data []byte) []byte {
	if n := len(data); n > 0 && data[n-1] == '\n' {
		return data[:n-1]
	}
	return data
}

// build returns the folders of the programs that the lab needs, after building those missing.
func build(ctx context.Context, o Options) (map[string]string, error) {
	builder, err := newBuilder(o)
	if err != nil {
		return nil, err
	}
	programs := map[string]string{}
	var missing []component.Component
	for _, c := range needed(o) {
		dir, built, err := builder.Path(ctx, c)
		if err != nil {
			return nil, err
		}
		programs[c.Name] = dir
		if !built {
			missing = append(missing, c)
		}
	}
	if slices.ContainsFunc(missing, func(c component.Component) bool { return c.Name == component.Kubernetes.Name }) {
		if err := host.Room(builder.Cache, spaceToBuild, "building the lab's components", "--cache"); err != nil {
			return nil, err
		}
	}
	for _, c := range missing {
		if _, err := builder.Build(ctx, c); err != nil {
			return nil, err
		}
	}
	return programs, nil
}

func needed(o Options) []component.Component {
	list := []component.Component{component.Pause, component.Kubernetes}
	if o.Profile != ControlPlane {
		list = append(list, component.Containerd, component.CNI)
	}
	for _, addon := range o.Addons {
		list = append(list, addonList[addon].component)
	}
	return list
}

func newBuilder(o Options) (*component.Builder, error) {
	var starts []string
	if dir, err := os.Getwd(); err == nil {
		starts = append(starts, dir)
	}
	if executable, err := os.Executable(); err == nil {
		starts = append(starts, filepath.Dir(executable))
	}
	named := o.Components
	if named == "" {
		named = os.Getenv("CHAOSCTL_LAB_COMPONENTS")
	}
	sources, err := component.Find(named, starts...)
	if err != nil {
		return nil, err
	}
	cache := o.Cache
	if cache == "" {
		dir, err := os.UserCacheDir()
		if err != nil {
			return nil, err
		}
		cache = filepath.Join(dir, "chaosctl-lab")
	}
	return &component.Builder{Sources: sources, Cache: cache, Log: o.Log}, nil
}
