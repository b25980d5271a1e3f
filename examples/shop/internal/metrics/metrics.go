// Package metrics writes a handful of numbers in the Prometheus text format.
//
// The shop has few metrics and none with an unbounded label, so that it can do
// without a client library and stay a small static binary.
package metrics

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// Registry holds the metrics of one process. Its zero value is empty and
// ready; it is safe for concurrent use.
type Registry struct {
	mu       sync.Mutex
	families []*family
}

type family struct {
	name, help, kind string
	read             func() []sample
}

type sample struct {
	labels string
	value  float64
}

// Gauge publishes what read returns at the time of the scrape.
func (r *Registry) Gauge(name, help string, read func() float64) {
	r.add(&family{name: name, help: help, kind: "gauge", read: func() []sample {
		return []sample{{value: read()}}
	}})
}

// Counter publishes a count that starts at zero. With a label, there is one
// series per value of that label; without, Add takes the empty string.
func (r *Registry) Counter(name, help, label string) *Counter {
	c := &Counter{label: label, values: map[string]float64{}}
	if label == "" {
		c.values[""] = 0 // a count of nothing is still published
	}
	r.add(&family{name: name, help: help, kind: "counter", read: c.read})
	return c
}

func (r *Registry) add(f *family) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.families = append(r.families, f)
}

// ServeHTTP answers a scrape.
func (r *Registry) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	r.mu.Lock()
	families := slices.Clone(r.families)
	r.mu.Unlock()

	var text strings.Builder
	for _, f := range families {
		fmt.Fprintf(&text, "# HELP %s %s\n# TYPE %s %s\n", f.name, f.help, f.name, f.kind)
		for _, s := range f.read() {
			fmt.Fprintf(&text, "%s%s %g\n", f.name, s.labels, s.value)
		}
	}
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	_, _ = w.Write([]byte(text.String())) // the scraper went away: nothing to do
}

// Counter counts events.
type Counter struct {
	label  string
	mu     sync.Mutex
	values map[string]float64
}

// Add counts one event under a value of the counter's label.
func (c *Counter) Add(value string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.values[value]++
}

func (c *Counter) read() []sample {
	c.mu.Lock()
	defer c.mu.Unlock()
	samples := make([]sample, 0, len(c.values))
	for value, count := range c.values {
		labels := ""
		if c.label != "" {
			labels = fmt.Sprintf("{%s=%q}", c.label, value)
		}
		samples = append(samples, sample{labels, count})
	}
	slices.SortFunc(samples, func(a, b sample) int { return strings.Compare(a.labels, b.labels) })
	return samples
}
