package experiment

import (
	"fmt"
	"strings"
	"time"
)

// Profile is a rate of requests that changes over time. It begins with the load, and so with the steady window.
type Profile struct {
	// Constant is the same rate all the time, as in constant: 200/s.
	Constant *Rate `json:"constant,omitempty" choice:"shape"`
	// Ramp goes evenly from one rate to another, as in ramp: {from: 10/s, to: 200/s, over: 1m}.
	Ramp *Ramp `json:"ramp,omitempty" choice:"shape"`
	// Step goes through rates one by one, as in step: {rates: [50/s, 100/s, 200/s], every: 20s}.
	Step *Step `json:"step,omitempty" choice:"shape"`
	// Burst returns to a higher rate at regular times, as in burst: {base: 20/s, peak: 200/s, every: 30s, for: 5s}.
	Burst *Burst `json:"burst,omitempty" choice:"shape"`
	// Sine goes up and down between two rates, as in sine: {base: 20/s, peak: 200/s, every: 1m}.
	Sine *Sine `json:"sine,omitempty" choice:"shape"`
	// Trace goes through the rates of a file, as in trace: {file: monday.csv}.
	Trace *Trace `json:"trace,omitempty" choice:"shape"`
}

// Ramp is a rate that changes evenly, and then stays.
type Ramp struct {
	// From is the rate at the start of the load; 0/s is none.
	From Level `json:"from"`
	// To is the rate at the end of the ramp, and from then on.
	To Level `json:"to"`
	// Over is how long the ramp takes.
	Over Duration `json:"over" form:"positive"`
}

// Step is a rate that changes at once, time after time.
type Step struct {
	// Rates follow one another, 0/s being a pause; the last one stays. One that is to hold for longer is named again.
	Rates []Level `json:"rates"`
	// Every is how long each rate holds.
	Every Duration `json:"every" form:"positive"`
}

// Burst is a rate that rises at regular times, for a while.
type Burst struct {
	// Base is the rate between bursts; 0/s is none.
	Base Level `json:"base"`
	// Peak is the rate of a burst.
	Peak Rate `json:"peak"`
	// Every is the time between the starts of two bursts; the first one starts when it has passed once. It is 100ms or more.
	Every Duration `json:"every" form:"positive"`
	// For is how long a burst lasts, which is less than the time between two.
	For Duration `json:"for" form:"positive"`
}

// Sine is a rate that goes up and down in waves. It begins at its base, and is at its peak in the middle of each wave.
type Sine struct {
	// Base is the lowest rate; 0/s is none.
	Base Level `json:"base"`
	// Peak is the highest rate.
	Peak Rate `json:"peak"`
	// Every is how long a wave takes, which is 100ms or more.
	Every Duration `json:"every" form:"positive"`
}

// Streams lists the kinds of connection of the load's streams, which have an equal part of its rate each.
func (l *Load) Streams() []Connections {
	if l.Connections == Both {
		return []Connections{Fresh, Reuse}
	}
	return []Connections{l.Connections}
}

// Shape is the rate of the whole load over time: its profile, or its rate as a constant one.
func (l *Load) Shape() Profile {
	if l.Profile != nil {
		return *l.Profile
	}
	return Profile{Constant: &l.Rate}
}

// StreamShape is the rate of each of the load's streams over time.
func (l *Load) StreamShape() Profile { return l.Shape().Divided(len(l.Streams())) }

// Divided is the profile with an n-th of each of its rates.
func (p Profile) Divided(n int) Profile {
	divided := func(r Rate) Rate { return Rate{r.PerSecond / float64(n)} }
	switch {
	case p.Constant != nil:
		rate := divided(*p.Constant)
		return Profile{Constant: &rate}
	case p.Ramp != nil:
		return Profile{Ramp: &Ramp{From: Level{divided(p.Ramp.From.Rate)}, To: Level{divided(p.Ramp.To.Rate)}, Over: p.Ramp.Over}}
	case p.Step != nil:
		step := &Step{Every: p.Step.Every}
		for _, r := range p.Step.Rates {
			step.Rates = append(step.Rates, Level{divided(r.Rate)})
		}
		return Profile{Step: step}
	case p.Burst != nil:
		return Profile{Burst: &Burst{Base: Level{divided(p.Burst.Base.Rate)}, Peak: divided(p.Burst.Peak), Every: p.Burst.Every, For: p.Burst.For}}
	case p.Sine != nil:
		return Profile{Sine: &Sine{Base: Level{divided(p.Sine.Base.Rate)}, Peak: divided(p.Sine.Peak), Every: p.Sine.Every}}
	case p.Trace != nil:
		return Profile{Trace: p.Trace.divided(n)}
	}
	return p
}

