package attribution

import (
	"cmp"
	"slices"
	"time"

	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/load"
)

const (
	// mostPlaces bounds how many pods and phases are told apart; what comes beyond is counted without them.
	mostPlaces = 2000
	// mostExamples is how many failures of a class are kept as they were.
	mostExamples = 3
	// noted is how long after the stop of a pod it may still be listed as a ready endpoint, until its controller has seen it.
	noted = time.Second
	// mostQuiet is how many failures without any pod in trouble keep others of their kind from being ascribed to one.
	mostQuiet = 3
	// delayStep is how finely it is known how long after its stop a pod was sent requests.
	delayStep = 100 * time.Millisecond
)

// Join attributes the failures of a run, one sample at a time. It is for one goroutine.
type Join struct {
	history *History
	within  span
	places  map[place]*Place
	classes map[Class]*ClassCount
	result  Result
	// named says that answers tell who gave them.
	named bool
	// delays counts, by steps, how long after its pod was told to stop each failure was sent.
	delays map[time.Duration]uint64
	// quiet counts, by what the client saw, the failures at which no pod was in trouble.
	quiet map[kind]int
}

// place is where failures are counted.
type place struct {
	class Class
	uid   string
	phase Phase
}

// NewJoin completes the history, which takes no more events, and joins with it the samples that are due from start to end.
func NewJoin(h *History, start, end event.Instant) *Join {
	h.finish()
	return &Join{history: h, within: span{start, end}, places: map[place]*Place{}, classes: map[Class]*ClassCount{}, delays: map[time.Duration]uint64{}, quiet: map[kind]int{}}
}

// Add counts a sample. Samples may be added in the order in which they ended only. One of a stream that the history does not know is
// ignored.
func (j *Join) Add(s load.Sample) {
	from := j.history.streams[s.Stream]
	if from == nil {
		return
	}
	if s.Pod != "" {
		j.named = true
		if p := j.history.named(s.Pod, s.End); p != nil {
			p.heard = max(p.heard, s.End)
		}
	}
	if s.OK() {
		if p := j.history.serves(from, s); p != nil {
			p.serve(s.End)
		}
		return
	}
	if j.within.holds(s.Due) {
		j.count(from, s, j.attribute(from, s))
	}
}

// Attribution is what is known of one failure.
type Attribution struct {
	Class    Class
	Phase    Phase
	Evidence Evidence
	// Pod is the name and UID the identity of the pod; both empty where it is not known, or not one of the target's.
	Pod, UID string
	// pod is the life of it, or nil.
	pod *pod
}

func (j *Join) attribute(from *stream, s load.Sample) Attribution {
	switch s.Cause {
	case load.Local:
		return Attribution{Class: Client, Evidence: Certain}
	case load.DNS:
		return Attribution{Class: Unresolved, Evidence: Certain}
	}
	r := request{Sample: s, kind: kindOf(s), proven: j.named || j.history.addressed(from.host, s.End) != nil}
	p, evidence := j.history.known(from, s)
	switch {
	case p != nil:
		class, phase := j.history.judge(p, r)
		return of(class, phase, evidence, p)
	case evidence == Named && r.kind == answered:
		// Somebody who is none of the target's pods has answered.
		return Attribution{Class: Rejected, Evidence: Named, Pod: s.Pod}
	case evidence != Inferred:
		return Attribution{Class: Unknown, Evidence: Inferred}
	}
	return j.inferred(from, r)
}

// inferred is an attribution without evidence of the pod.
func (j *Join) inferred(from *stream, r request) Attribution {
	found := j.history.infer(from, r)
	switch {
	case found.quiet:
		j.quiet[r.kind]++
	case found.class.trouble() && j.quiet[r.kind] >= mostQuiet:
		// Such failures come without any pod in trouble, so that one which is in trouble need not be the reason.
		return Attribution{Class: Unknown, Evidence: Inferred}
	}
	return of(found.class, found.phase, Inferred, found.pod)
}

func of(class Class, phase Phase, evidence Evidence, p *pod) Attribution {
	a := Attribution{Class: class, Phase: phase, Evidence: evidence, pod: p}
	if p != nil {
		a.Pod, a.UID = p.name, p.uid
	}
	return a
}

func (j *Join) count(from *stream, s load.Sample, a Attribution) {
	c := j.classes[a.Class]
	if c == nil {
		c = &ClassCount{Class: a.Class}
		j.classes[a.Class] = c
	}
	where := place{a.Class, a.UID, a.Phase}
	at := j.places[where]
	if at == nil && len(j.places) >= mostPlaces {
		where = place{class: a.Class}
		at = j.places[where]
		a.Pod, a.UID, a.Phase = "", "", ""
	}
	if at == nil {
		at = &Place{Class: a.Class, Pod: a.Pod, UID: a.UID, Phase: a.Phase, Causes: map[load.Cause]uint64{}, First: s.Start}
		j.places[where] = at
	}
	exact := a.Evidence != Inferred
	j.result.Failures++
	c.Failures++
	at.Failures++
	at.Causes[s.Cause]++
	at.First, at.Last = min(at.First, s.Start), max(at.Last, s.End)
	if exact {
		j.result.Exact++
		c.Exact++
		at.Exact++
	}
	if len(c.Examples) < mostExamples {
		c.Examples = append(c.Examples, Example{Sample: s, Attribution: a})
	}
	j.leaving(from, s, a)
}

// leaving counts what the stop of a pod did to requests.
func (j *Join) leaving(from *stream, s load.Sample, a Attribution) {
	if a.Class != Stale && a.Class != InFlight || a.pod == nil || a.pod.stop == forever || s.End < a.pod.stop {
		return
	}
	l := &j.result.Leaving
	l.Failures++
	if s.Start.Sub(a.pod.stop) > noted && j.history.listed(from.service, a.pod, s.Start) {
		l.Listed++
	}
	if !a.pod.graceful {
		l.Forced++
		return
	}
	after := max(0, s.Start.Sub(a.pod.stop))
	j.delays[after.Truncate(delayStep)+delayStep]++
	l.Longest = max(l.Longest, after)
	l.Cut = max(l.Cut, s.End.Sub(a.pod.stop))
}

// Result is what was found so far.
func (j *Join) Result() Result {
	r := j.result
	for _, class := range Classes() {
		c := j.classes[class]
		if c == nil {
			continue
		}
		copied := *c
		for _, p := range j.places {
			if p.Class == class {
				copied.Places = append(copied.Places, *p)
			}
		}
		slices.SortFunc(copied.Places, func(a, b Place) int {
			return cmp.Or(cmp.Compare(b.Failures, a.Failures), cmp.Compare(a.First, b.First), cmp.Compare(a.Pod, b.Pod), cmp.Compare(a.UID, b.UID), cmp.Compare(a.Phase, b.Phase))
		})
		r.Classes = append(r.Classes, copied)
	}
	slices.SortStableFunc(r.Classes, func(a, b ClassCount) int { return cmp.Compare(b.Failures, a.Failures) })
	for after, n := range j.delays {
		r.Leaving.delays = append(r.Leaving.delays, delay{after, n})
	}
	slices.SortFunc(r.Leaving.delays, func(a, b delay) int { return cmp.Compare(a.after, b.after) })
	r.Waits = j.waits()
	r.Empty = j.history.empty(j.within)
	return r
}
