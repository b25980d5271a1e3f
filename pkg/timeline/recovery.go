package timeline

import (
	"cmp"
	"slices"
	"time"

	"github.com/chaosctl/chaosctl/pkg/event"
)

// Stage is an instant in the recovery from the loss of a pod, in the order in which they come.
type Stage int

// The stages: t0, t1 and t4 to t11 of the measurement's table. t2 and t3 lie beside the line.
const (
	Injected    Stage = iota // the request that removed the victim left chaosctl
	Detected                 // the victim was seen terminating, not ready, or gone
	Created                  // the replacement was there
	Scheduled                // it had a node
	Prepared                 // its sandbox and network were up, its images there
	Started                  // its containers ran
	BecameReady              // it was Ready
	Published                // it was a ready endpoint of a Service
	Served                   // it answered a request with success
	Stable                   // the stream was steady again
	numStages
)

// Recovery is the way back from the loss of one pod.
type Recovery struct {
	Victim      event.PodObserved
	Replacement *event.PodObserved
	// At holds the instant of each stage that was reached. They never go backwards: two watches are not ordered
	// against each other, so a stage that was seen before the one it follows counts as reached together with it.
	At      [numStages]event.Instant
	Reached [numStages]bool
	// Deregistered is when the victim stopped being a ready endpoint (t2); 0 where it was none.
	Deregistered event.Instant
	// Censored says that events may have been missed between the injection and the last stage.
	Censored bool
	// Inferred says that Served was not seen to come from the replacement itself.
	Inferred bool
	// Unasked says that the replacement was published, and that no request which ended since was sent to it: answers name their
	// pods, all of them succeeded, and none was its own. So it was ready, and whether it serves is not known.
	Unasked bool
}

// Last is the last stage that was reached.
func (r *Recovery) Last() Stage {
	last := Injected
	for s := Injected; s < numStages; s++ {
		if r.Reached[s] {
			last = s
		}
	}
	return last
}

// Phase is the time between the stage before s that was reached and s itself; false where s was not reached.
func (r *Recovery) Phase(s Stage) (time.Duration, bool) {
	if s == Injected || !r.Reached[s] {
		return 0, false
	}
	for before := s - 1; ; before-- {
		if r.Reached[before] {
			return r.At[s].Sub(r.At[before]), true
		}
	}
}

// Total is the time from the injection to the last stage that was reached.
func (r *Recovery) Total() time.Duration { return r.At[r.Last()].Sub(r.At[Injected]) }

// Complete says that the recovery was seen to its end.
func (r *Recovery) Complete() bool { return r.Reached[Stable] }

// Reach sets a stage, not before any that it follows.
func (r *Recovery) Reach(s Stage, at event.Instant) {
	for before := range s {
		if r.Reached[before] {
			at = max(at, r.At[before])
		}
	}
	r.At[s], r.Reached[s] = at, true
}

// Fold collects what recoveries are made of. Events may be added in the order of the log only.
type Fold struct {
	injected map[string]event.Instant // by victim's UID
	sent     map[string]event.Instant // by change
	pods     map[string]*life
	order    []string // pods by first sight
	gaps     []event.Instant
}

// life is what was seen of one pod; an instant is 0 where it was not seen.
type life struct {
	pod       event.PodObserved
	created   event.Instant
	scheduled event.Instant
	prepared  event.Instant
	started   event.Instant
	ready     event.Instant
	// unready is when it ceased to be ready, for the last time so far; ended is the first sight of terminating, or gone.
	unready, ended event.Instant
	// left is when it was out of sight for the last time so far; 0 where it is in sight again.
	left         event.Instant
	published    event.Instant
	deregistered event.Instant // when it ceased to be a ready endpoint, for the last time so far
	back         comeback
}

// comeback is what was seen of a pod since the kubelet last restarted a container of it in place.
type comeback struct {
	restarted, started, ready event.Instant
	// published is when it was a ready endpoint again, and out since when it had been none.
	published, out event.Instant
}

// lost is when the loss of a pod showed that was removed at an instant. That it was not ready before does not count: a
// pod that came and went by itself is lost no sooner for that.
func (l *life) lost(removed event.Instant) event.Instant {
	if l.unready >= removed && (l.ended == 0 || l.unready < l.ended) {
		return l.unready
	}
	return l.ended
}

// NewFold makes an empty fold.
func NewFold() *Fold {
	return &Fold{injected: map[string]event.Instant{}, sent: map[string]event.Instant{}, pods: map[string]*life{}}
}

// Emit adds an event.
func (f *Fold) Emit(e event.Event) {
	switch p := e.Payload.(type) {
	case event.ChangeUpdated:
		f.change(e.At, p)
	case event.PodObserved:
		f.pod(e.At, p)
	case event.EndpointObserved:
		f.endpoint(e.At, p)
	case event.WatchInterrupted:
		if p.Resource == PodsResource || p.Resource == endpointsResource {
			f.gaps = append(f.gaps, e.At)
		}
	}
}

// change notes the injection: the last request before the acknowledgement, since a budget may have refused others. A pod
// that is edited, or in which an agent runs, is not lost.
func (f *Fold) change(at event.Instant, c event.ChangeUpdated) {
	if c.Object.Kind != "Pod" || c.Verb == "patch" || c.Verb == "run agent in" {
		return
	}
	switch c.State {
	case event.ChangeSent:
		f.sent[c.ID] = at
	case event.ChangeApplied:
		if sent, ok := f.sent[c.ID]; ok {
			f.injected[c.Object.UID] = sent
		}
	}
}

