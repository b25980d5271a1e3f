package agent

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
)

// Memory holds memory.
type Memory struct{ Bytes int64 }

// chunk is how much is taken at once: little enough for a limit to be met at it rather than far beyond.
const chunk = 1 << 20

// Run returns when ctx ends. Where the memory is not to be had, the kernel ends the process, and the status of the container
// says so.
func (m Memory) Run(ctx context.Context, started func()) (string, error) {
	debug.SetGCPercent(-1) // what is held is never garbage
	page := os.Getpagesize()
	var held [][]byte
	for left := m.Bytes; left > 0 && ctx.Err() == nil; left -= chunk {
		block := make([]byte, min(left, chunk))
		for i := 0; i < len(block); i += page {
			block[i] = 1 // untouched, it would take no memory
		}
		held = append(held, block)
	}
	if ctx.Err() == nil {
		started()
		<-ctx.Done()
	}
	did := fmt.Sprintf("held %d MiB", len(held)*chunk>>20)
	runtime.KeepAlive(held)
	return did, nil
}
