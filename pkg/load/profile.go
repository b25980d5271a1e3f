package load

import (
	"math"
	"slices"
	"sort"
	"time"

	"github.com/chaosctl/chaosctl/pkg/experiment"
)

// Profile says how many requests are due by when, counted from the start of a stream. It is made of pieces in each of
// which the rate changes evenly, so that the number of requests up to an instant, the integral of the rate, has a closed
// form, and so has its inverse: due times come of the number of the request alone, and do not drift.
//
// The zero value asks for nothing. A profile is not changed once it is made, and safe for use by several goroutines.
type Profile struct {
	// pieces follow one another. From the piece number cycle on they repeat for ever; the last one stays where that is
	// their number.
	pieces []piece
	cycle  int
	// period is how long a cycle takes, in seconds, and perCycle how many requests it has.
	period, perCycle float64
}

// piece is a span in which the rate changes evenly. Times are in seconds, rates per second.
type piece struct {
	start, length float64
	// before is the number of requests of the pieces before it.
	before   float64
	from, to float64
}

// requests counts those of the piece's first t seconds.
func (p piece) requests(t float64) float64 {
	if p.from == p.to {
		return p.from * t
	}
	return t * (p.from + (p.to-p.from)*t/p.length/2)
}

// due is when n requests of the piece have become due; n is less than the number of all of them.
func (p piece) due(n float64) float64 {
	if n <= 0 {
		return 0
	}
	slope := 0.0
	if p.from != p.to {
		slope = (p.to - p.from) / p.length
	}
	// The smaller root of the quadratic equation, in the form that loses no digits where the slope is slight.
	return min(p.length, 2*n/(p.from+math.Sqrt(max(0, p.from*p.from+2*slope*n))))
}

// Constant offers requests at one rate per second.
func Constant(rate float64) Profile { return Profile{}.then(math.Inf(1), rate, rate).staying() }

// ProfileOf is the profile that an experiment asks for.
func ProfileOf(p experiment.Profile) Profile {
	switch {
	case p.Constant != nil:
		return Constant(p.Constant.PerSecond)
	case p.Ramp != nil:
		from, to := p.Ramp.From.PerSecond, p.Ramp.To.PerSecond
		return Profile{}.then(p.Ramp.Over.Std().Seconds(), from, to).then(math.Inf(1), to, to).staying()
	case p.Step != nil:
		var steps Profile
		for i, rate := range p.Step.Rates {
			length := p.Step.Every.Std().Seconds()
			if i == len(p.Step.Rates)-1 {
				length = math.Inf(1)
			}
			steps = steps.then(length, rate.PerSecond, rate.PerSecond)
		}
		return steps.staying()
	case p.Burst != nil:
		base, peak := p.Burst.Base.PerSecond, p.Burst.Peak.PerSecond
		every, lasting := p.Burst.Every.Std().Seconds(), p.Burst.For.Std().Seconds()
		return Profile{}.then(every, base, base).then(lasting, peak, peak).then(every-lasting, base, base).repeating(1)
	case p.Sine != nil:
		return sine(p.Sine.Base.PerSecond, p.Sine.Peak.PerSecond, p.Sine.Every.Std().Seconds())
	case p.Trace != nil:
		return trace(p.Trace.Points)
	}
	return Profile{}
}

// chords is of how many straight pieces a wave is made. With so many, none is further from the wave than 0.06 % of its
// height, and a whole wave has exactly as many requests.
const chords = 64

// sine is a wave that begins at its base.
func sine(base, peak, every float64) Profile {
	var pieces []piece
	at := func(i int) float64 { return base + (peak-base)*(1-math.Cos(2*math.Pi*float64(i)/chords))/2 }
	for i := range chords {
		pieces = follow(pieces, every/chords, at(i), at(i+1))
	}
	return Profile{pieces: pieces}.repeating(0)
}

// trace holds each rate until the next one's offset, and the last one for ever.
func trace(points []experiment.TracePoint) Profile {
	var pieces []piece
	if len(points) > 0 && points[0].Offset > 0 {
		pieces = follow(pieces, points[0].Offset.Std().Seconds(), 0, 0)
	}
	for i, p := range points {
		length := math.Inf(1)
		if i+1 < len(points) {
			length = (points[i+1].Offset - p.Offset).Std().Seconds()
		}
		pieces = follow(pieces, length, p.Rate.PerSecond, p.Rate.PerSecond)
	}
	return Profile{pieces: pieces}.staying()
}

// then adds a piece.
func (p Profile) then(length, from, to float64) Profile {
	p.pieces = follow(slices.Clip(p.pieces), length, from, to)
	return p
}