func (f *Fold) pod(at event.Instant, p event.PodObserved) {
	l := f.pods[p.UID]
	if l == nil {
		l = &life{}
		f.pods[p.UID] = l
	}
	if l.pod.UID == "" {
		// Its endpoint may have been seen before it, by another watch.
		l.created = at
		f.order = append(f.order, p.UID)
	}
	wasReady := l.pod.Ready
	if l.pod.UID != "" && p.Restarts > l.pod.Restarts {
		l.back = comeback{restarted: at}
	}
	l.pod = p
	first := func(when *event.Instant, seen bool) {
		if seen && *when == 0 {
			*when = at
		}
	}
	first(&l.scheduled, p.Scheduled)
	first(&l.prepared, p.Prepared || p.Running)
	first(&l.started, p.Running)
	first(&l.ready, p.Ready)
	if l.back.restarted != 0 {
		first(&l.back.started, p.Running)
		first(&l.back.ready, p.Running && p.Ready)
	}
	switch {
	case p.Gone && l.ended == 0 && l.left != 0:
		l.ended = l.left // that it is gone is found out a little later
	case p.Left:
		l.left = at
	case !p.Gone:
		l.left = 0
	}
	first(&l.ended, p.Terminating || p.Gone)
	if wasReady && !p.Ready {
		l.unready = at
	}
}

func (f *Fold) endpoint(at event.Instant, e event.EndpointObserved) {
	l := f.pods[e.PodUID]
	if l == nil {
		l = &life{}
		f.pods[e.PodUID] = l
	}
	switch {
	case e.Ready && l.published == 0:
		l.published = at
	case e.Ready:
		if l.deregistered != 0 {
			l.back.published, l.back.out = at, l.deregistered
		}
		l.deregistered = 0
	case l.published != 0 && l.deregistered == 0:
		l.deregistered = at
	}
}

// Recoveries matches each victim with a replacement: a pod of the same controller that was created after the
// injection. Replicas of a ReplicaSet are exchangeable, so victims and replacements are paired in order; a pod of a
// StatefulSet comes back by its name, and one of a DaemonSet on its node. A pod whose container was restarted in place is its
// own replacement.
func (f *Fold) Recoveries() []Recovery {
	var victims []string
	for uid := range f.injected {
		if f.pods[uid] != nil && f.pods[uid].pod.Target {
			victims = append(victims, uid)
		}
	}
	slices.SortFunc(victims, func(a, b string) int {
		return cmp.Or(cmp.Compare(f.injected[a], f.injected[b]),
			cmp.Compare(f.pods[a].lost(f.injected[a]), f.pods[b].lost(f.injected[b])), cmp.Compare(a, b))
	})
	m := matching{taken: map[string]bool{}, victims: map[string]int{}}
	for _, uid := range victims {
		m.victims[f.pods[uid].pod.OwnerUID]++
	}
	var all []Recovery
	for _, uid := range victims {
		all = append(all, f.recovery(uid, m))
	}
	return all
}

// matching is what is known of the other victims: which replacements are taken, and how many each controller has lost.
type matching struct {
	taken   map[string]bool
	victims map[string]int
}

func (f *Fold) recovery(uid string, m matching) Recovery {
	victim, injected := f.pods[uid], f.injected[uid]
	r := Recovery{Victim: victim.pod}
	r.Reach(Injected, injected)
	if victim.deregistered >= injected {
		r.Deregistered = victim.deregistered
	}
	if lost := victim.lost(injected); lost != 0 {
		r.Reach(Detected, lost)
	}
	if back := victim.back; back.restarted >= injected && victim.ended == 0 {
		r.Replacement = &victim.pod
		if back.out >= injected {
			r.Deregistered = back.out
		}
		for _, step := range []struct {
			stage Stage
			at    event.Instant
		}{{Started, back.started}, {BecameReady, back.ready}, {Published, back.published}} {
			if step.at >= injected {
				r.Reach(step.stage, step.at)
			}
		}
	} else if replacement := f.replacement(victim.pod, injected, m); replacement != nil {
		m.taken[replacement.pod.UID] = true
		r.Replacement = &replacement.pod
		for _, step := range []struct {
			stage Stage
			at    event.Instant
		}{
			{Created, replacement.created}, {Scheduled, replacement.scheduled}, {Prepared, replacement.prepared},
			{Started, replacement.started}, {BecameReady, replacement.ready}, {Published, replacement.published},
		} {
			if step.at != 0 {
				r.Reach(step.stage, step.at)
			}
		}
	}
	for _, gap := range f.gaps {
		// A stage that is missing may have been missed.
		r.Censored = r.Censored || gap >= injected && (gap <= r.At[r.Last()] || !r.Reached[BecameReady])
	}
	return r
}

// replacement is nil where none is known. A pod of a DaemonSet that has no node yet may be that of any victim: it is taken only
// where there is no more than one.
func (f *Fold) replacement(victim event.PodObserved, after event.Instant, m matching) *life {
	for _, uid := range f.order {
		l := f.pods[uid]
		switch {
		case m.taken[uid] || uid == victim.UID || l.created < after:
		case l.pod.OwnerUID == "" || l.pod.OwnerUID != victim.OwnerUID:
		case victim.OwnerKind == "StatefulSet" && l.pod.Name != victim.Name:
		case victim.OwnerKind == "DaemonSet" && l.pod.Node != victim.Node && (l.pod.Node != "" || m.victims[victim.OwnerUID] > 1):
		default:
			return l
		}
	}
	return nil
}
