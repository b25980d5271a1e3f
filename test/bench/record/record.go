// Package record keeps what benchmarks measure, every single value, with what is needed to judge it: versions, the machine,
// and how busy it was.
package record

import (
	"encoding/csv"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Value is one that was measured.
type Value struct {
	// Round counts from 1; in each of them the subjects take turns, forth and back, and Place is the turn.
	Round, Place int
	Subject      string
	// Metric carries its unit, as in "p99-ms".
	Metric string
	Value  float64
}

// File takes the values of one benchmark. It is for one goroutine.
type File struct {
	file *os.File
	rows *csv.Writer
}

// columns are those of a file, in the order of the fields of [Value].
var columns = []string{"round", "place", "subject", "metric", "value"}

// Create begins a file anew, with the versions of what is compared.
func Create(dir, name string, versions map[string]string) (*File, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	file, err := os.Create(filepath.Join(dir, name+".csv"))
	if err != nil {
		return nil, err
	}
	facts := machine()
	for _, subject := range slices.Sorted(maps.Keys(versions)) {
		facts = append(facts, subject+": "+strings.TrimSpace(versions[subject]))
	}
	for _, fact := range facts {
		if _, err := fmt.Fprintln(file, "# "+fact); err != nil {
			return nil, err
		}
	}
	f := &File{file, csv.NewWriter(file)}
	return f, f.rows.Write(columns)
}

// Add keeps one value.
func (f *File) Add(v Value) error {
	return f.rows.Write([]string{strconv.Itoa(v.Round), strconv.Itoa(v.Place), v.Subject, v.Metric, strconv.FormatFloat(v.Value, 'g', 6, 64)})
}

// Close writes what is left.
func (f *File) Close() error {
	f.rows.Flush()
	return errors.Join(f.rows.Error(), f.file.Close())
}

// busy is how a file says that something else ran on the machine.
const busy = "beside other load"

// machine describes where and when this runs.
func machine() []string {
	facts := []string{"date: " + time.Now().UTC().Format("2006-01-02 15:04 MST"), fmt.Sprintf("go: %s, %d processors", runtime.Version(), runtime.NumCPU())}
	var name syscall.Utsname
	if syscall.Uname(&name) == nil {
		facts = append(facts, "kernel: "+text(name.Sysname[:])+" "+text(name.Release[:])+" "+text(name.Machine[:]))
	}
	if out, err := exec.Command("git", "describe", "--always", "--dirty").Output(); err == nil { //nolint:noctx // it ends at once
		facts = append(facts, "commit: "+strings.TrimSpace(string(out)))
	}
	nice, _ := syscall.Getpriority(syscall.PRIO_PROCESS, 0) // the kernel's answer is 20 less the niceness
	loadavg, _ := os.ReadFile("/proc/loadavg")
	average, _, _ := strings.Cut(string(loadavg), " ")
	load, _ := strconv.ParseFloat(average, 64)
	state := "quiet"
	if nice < 20 || load > float64(runtime.NumCPU())/2 {
		state = busy
	}
	return append(facts, fmt.Sprintf("machine: %s (load average %s, nice %d)", state, average, 20-nice))
}

func text(field []int8) string {
	var b strings.Builder
	for _, c := range field {
		if c == 0 {
			break
		}
		b.WriteByte(byte(c))
	}
	return b.String()
}
