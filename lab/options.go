package lab

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/chaosctl/chaosctl/lab/internal/advice"
	"github.com/chaosctl/chaosctl/lab/internal/subnet"
)

// Profile says how quickly a lab reacts, and what it consists of.
type Profile string

const (
	// Fast is for tests: a lost node is noticed after 12 seconds and its pods move 5 seconds later.
	Fast Profile = "fast"
	// Realistic keeps the defaults of Kubernetes, which take minutes.
	Realistic Profile = "realistic"
	// ControlPlane has no nodes: an API server that schedules and controls, and runs nothing.
	ControlPlane Profile = "control-plane"
)

// Addons that a lab can have.
const (
	Metrics = "metrics" // metrics-server, for autoscaling and `kubectl top`
	DNS     = "dns"     // CoreDNS, for names inside the cluster
)

const (
	// DefaultName is the name of a lab that was given none.
	DefaultName = "lab"
	// DefaultStateRoot is the folder that each lab has a folder in.
	DefaultStateRoot = "/var/lib/chaosctl-lab"

	defaultNodes = 3
	defaultZones = 2
)

// Options says what lab to make. The zero value is a lab named "lab" with three nodes in two zones.
type Options struct {
	// Name tells labs on one machine apart: a letter, then up to 31 letters, digits and dashes.
	Name string
	// Nodes is how many nodes it has, up to 16; 0 means 3.
	Nodes int
	// Zones is how many zones the nodes are spread over, by turns; 0 means 2.
	Zones int
	// Profile is Fast unless it is given.
	Profile Profile
	// Addons are Metrics and DNS.
	Addons []string

	// StateRoot is where the lab keeps its files, in a folder of its name; DefaultStateRoot if empty.
	StateRoot string
	// Components is the folder with the sources of what the lab runs; found from the working
	// directory or the executable if empty.
	Components string
	// Cache is where what was built is kept; chaosctl-lab in the user's cache if empty.
	Cache string
	// Keep leaves a lab that could not be started as it is, to be looked at.
	Keep bool
	// Reuse lets Start and Shared use a lab of that name that runs already, and leave it running.
	Reuse bool
	// Log takes progress, a line at a time; nil drops it.
	Log func(format string, args ...any)
}

var validName = regexp.MustCompile(`^[a-z]([a-z0-9-]{0,30}[a-z0-9])?$`)

func checkName(name string) error {
	if !validName.MatchString(name) {
		return advice.New("use a letter, then up to 31 lower-case letters, digits and dashes", "%q is no name for a lab", name)
	}
	return nil
}

// complete fills in defaults and refuses what cannot be.
func (o Options) complete() (Options, error) {
	if o.Name == "" {
		o.Name = DefaultName
	}
	if err := checkName(o.Name); err != nil {
		return o, err
	}
	if o.Profile == "" {
		o.Profile = Fast
	}
	if !slices.Contains([]Profile{Fast, Realistic, ControlPlane}, o.Profile) {
		return o, advice.New("choose fast, realistic or control-plane", "there is no profile %q", o.Profile)
	}
	if err := o.completeNodes(); err != nil {
		return o, err
	}
	if err := o.completeAddons(); err != nil {
		return o, err
	}
	if o.StateRoot == "" {
		o.StateRoot = DefaultStateRoot
	}
	root, err := filepath.Abs(o.StateRoot)
	if err != nil {
		return o, err
	}
	if root == "/run" || strings.HasPrefix(root, "/run/") || strings.HasPrefix(root, "/var/run/") {
		return o, advice.New("choose a folder on a disk", "the state of a lab cannot lie below /run, which each node has its own of")
	}
	o.StateRoot = root
	if o.Log == nil {
		o.Log = func(string, ...any) {}
	}
	return o, nil
}

func (o *Options) completeNodes() error {
	if o.Profile == ControlPlane {
		o.Nodes, o.Zones = 0, 0
		return nil
	}
	if o.Nodes == 0 {
		o.Nodes = defaultNodes
	}
	if o.Nodes < 1 || o.Nodes > subnet.MaxNodes {
		return advice.New("use --nodes 1 to 16, or --profile control-plane for none", "a lab cannot have %d nodes", o.Nodes)
	}
	if o.Zones == 0 {
		o.Zones = min(defaultZones, o.Nodes)
	}
	if o.Zones < 1 || o.Zones > o.Nodes {
		return advice.New("use as many zones as nodes, or fewer", "%d nodes cannot be spread over %d zones", o.Nodes, o.Zones)
	}
	return nil
}

func (o *Options) completeAddons() error {
	for _, addon := range o.Addons {
		if addon != Metrics && addon != DNS {
			return advice.New("choose from metrics and dns", "there is no addon %q", addon)
		}
		if o.Profile == ControlPlane {
			return advice.New("leave out --addons or choose another profile", "addon %s runs as pods, and profile control-plane has no nodes for them", addon)
		}
	}
	addons := slices.Clone(o.Addons)
	slices.Sort(addons)
	o.Addons = slices.Compact(addons)
	return nil
}
