package command

import (
	"os/exec"
	"path/filepath"
)

// Find is the program of that path or name with its arguments, by a path that means the same in every directory.
func Find(argv []string) ([]string, error) {
	path, err := exec.LookPath(argv[0])
	if err != nil {
		return nil, err
	}
	if path, err = filepath.Abs(path); err != nil {
		return nil, err
	}
	return append([]string{path}, argv[1:]...), nil
}