// follow adds a piece to others.
func follow(pieces []piece, length, from, to float64) []piece {
	next := piece{length: length, from: from, to: to}
	if n := len(pieces); n > 0 {
		last := pieces[n-1]
		next.start, next.before = last.start+last.length, last.before+last.requests(last.length)
	}
	return append(pieces, next)
}

func (p Profile) staying() Profile {
	p.cycle = len(p.pieces)
	return p
}

// repeating lets the pieces from a number on repeat for ever.
func (p Profile) repeating(from int) Profile {
	first, last := p.pieces[from], p.pieces[len(p.pieces)-1]
	p.cycle = from
	p.period = last.start + last.length - first.start
	p.perCycle = last.before + last.requests(last.length) - first.before
	return p
}

// at finds the piece of an instant, and the time and the number of requests of the cycles that have passed by then.
func (p Profile) at(t float64) (in piece, passed, before float64) {
	if p.cycle < len(p.pieces) {
		if cycles := math.Floor((t - p.pieces[p.cycle].start) / p.period); cycles > 0 {
			passed, before = cycles*p.period, cycles*p.perCycle
		}
	}
	i := sort.Search(len(p.pieces), func(i int) bool { return p.pieces[i].start > t-passed })
	return p.pieces[max(0, i-1)], passed, before
}

// Rate is the rate after a time, per second.
func (p Profile) Rate(after time.Duration) float64 {
	if len(p.pieces) == 0 {
		return 0
	}
	t := max(0, after.Seconds())
	in, passed, _ := p.at(t)
	if in.from == in.to {
		return in.from
	}
	return in.from + (in.to-in.from)*min(1, (t-passed-in.start)/in.length)
}

// Requests is how many requests there are in a time from the start of the stream, and the part of the next one.
func (p Profile) Requests(in time.Duration) float64 {
	if len(p.pieces) == 0 || in <= 0 {
		return 0
	}
	of, passed, before := p.at(in.Seconds())
	return before + of.before + of.requests(min(of.length, in.Seconds()-passed-of.start))
}

// Due is when request n, counted from 0, is due: as soon as more than n requests would have been sent by a stream that
// sends parts of them. It is false for a request that never is.
func (p Profile) Due(n uint64) (time.Duration, bool) {
	rest, passed := float64(n), 0.0
	if p.cycle < len(p.pieces) {
		first := p.pieces[p.cycle].before
		if cycles := math.Floor((rest - first) / p.perCycle); cycles > 0 {
			rest, passed = max(first, rest-cycles*p.perCycle), cycles*p.period
		}
		if rest >= first+p.perCycle { // by a rounding error
			rest, passed = first, passed+p.period
		}
	}
	// The last piece that begins with no more requests: those without any are passed over.
	i := sort.Search(len(p.pieces), func(i int) bool { return p.pieces[i].before > rest }) - 1
	if i < 0 || p.pieces[i].from == 0 && p.pieces[i].to == 0 {
		return 0, false
	}
	ns := math.Round((passed + p.pieces[i].start + p.pieces[i].due(rest-p.pieces[i].before)) * 1e9)
	if ns >= math.MaxInt64 {
		return 0, false
	}
	return time.Duration(ns), true
}

// Peak is the greatest rate.
func (p Profile) Peak() float64 {
	peak := 0.0
	for _, piece := range p.pieces {
		peak = max(peak, piece.from, piece.to)
	}
	return peak
}

// Spacing is the longest time between two requests of which the first is due within a time from the start: no shorter
// outage is sure to be seen. The time before the first request counts as well, and that after the last one.
func (p Profile) Spacing(within time.Duration) time.Duration {
	first, ok := p.Due(0)
	if !ok || first >= within {
		return within
	}
	longest := first
	// Within a piece the distances grow or shrink, so that the longest of all is next to the end of some piece.
	for _, end := range p.ends(within) {
		next := uint64(p.Requests(end))
		for n := next - min(next, 2); n <= next+1; n++ {
			longest = max(longest, p.distance(n, within))
		}
	}
	return longest
}

// ends are those of the pieces within a time, and of that time.
func (p Profile) ends(within time.Duration) []time.Duration {
	ends := []time.Duration{within}
	for cycle := 0; ; cycle++ {
		for i, piece := range p.pieces {
			at := piece.start
			if i >= p.cycle {
				at += float64(cycle) * p.period
			} else if cycle > 0 {
				continue
			}
			if at >= within.Seconds() {
				return ends
			}
			ends = append(ends, time.Duration(at*1e9))
		}
		if p.cycle == len(p.pieces) {
			return ends
		}
	}
}

// distance is the time from request n to the next one, or to the end of a time where there is none.
func (p Profile) distance(n uint64, within time.Duration) time.Duration {
	from, ok := p.Due(n)
	if !ok || from >= within {
		return 0
	}
	if to, ok := p.Due(n + 1); ok {
		return to - from
	}
	return within - from
}
