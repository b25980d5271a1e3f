package cli

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/chaosctl/chaosctl/experiments"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/report"
)

// selection says which experiments a command is about, and what of them flags replace.
type selection struct {
	files  []string
	target string
	url    string
	rate   string
	seed   string
	// set holds PATH=VALUE for fields of the spec that get other values, after all other flags.
	set []string
	// gameDays says that files may hold game days, which stand for their experiments.
	gameDays bool
}

func (s *selection) register(flags *pflag.FlagSet) {
	flags.StringArrayVarP(&s.files, "file", "f", nil, "A `FILE` of experiments, a directory of such files, or - for standard input; may be repeated")
	flags.StringVar(&s.target, "target", "", "The workload under test as `KIND/NAME`, in place of the experiment's")
	flags.StringVar(&s.url, "url", "", "The `URL` to put load on, in place of the experiment's service")
	flags.StringVar(&s.rate, "rate", "", "The `RATE` of the load, such as 200/s, in place of the experiment's")
	flags.StringVar(&s.seed, "seed", "", "The `SEED` of all random choices, in place of the experiment's")
	flags.StringArrayVar(&s.set, "set", nil, "A `PATH=VALUE` of the experiment's spec: duration=30s, faults.NAME.podKill.count=2, expect.recovery.within=1m; may be repeated")
}

// directory says whether a whole directory of files was named.
func (s *selection) directory() bool {
	return slices.ContainsFunc(s.files, func(name string) bool {
		info, err := os.Stat(name)
		return err == nil && info.IsDir()
	})
}

// chosen is an experiment and where it came from.
type chosen struct {
	*experiment.Experiment
	Source string
	// day is the game day of which it is one; nil for others. awaits is the go that it waits for there; nil where it waits for none.
	// approved is that go in words.
	day      *experiment.GameDay
	awaits   *awaited
	approved string
}

// load reads all files and built-in experiments that were named, and applies the flags to each.
func (s *selection) load(a *app, builtins []string) ([]chosen, error) {
	if len(s.files) == 0 && len(builtins) == 0 {
		return nil, usage(fmt.Errorf("no experiment is named: give a file (-f) or the name of a built-in one (chaosctl list experiments)"))
	}
	var all []chosen
	for _, name := range builtins {
		e, err := builtin(name)
		if err != nil {
			return nil, err
		}
		all = append(all, chosen{Experiment: e, Source: "builtin:" + name})
	}
	documents, err := s.documents(a)
	if err != nil {
		return nil, err
	}
	var days []experiment.Document
	for _, d := range documents {
		switch {
		case d.Experiment != nil:
			all = append(all, chosen{Experiment: d.Experiment, Source: d.File})
		case !s.gameDays:
			return nil, usage(fmt.Errorf("%s holds a GameDay: run it by chaosctl serve -f", d.File))
		case s.target+s.url+s.rate+s.seed+strings.Join(s.set, "") != "":
			return nil, usage(fmt.Errorf("%s holds a GameDay, whose experiments are run as they are: leave out --target, --url, --rate, --seed and --set", d.File))
		default:
			days = append(days, d)
		}
	}
	for _, c := range all {
		if err := s.override(a, c.Experiment); err != nil {
			return nil, err
		}
		if len(s.set) > 0 {
			if err := set(c.Source, c.Experiment, s.set); err != nil {
				return nil, err
			}
		}
		if err := experiment.Validate(c.Experiment); err != nil {
			return nil, fmt.Errorf("%s, with the flags given: %w", c.Source, err)
		}
	}
	for _, d := range days {
		members, err := a.members(d)
		if err != nil {
			return nil, err
		}
		all = append(all, members...)
	}
	return all, nil
}

// documents reads the files in the order in which they were named.
func (s *selection) documents(a *app) ([]experiment.Document, error) {
	var all []experiment.Document
	for _, name := range s.files {
		paths, err := expand(name)
		if err != nil {
			return nil, err
		}
		for _, path := range paths {
			var file *experiment.File
			if path == "-" {
				file, err = loader().Load("stdin", a.In)
			} else {
				file, err = loader().LoadFile(path)
			}
			if err != nil {
				return nil, err
			}
			all = append(all, file.Documents...)
		}
	}
	return all, nil
}

// expand lists the YAML files of a directory, in order; anything else stands for itself.
func expand(name string) ([]string, error) {
	if name == "-" {
		return []string{name}, nil
	}
	if info, err := os.Stat(name); err != nil || !info.IsDir() {
		return []string{name}, err
	}
	found, err := yamlFiles(name)
	if err == nil && len(found) == 0 {
		err = usage(fmt.Errorf("%s holds no .yaml file", name))
	}
	return found, err
}

// yamlFiles lists the YAML files of a directory and of those in it, in order.
//
// Names that begin with a dot are passed over: editors keep their own files under such, and where a ConfigMap is mounted,
// each file is there a second time, in a folder named ..2026_01_02_… that `..data` points to.
func yamlFiles(dir string) ([]string, error) {
	var found []string
	// With a separator at its end, a link to a directory is followed.
	root := dir + string(filepath.Separator)
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case path != root && strings.HasPrefix(entry.Name(), "."):
			if entry.IsDir() {
				return fs.SkipDir
			}
		case !entry.IsDir() && slices.Contains([]string{".yaml", ".yml"}, filepath.Ext(path)):
			found = append(found, path)
		}
		return nil
	})
	return found, err
}

// builtin reads an experiment of the library.
func builtin(name string) (*experiment.Experiment, error) {
	path, ok := experiments.Path(name)
	if !ok {
		return nil, &ExitError{Code: report.ExitInvalid, Err: fmt.Errorf("there is no built-in experiment %q", name), Hint: "chaosctl list experiments names them: " + strings.Join(experiments.Names(), ", ")}
	}
	file, err := experiments.Files.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	loaded, err := loader().Load("builtin:"+name, file)
	if err != nil {
		return nil, err
	}
	return loaded.Experiment()
}

// override puts the flags in place of what the experiment says.
func (s *selection) override(a *app, e *experiment.Experiment) error {
	if s.target != "" {
		e.Spec.Target.Workload, e.Spec.Target.Selector = s.target, nil
	}
	if named := a.kube.namespace(); named != "" {
		e.Spec.Target.Namespace = named
	}
	for i := range e.Spec.Load {
		l := &e.Spec.Load[i]
		switch {
		case s.url != "" && l.HTTP != nil:
			l.HTTP.URL, l.HTTP.Service, l.HTTP.Port, l.HTTP.Path = s.url, "", "", ""
		case s.url != "":
			return usage(fmt.Errorf("--url: load %s is not by HTTP: name its address by --set load.%s.KIND.address=HOST:PORT", l.Name, l.Name))
		case s.target != "":
			// Another workload has another Service; the one that selects its pods is found in the cluster.
			l.Elsewhere()
		}
		if s.rate != "" {
			if err := l.Rate.UnmarshalText([]byte(s.rate)); err != nil {
				return usage(fmt.Errorf("--rate: %w", err))
			}
			l.Profile = nil
		}
	}
	if s.seed != "" {
		seed, err := strconv.ParseInt(s.seed, 10, 64)
		if err != nil {
			return usage(fmt.Errorf("--seed: %q is not a whole number", s.seed))
		}
		e.Spec.Seed = &seed
	}
	return nil
}
