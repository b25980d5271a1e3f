package history

import (
	"time"
)

// Keep says which runs are kept. A run is kept if any of Since and Last says so; where neither is set, all are.
type Keep struct {
	// Since keeps the runs that started then, or later; zero keeps none for that.
	Since time.Time
	// Last keeps the newest so many of each experiment on each workload; 0 keeps none for that.
	Last int
	// GameDay, where it is not "", keeps all runs that are not of that game day.
	GameDay string
}

// Spare gives the runs that need not be kept, in their order, which is that of all: the newest last.
func (k Keep) Spare(all []Run) []Run {
	if k.Since.IsZero() && k.Last <= 0 {
		return nil
	}
	type key struct{ experiment, target string }
	newer := map[key]int{}
	spare := make([]bool, len(all))
	for i := len(all) - 1; i >= 0; i-- {
		r := &all[i]
		if k.GameDay != "" && r.GameDay != k.GameDay {
			continue
		}
		of := key{r.Experiment, r.Target}
		newer[of]++
		spare[i] = newer[of] > k.Last && (k.Since.IsZero() || r.StartedAt.Before(k.Since))
	}
	var runs []Run
	for i, r := range all {
		if spare[i] {
			runs = append(runs, r)
		}
	}
	return runs
}
