package report

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/load"
	"github.com/chaosctl/chaosctl/pkg/timeline"
	"github.com/chaosctl/chaosctl/pkg/verdict"
)

// requests is the fold over the samples of a run.
type requests struct {
	tally *load.Tally
	// first is the end of the first success of each pod, where answers name their pods; named says whether they do.
	first map[string]event.Instant
	named bool
	// successes holds the first success that began in each tenth of a second, for recoveries without named pods.
	successes map[int64]event.Instant
}

func readRequests(dir string, r *record) (*requests, error) {
	var windows []load.Window
	for name, span := range r.windows() {
		windows = append(windows, load.Window{Name: string(name), Start: span.Start, End: span.End})
	}
	q := &requests{tally: load.NewTally(r.loadStreams(), windows...), first: map[string]event.Instant{}, successes: map[int64]event.Instant{}}
	path := filepath.Join(dir, SamplesFile)
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return q, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if err := load.ReadSamples(file, q.add); err != nil {
		// A run that was killed leaves a torn tail; what stands before it is sound.
		r.notes = append(r.notes, Note{At: r.end, Level: "warning", Message: fmt.Sprintf("the samples are not whole: %v", err)})
	}
	return q, nil
}

func (q *requests) add(s load.Sample) error {
	q.tally.Add(s)
	if !s.OK() {
		return nil
	}
	if s.Pod != "" {
		q.named = true
		if at, known := q.first[s.Pod]; !known || s.End < at {
			q.first[s.Pod] = s.End
		}
	}
	tenth := int64(s.Start / event.Instant(100*time.Millisecond))
	if at, known := q.successes[tenth]; !known || s.Start < at {
		q.successes[tenth] = s.Start
	}
	return nil
}

// complete adds what only requests can tell to each recovery: the first answer of the replacement, and the instant from
// which the load was steady again. Without any load a recovery ends where the replacement is published.
func (q *requests) complete(recoveries []timeline.Recovery, r *record) {
	for i := range recoveries {
		rec := &recoveries[i]
		switch {
		case rec.Replacement == nil || !rec.Reached[timeline.BecameReady]:
			continue
		case len(r.streams) == 0:
			rec.Reach(timeline.Stable, rec.At[rec.Last()])
			continue
		}
		served, ok := q.firstServed(rec)
		if !ok {
			continue
		}
		rec.Reach(timeline.Served, served)
		if stable, ok := q.steadyFrom(rec.At[timeline.Served], r); ok {
			rec.Reach(timeline.Stable, stable)
		}
	}
}

func (q *requests) firstServed(rec *timeline.Recovery) (event.Instant, bool) {
	if q.named {
		at, ok := q.first[rec.Replacement.Name]
		return at, ok
	}
	// Nobody says who answered: the first success after the replacement could have been reached stands for it.
	rec.Inferred = true
	from := rec.At[rec.Last()]
	var earliest event.Instant
	found := false
	for _, at := range q.successes {
		if at >= from && (!found || at < earliest) {
			earliest, found = at, true
		}
	}
	return earliest, found
}

// steadyFrom is the start of the first window after an instant in which the first load of the experiment stays within
// what is expected of it for as long as recovery.stableFor says.
func (q *requests) steadyFrom(from event.Instant, r *record) (event.Instant, bool) {
	name := r.streams[0].Name
	width, buckets := q.tally.Pool(name).Buckets()
	stable := r.experiment.Spec.Recovery.StableFor.Std()
	bound := r.steadyBound(name)
	next := event.Instant(0)
	for candidate := from; ; candidate = next {
		until := candidate.Add(stable)
		if until > r.end {
			return 0, false
		}
		var total, failed uint64
		next = 0
		for _, b := range buckets {
			start, end := b.Start, b.Start.Add(width)
			if end <= candidate || start >= until {
				continue
			}
			total += b.Requests
			failed += b.Failures
			if b.Failures > 0 && next == 0 {
				next = end
			}
		}
		if total > 0 && failed <= verdict.AllowedFailures(bound, total) {
			return candidate, true
		}
		if next <= candidate {
			return 0, false
		}
	}
}

// steadyBound is the share of successes that the experiment expects of a load; all of them where it says nothing.
func (r *record) steadyBound(name string) experiment.Percent {
	for _, e := range r.experiment.Spec.Expect {
		if b, ok := e.Params.(verdict.SteadyBound); ok {
			if of, atLeast := b.SteadyAvailability(); of == name {
				return atLeast
			}
		}
	}
	return 1
}
