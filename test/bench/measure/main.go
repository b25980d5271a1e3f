// Command measure runs a program to its end and prints what it took, as JSON.
//
// It is a process of its own because the kernel counts the memory of a program's parent, at the time of its start, among
// the program's peak: the parent has to be small.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// Figures are what a program took.
type Figures struct {
	Seconds float64
	// Processor is its time on processors, in seconds.
	Processor float64
	// KiB is its peak of resident memory.
	KiB int64
}

func main() {
	command := exec.Command(os.Args[1], os.Args[2:]...) //nolint:gosec,noctx // that is what it is for
	command.Stderr = os.Stderr
	start := time.Now()
	err := command.Run()
	figures := Figures{Seconds: time.Since(start).Seconds()}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	figures.Processor = (command.ProcessState.UserTime() + command.ProcessState.SystemTime()).Seconds()
	if usage, ok := command.ProcessState.SysUsage().(*syscall.Rusage); ok {
		figures.KiB = usage.Maxrss
	}
	if err := json.NewEncoder(os.Stdout).Encode(figures); err != nil {
		os.Exit(1)
	}
}