// String is the profile in words.
func (p Profile) String() string {
	switch {
	case p.Constant != nil:
		return p.Constant.String()
	case p.Ramp != nil:
		return fmt.Sprintf("ramp from %s to %s over %s", p.Ramp.From, p.Ramp.To, p.Ramp.Over)
	case p.Step != nil:
		rates := make([]string, len(p.Step.Rates))
		for i, r := range p.Step.Rates {
			rates[i] = r.String()
		}
		return fmt.Sprintf("%s, %s each", strings.Join(rates, ", then "), p.Step.Every)
	case p.Burst != nil:
		return fmt.Sprintf("bursts of %s for %s every %s, %s in between", p.Burst.Peak, p.Burst.For, p.Burst.Every, p.Burst.Base)
	case p.Sine != nil:
		return fmt.Sprintf("waves from %s to %s, one every %s", p.Sine.Base, p.Sine.Peak, p.Sine.Every)
	case p.Trace != nil:
		return p.Trace.String()
	}
	return "no requests"
}

// shapes names the members that are there.
func (p Profile) shapes() []string {
	var names []string
	for _, member := range []struct {
		name  string
		there bool
	}{{"constant", p.Constant != nil}, {"ramp", p.Ramp != nil}, {"step", p.Step != nil}, {"burst", p.Burst != nil}, {"sine", p.Sine != nil}, {"trace", p.Trace != nil}} {
		if member.there {
			names = append(names, member.name)
		}
	}
	return names
}

// shortestCycle is the width of a step of the report's timeline: bursts that follow faster could not be told apart.
const shortestCycle = Duration(100 * time.Millisecond)

func (p Profile) validate(f *findings, path string) {
	switch shapes := p.shapes(); {
	case len(shapes) == 0:
		f.refuse(path, "", "the profile has no shape: expected constant, ramp, step, burst, sine or trace")
	case len(shapes) > 1:
		f.refuse(child(path, shapes[1]), "", "%s and %s exclude each other: expected one shape", shapes[0], shapes[1])
	case p.Ramp != nil:
		p.Ramp.validate(f, child(path, "ramp"))
	case p.Step != nil:
		p.Step.validate(f, child(path, "step"))
	case p.Burst != nil:
		p.Burst.validate(f, child(path, "burst"))
	case p.Sine != nil:
		p.Sine.validate(f, child(path, "sine"))
	case p.Trace != nil:
		p.Trace.validate(f, child(path, "trace"))
	}
}

func (r *Ramp) validate(f *findings, path string) {
	positive(f, child(path, "over"), r.Over)
	if r.From.PerSecond == 0 && r.To.PerSecond == 0 {
		f.refuse(path, "", "the ramp goes from 0/s to 0/s, which is no load: expected a rate above 0 at one end")
	}
}

func (s *Step) validate(f *findings, path string) {
	positive(f, child(path, "every"), s.Every)
	for _, r := range s.Rates {
		if r.PerSecond > 0 {
			return
		}
	}
	f.refuse(child(path, "rates"), "", "all rates are 0/s, which is no load: expected one above 0")
}

func (b *Burst) validate(f *findings, path string) {
	positive(f, child(path, "for"), b.For)
	switch {
	case b.Every < shortestCycle:
		f.refuse(child(path, "every"), "", "%s is too short: expected %s or more", b.Every, shortestCycle)
	case b.For >= b.Every && f.sound(path):
		f.refuse(child(path, "for"), "", "bursts of %s that start every %s run into each other: expected less than %s", b.For, b.Every, b.Every)
	}
	if b.Peak.PerSecond <= b.Base.PerSecond && f.sound(path) {
		f.refuse(child(path, "peak"), "", "the peak of %s is not above the base of %s", b.Peak, b.Base)
	}
}

func (s *Sine) validate(f *findings, path string) {
	if s.Every < shortestCycle {
		f.refuse(child(path, "every"), "", "%s is too short: expected %s or more", s.Every, shortestCycle)
	}
	if s.Peak.PerSecond <= s.Base.PerSecond && f.sound(path) {
		f.refuse(child(path, "peak"), "", "the peak of %s is not above the base of %s", s.Peak, s.Base)
	}
}
