package report

import "slices"

// spread is how a phase, or the whole, of several recoveries is distributed, in seconds.
type spread struct {
	Name                     string
	Seen                     int // recoveries that reached its end
	Fastest, Median, Slowest float64
}

// distribution is that of the whole, and of each phase that more than one recovery has; nil for fewer than two. Of an even number
// the median is the lower one of the two in the middle: a figure that was measured. Lower bounds are left out.
func distribution(all []RecoveryResult) (spreads []spread) {
	if len(all) < 2 {
		return nil
	}
	var names []string
	values := map[string][]float64{}
	add := func(name string, seconds *float64) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
		if seconds != nil {
			values[name] = append(values[name], *seconds)
		}
	}
	for _, r := range all {
		total := r.Total
		if r.Censored {
			total = nil
		}
		add("total", total)
		for _, p := range r.Phases.list() {
			add(p.Name, p.Seconds)
		}
	}
	for _, name := range names {
		seen := values[name]
		if len(seen) < 2 {
			continue
		}
		slices.Sort(seen)
		spreads = append(spreads, spread{Name: name, Seen: len(seen), Fastest: seen[0], Median: seen[(len(seen)-1)/2], Slowest: seen[len(seen)-1]})
	}
	return spreads
}

// Spreads are how the recoveries are distributed over their victims.
func (p *page) Spreads() []spread { return distribution(p.Recoveries) }
