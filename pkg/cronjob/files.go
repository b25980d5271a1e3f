package cronjob

import (
	"fmt"
	"path/filepath"
	"strconv"

	corev1 "k8s.io/api/core/v1"
)

// File is one that the pods need, at a path relative to the first one's directory.
type File struct{ Path, Text string }

// Files are the game day's own, and those that it names.
type Files []File

// volume is what a ConfigMap holds of them, whose keys cannot be paths, and where each of its keys goes.
func (f Files) volume() (data map[string]string, items []corev1.KeyToPath) {
	data = map[string]string{}
	for i, file := range f {
		key := "file-" + strconv.Itoa(i)
		data[key] = file.Text
		items = append(items, corev1.KeyToPath{Key: key, Path: file.Path})
	}
	return data, items
}

// mostBytes is what a ConfigMap can hold, less some room for its names.
const mostBytes = 1<<20 - 4096

// check refuses what a ConfigMap cannot hold.
func (f Files) check() error {
	total := 0
	for _, file := range f {
		if !filepath.IsLocal(file.Path) {
			return &Unfit{file.Path, "it is not below the folder of the game day, and a ConfigMap cannot hold it there", "move it beside the game day, or below"}
		}
		total += len(file.Text)
	}
	if total > mostBytes {
		return &Unfit{f[0].Path, fmt.Sprintf("with its experiments and calendars it has %d bytes, more than the %d that a ConfigMap can hold", total, mostBytes), "split the game day"}
	}
	return nil
}
