package faults

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// process is one in a pod, as the machine on which all nodes are shows it.
type process struct{ pod, directory string }

// processes are those in the pods of the stage.
func (s *stage) processes() ([]process, error) {
	all, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return nil, err
	}
	var found []process
	for _, directory := range all {
		groups, err := os.ReadFile(filepath.Join(directory, "cgroup"))
		if err != nil {
			continue // it has ended meanwhile
		}
		for i := range s.pods {
			if strings.Contains(string(groups), string(s.pods[i].UID)) {
				found = append(found, process{s.pods[i].Name, directory})
			}
		}
	}
	return found, nil
}

func (p process) read(file string) (string, error) {
	text, err := os.ReadFile(filepath.Join(p.directory, file))
	if errors.Is(err, fs.ErrNotExist) {
		return "", errors.New("it has ended")
	}
	return string(text), err
}

// received is how many packets have come to the pod since it began.
func (p process) received() (int, error) {
	text, err := p.read("net/dev")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(text) {
		if device, figures, ok := strings.Cut(strings.TrimSpace(line), ":"); ok && device == "eth0" {
			return strconv.Atoi(strings.Fields(figures)[1])
		}
	}
	return 0, errors.New("the pod has no network")
}
