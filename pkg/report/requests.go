package report

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sort"

	"github.com/chaosctl/chaosctl/pkg/attribution"
	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/load"
	"github.com/chaosctl/chaosctl/pkg/timeline"
	"github.com/chaosctl/chaosctl/pkg/verdict"
)

// requests is the fold over the samples of a run.
type requests struct {
	tally *load.Tally
	// balances are those that are expected, and shares those of each stream in each phase.
	balances []*balance
	shares   []streamShares
	// counted holds, by the number of a stream, who counts its requests.
	counted [][]*balance
	// failures is nil where they are not asked for.
	failures *attribution.Join
	// named says that answers name their pods.
	named bool
	// whole says that all samples were read.
	whole bool
	// first holds what is looked for, in the order of the recoveries.
	first []firstSuccess
	// byPod finds it by the name of the replacement, anyone in the order of its beginning.
	byPod  map[string][]*sighting
	anyone []*sighting
}

// firstSuccess is the first request that succeeded after a recovery: of the replacement, and of anyone.
type firstSuccess struct{ named, anyone sighting }

// sighting is the first success among the requests that began at an instant or later.
type sighting struct {
	after, at event.Instant
	seen      bool
}

func newRequests(tally *load.Tally, recoveries []timeline.Recovery) *requests {
	q := &requests{tally: tally, whole: true, first: make([]firstSuccess, len(recoveries)), byPod: map[string][]*sighting{}}
	for i := range recoveries {
		rec, first := &recoveries[i], &q.first[i]
		if rec.Replacement == nil {
			continue
		}
		// A pod of a StatefulSet has the name of its victim, which answered before the replacement was there; so has one that
		// was restarted in place.
		first.named.after = max(rec.At[timeline.Created], rec.At[timeline.Started])
		q.byPod[rec.Replacement.Name] = append(q.byPod[rec.Replacement.Name], &first.named)
		first.anyone.after = rec.At[rec.Last()]
		q.anyone = append(q.anyone, &first.anyone)
	}
	slices.SortFunc(q.anyone, func(a, b *sighting) int { return cmp.Compare(a.after, b.after) })
	return q
}

func readRequests(dir string, r *record, recoveries []timeline.Recovery) (*requests, error) {
	var windows []load.Window
	for name, span := range r.windows() {
		windows = append(windows, load.Window{Name: string(name), Start: span.Start, End: span.End})
	}
	q := newRequests(load.NewTally(r.loadStreams(), windows...), recoveries)
	q.balances, q.shares, q.failures = r.balances(), r.shares(), r.join()
	q.count()
	path := filepath.Join(dir, SamplesFile)
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		q.whole = len(r.streams) == 0
		return q, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if err := load.ReadSamples(file, q.add); err != nil {
		// A run that was killed leaves a torn tail; what stands before it is sound.
		q.whole = false
		r.notes = append(r.notes, Note{At: r.end, Level: "warning", Message: fmt.Sprintf("the samples are not whole: %v", err)})
	}
	return q, nil
}

func (q *requests) add(s load.Sample) error {
	q.tally.Add(s)
	if s.Stream >= 0 && s.Stream < len(q.counted) {
		for _, b := range q.counted[s.Stream] {
			b.add(s)
		}
	}
	if q.failures != nil {
		q.failures.Add(s)
	}
	if !s.OK() {
		return nil
	}
	if s.Pod != "" {
		q.named = true
		for _, f := range q.byPod[s.Pod] {
			if s.Start >= f.after && (!f.seen || s.End < f.at) {
				f.at, f.seen = s.End, true
			}
		}
	}
	// What is looked for from a later instant on is found no earlier: those that this request is the first for are
	// neighbours.
	i := sort.Search(len(q.anyone), func(i int) bool { return !q.anyone[i].seen || q.anyone[i].at > s.Start })
	for ; i < len(q.anyone) && q.anyone[i].after <= s.Start; i++ {
		q.anyone[i].at, q.anyone[i].seen = s.Start, true
	}
	return nil
}

// complete adds what only requests can tell to each recovery: the first answer of the replacement, and the instant from
// which the load was steady again. Without any load a recovery ends where the replacement is published.
func (q *requests) complete(recoveries []timeline.Recovery, r *record) {
	for i := range recoveries {
		rec := &recoveries[i]
		rec.Censored = rec.Censored || !q.whole
		switch {
		case rec.Replacement == nil || !rec.Reached[timeline.BecameReady]:
			continue
		case len(r.streams) == 0:
			rec.Reach(timeline.Stable, rec.At[rec.Last()])
			continue
		}
		served := q.first[i].named
		if !q.named {
			// Nobody says who answered: the first success after the replacement could have been reached stands for it.
			rec.Inferred = true
			served = q.first[i].anyone
		}
		if !served.seen {
			rec.Unasked = q.named && rec.Reached[timeline.Published] && q.allSucceededFrom(rec.At[timeline.Published], r)
			continue
		}
		rec.Reach(timeline.Served, served.at)
		if stable, ok := q.steadyFrom(rec.At[timeline.Served], r); ok {
			rec.Reach(timeline.Stable, stable)
		}
	}
}

// allSucceededFrom says that there were requests after an instant, and that none of them failed.
func (q *requests) allSucceededFrom(from event.Instant, r *record) bool {
	var total, failed uint64
	for _, s := range r.streams {
		width, buckets := q.tally.Pool(s.Name).Buckets()
		for _, b := range buckets {
			if b.Start.Add(width) > from {
				total += b.Requests
				failed += b.Failures
			}
		}
	}
	return total > 0 && failed == 0
}

// steadyFrom is the start of the first window after an instant in which the first load of the experiment stays within
// what is expected of it for as long as recovery.stableFor says.
func (q *requests) steadyFrom(from event.Instant, r *record) (event.Instant, bool) {
	name := r.streams[0].Name
	width, buckets := q.tally.Pool(name).Buckets()
	stable := r.experiment.Spec.Recovery.StableFor.Std()
	bound := r.steadyBound(name)
	var next event.Instant
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
