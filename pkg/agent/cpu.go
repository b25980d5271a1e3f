package agent

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"time"
)

// CPU keeps processors busy.
type CPU struct {
	// Workers is on how many at once.
	Workers int
	// Load is the share of its time that a worker is busy, in percent.
	Load float64
}

// slice is the time in which a worker is busy and idle once: short enough for what limits processor time by periods of
// 100 ms, as cgroups do.
const slice = 100 * time.Millisecond

// Run returns how much processor time it has taken.
func (c CPU) Run(ctx context.Context, started func()) (string, error) {
	// Where the pod has a limit, Go would run no more workers at once than that; competing for it is what this is for.
	runtime.GOMAXPROCS(c.Workers + 1)
	busy := time.Duration(float64(slice) * c.Load / 100)
	began := time.Now()
	var all sync.WaitGroup
	for range c.Workers {
		all.Go(func() { work(ctx, busy) })
	}
	started()
	all.Wait()
	used, err := processorTime()
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%.1f s of processor time in %.1f s, by %d workers", used.Seconds(), time.Since(began).Seconds(), c.Workers), nil
}

func work(ctx context.Context, busy time.Duration) {
	tick := time.NewTicker(slice)
	defer tick.Stop()
	for ctx.Err() == nil {
		for began := time.Now(); time.Since(began) < busy && ctx.Err() == nil; {
		}
		if busy < slice {
			select {
			case <-ctx.Done():
			case <-tick.C:
			}
		}
	}
}
