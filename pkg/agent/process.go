package agent

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// Processes says which processes of the namespace are meant: those of the pod's containers that are named, and so never those of
// an agent. See proc(5), cgroups(7).
type Processes struct {
	// Containers are ids of containers, without the runtime's prefix. Their processes are told by their cgroup.
	Containers []string
	// Name is that of a program, as its process calls itself (comm, of 15 bytes at the most) or was called. Empty means all.
	Name string
	// Main says what of the main process of a container, which is the first.
	Main Main
}

// Main says whether the main processes of containers are meant.
type Main string

// What of the main processes.
const (
	WithMain    Main = "with"    // they as others
	WithoutMain Main = "without" // only others
	OnlyMain    Main = "only"    // no others
)

// nameLimit is how much of its name a process keeps in comm.
const nameLimit = 15

// process is one, told by its id and start from one that has its id later.
type process struct {
	id, parent int
	// began is when it started, in ticks of the kernel's clock.
	began uint64
	// state is a letter: T is stopped, Z has ended.
	state byte
	name  string
}

func (p process) String() string { return fmt.Sprintf("%s (process %d)", p.name, p.id) }

// list finds those that are meant and have not ended, by their ids. None is no error.
func (s Processes) list() ([]process, error) {
	directories, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return nil, err
	}
	var all []process
	mains := map[string]process{} // by container
	for _, directory := range directories {
		id, err := strconv.Atoi(path.Base(directory))
		if err != nil {
			continue
		}
		container := s.container(directory)
		p, err := readProcess(id)
		if container == "" || err != nil || p.ended() {
			continue
		}
		// Those that were started in a container from outside have no parent that is seen from here, the main one too.
		if main, ok := mains[container]; p.parent == 0 && (!ok || p.began < main.began) {
			mains[container] = p
		}
		all = append(all, p)
	}
	all = slices.DeleteFunc(all, func(p process) bool {
		isMain := p.id == 1
		for _, main := range mains {
			isMain = isMain || main == p
		}
		return s.Main == WithoutMain && isMain || s.Main == OnlyMain && !isMain || !p.called(s.Name)
	})
	slices.SortFunc(all, func(a, b process) int { return a.id - b.id })
	return all, nil
}

// container is the one of those meant to which a process belongs.
func (s Processes) container(directory string) string {
	groups, err := os.ReadFile(filepath.Join(directory, "cgroup"))
	if err != nil {
		return "" // it has ended meanwhile
	}
	for _, id := range s.Containers {
		if id != "" && strings.Contains(string(groups), id) {
			return id
		}
	}
	return ""
}

// called says that the process has the name.
func (p process) called(name string) bool {
	if name == "" || p.name == name || len(name) > nameLimit && p.name == name[:nameLimit] {
		return true
	}
	command, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", p.id))
	if err != nil {
		return false
	}
	first, _, _ := strings.Cut(string(command), "\x00")
	return path.Base(first) == name
}

// readProcess reads what there is under an id; the error is [os.ErrNotExist] where there is nothing.
func readProcess(id int) (process, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", id))
	if errors.Is(err, syscall.ESRCH) {
		err = os.ErrNotExist // it ended while it was read
	}
	if err != nil {
		return process{}, err
	}
	// The name may hold anything, parentheses too.
	before, after, ok := cutLast(string(text), ")")
	_, name, found := strings.Cut(before, "(")
	fields := strings.Fields(after)
	if !ok || !found || len(fields) < 20 {
		return process{}, fmt.Errorf("/proc/%d/stat is not as proc(5) says", id)
	}
	p := process{id: id, state: fields[0][0], name: name}
	var parentErr, beganErr error
	p.parent, parentErr = strconv.Atoi(fields[1])
	p.began, beganErr = strconv.ParseUint(fields[19], 10, 64)
	return p, errors.Join(parentErr, beganErr)
}

func cutLast(s, separator string) (before, after string, found bool) {
	if i := strings.LastIndex(s, separator); i >= 0 {
		return s[:i], s[i+len(separator):], true
	}
	return s, "", false
}

// now reads what has become of the process; one that is gone, or another under its id, has ended.
func (p process) now() (process, error) {
	now, err := readProcess(p.id)
	if errors.Is(err, os.ErrNotExist) || err == nil && now.began != p.began {
		p.state = 'X'
		return p, nil
	}
	return now, err
}

// ended says that it runs no more, whether its parent has been told or not.
func (p process) ended() bool { return p.state == 'Z' || p.state == 'X' || p.state == 'x' }

// stopped says that a signal has stopped it, or a tracer holds it.
func (p process) stopped() bool { return p.state == 'T' || p.state == 't' }

// signal sends it one. The id is held while its start is compared, so that no other process can get it.
func (p process) signal(s os.Signal) error {
	held, err := os.FindProcess(p.id)
	if err != nil {
		return err
	}
	defer func() { _ = held.Release() }()
	now, err := p.now()
	if err != nil {
		return err
	}
	if now.ended() {
		return os.ErrProcessDone
	}
	return held.Signal(s)
}

// dispositions are what a process makes of its signals.
type dispositions struct{ caught, ignored, pending uint64 }

func (p process) dispositions() (d dispositions, err error) {
	file, err := os.Open(fmt.Sprintf("/proc/%d/status", p.id))
	if err != nil {
		return d, err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		field, value, _ := strings.Cut(lines.Text(), ":")
		var into *uint64
		switch field {
		case "SigCgt":
			into = &d.caught
		case "SigIgn":
			into = &d.ignored
		case "SigPnd", "ShdPnd":
			into = &d.pending
		default:
			continue
		}
		mask, err := strconv.ParseUint(strings.TrimSpace(value), 16, 64)
		if err != nil {
			return d, fmt.Errorf("/proc/%d/status: %w", p.id, err)
		}
		*into |= mask
	}
	return d, lines.Err()
}

// has says that a mask holds a signal.
func has(mask uint64, s syscall.Signal) bool { return mask&(1<<(uint(s)-1)) != 0 }
