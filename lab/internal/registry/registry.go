//go:build unix

// Package registry is the durable memory of which labs there are on this machine.
//
// A lab is written down here before anything else of it is made, so that whatever happens to the
// process that makes it, another can find what it made and take it away. The registry lies under
// /run, for nothing of a lab but its files survives a reboot.
package registry

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"github.com/chaosctl/chaosctl/lab/internal/advice"
	"github.com/chaosctl/chaosctl/lab/internal/subnet"
)

// DefaultDir is where the machine's labs are registered.
const DefaultDir = "/run/chaosctl-lab"

// ErrNotFound means that no lab of that name is registered.
var ErrNotFound = errors.New("no such lab")

// Phase is how far a lab has come.
type Phase string

// The phases of a lab. One that is Creating while nobody holds its lock was left half made.
const (
	Creating Phase = "creating"
	Running  Phase = "running"
	Removing Phase = "removing"
)

// Node is what is known of a node beside what its name and place in the list say.
type Node struct {
	Name    string `json:"name"`
	Zone    string `json:"zone"`
	Stopped bool   `json:"stopped,omitempty"`
	Cut     bool   `json:"cut,omitempty"`
}

// Record is one lab.
type Record struct {
	Name     string    `json:"name"`
	Slot     int       `json:"slot"`
	StateDir string    `json:"stateDir"`
	Phase    Phase     `json:"phase"`
	Profile  string    `json:"profile"`
	Nodes    []Node    `json:"nodes"`
	Addons   []string  `json:"addons,omitempty"`
	Created  time.Time `json:"created"`
	// Programs maps each component to the folder that its programs were built into.
	Programs map[string]string `json:"programs"`
	// Stopped lists control-plane components that were stopped on purpose.
	Stopped []string `json:"stopped,omitempty"`
}

// Registry is a folder of records and locks.
type Registry struct{ dir string }

// Open returns the registry in dir, which is made when it is first needed.
func Open(dir string) *Registry { return &Registry{dir: dir} }

func (r *Registry) path(name string) string { return filepath.Join(r.dir, name+".json") }

// Load returns the record of a lab, or ErrNotFound.
func (r *Registry) Load(name string) (Record, error) {
	var record Record
	data, err := os.ReadFile(r.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return record, ErrNotFound
	}
	if err != nil {
		return record, err
	}
	if err := json.Unmarshal(data, &record); err != nil {
		return record, fmt.Errorf("read %s: %w", r.path(name), err)
	}
	return record, nil
}

// List returns all records by name.
func (r *Registry) List() ([]Record, error) {
	paths, err := filepath.Glob(filepath.Join(r.dir, "*.json"))
	if err != nil {
		return nil, err
	}
	sort.Strings(paths)
	var records []Record
	for _, path := range paths {
		record, err := r.Load(strings.TrimSuffix(filepath.Base(path), ".json"))
		if errors.Is(err, ErrNotFound) {
			continue // taken down meanwhile
		}
		if err != nil {
			return nil, err
		}
		records = append(records, record)
	}
	return records, nil
}

// Save writes a record so that a crash leaves either the old or the new one.
func (r *Registry) Save(record Record) error {
	data, err := json.MarshalIndent(record, "", "  ")
	if err != nil {
		return err
	}
	temp, err := os.CreateTemp(r.dir, "."+record.Name+"-*")
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name())
	if _, err := temp.Write(append(data, '\n')); err != nil {
		temp.Close()
		return err
	}
	if err := errors.Join(temp.Sync(), temp.Close()); err != nil {
		return err
	}
	return os.Rename(temp.Name(), r.path(record.Name))
}

// Reserve gives the record the first slot that no other lab has and for which taken returns false,
// and saves it. The caller holds the registry's lock.
func (r *Registry) Reserve(record Record, taken func(netip.Prefix) bool) (Record, error) {
	others, err := r.List()
	if err != nil {
		return record, err
	}
	used := map[int]bool{}
	for _, other := range others {
		used[other.Slot] = true
	}
	for slot := range subnet.Slots {
		if used[slot] || taken(subnet.For(slot).All()) {
			continue
		}
		record.Slot = slot
		return record, r.Save(record)
	}
	return record, advice.New("take one down with `lab down --name NAME` (`lab list` names them)",
		"all %d places for labs on this machine are taken", subnet.Slots)
}

// Forget removes a record and its lock, and the registry itself with its last record.
// The caller holds both the lab's lock and the registry's.
func (r *Registry) Forget(name string) error {
	for _, path := range []string{r.path(name), r.lockPath(name)} {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	stale, _ := filepath.Glob(filepath.Join(r.dir, "."+name+"-*"))
	for _, path := range stale {
		os.Remove(path) // a record that was being written when its writer was killed
	}
	entries, err := os.ReadDir(r.dir)
	if err == nil && len(entries) == 1 && entries[0].Name() == filepath.Base(r.lockPath("")) {
		os.Remove(r.lockPath(""))
		os.Remove(r.dir) // refused where somebody has just come in, who then keeps it
	}
	return nil
}
