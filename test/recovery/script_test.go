package recovery

import "pgregory.net/rapid"

// script is what happens in one sequence.
type script struct {
	kinds  []kind
	values [][]int // of each object's fields
	acts   []act
}

// act is a part of a script, which ends by a recovery; or by none, where how.times is 0.
type act struct {
	steps []step
	how   recovering
}

// step is one thing that the run or others do.
type step struct {
	what   string
	object int
	fields []int
	values []int
	// stale originals are not those that are there.
	stale     bool
	originals []int
	// killedAt is the request with which the run is killed; negative for none.
	killedAt   int
	carriedOut bool
}

// what lists what can happen, the more frequent several times.
var what = []string{
	"inject", "inject", "inject", "inject", "inject", "others", "others", "busy", "undo", "end", "crash", "crash",
	"unmark", "unlabel", "unmark and unlabel", "garble", "remove", "replace", "restore from a backup", "lose the journal",
}

// A Deployment's controller, and a node's, take their time; most sequences do without.
var mixes = [][]kind{{kinds[0]}, {kinds[0]}, {kinds[0], kinds[0]}, {kinds[0], kinds[0]}, {kinds[0], kinds[2]}, {kinds[2]}, {kinds[1]}, {kinds[0], kinds[1]}}

func drawScript(t *rapid.T) *script {
	s := &script{kinds: rapid.SampledFrom(mixes).Draw(t, "kinds")}
	for range s.kinds {
		s.values = append(s.values, drawIndexes(t, "values"))
	}
	for last := false; !last; {
		last = len(s.acts) == 2 || rapid.Bool().Draw(t, "last")
		steps := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) step { return drawStep(t, len(s.kinds)) }), 0, 7).Draw(t, "steps")
		how := recovering{
			times: rapid.IntRange(0, 2).Draw(t, "recoveries"), again: rapid.IntRange(0, 1).Draw(t, "again"),
			beside: rapid.Bool().Draw(t, "beside"), busy: rapid.IntRange(0, 3).Draw(t, "busy") == 3,
			killedAt: rapid.IntRange(-10, 10).Draw(t, "recovery killed at"), carriedOut: rapid.Bool().Draw(t, "carried out"),
		}
		if last {
			how.times = max(how.times, 1)
		}
		s.acts = append(s.acts, act{steps, how})
	}
	return s
}

func drawStep(t *rapid.T, objects int) step {
	s := step{what: rapid.SampledFrom(what).Draw(t, "what"), object: rapid.IntRange(0, objects-1).Draw(t, "object"), values: drawIndexes(t, "values"), killedAt: -1}
	switch s.what {
	case "inject":
		s.fields = rapid.SampledFrom([][]int{{0}, {1}, {0, 1}}).Draw(t, "fields")
		if s.stale = rapid.IntRange(0, 5).Draw(t, "stale") == 5; s.stale {
			s.originals = drawIndexes(t, "originals")
		}
		s.killedAt, s.carriedOut = rapid.IntRange(-12, 3).Draw(t, "killed at"), rapid.Bool().Draw(t, "carried out")
	case "undo":
		s.killedAt, s.carriedOut = rapid.IntRange(-4, 4).Draw(t, "killed at"), rapid.Bool().Draw(t, "carried out")
	}
	return s
}

// drawIndexes are of values of an object's fields; each field takes them modulo what it has.
func drawIndexes(t *rapid.T, what string) []int {
	return rapid.SliceOfN(rapid.IntRange(0, 3), 2, 2).Draw(t, what)
}

// values are those of all fields of a kind by their indexes.
func (k kind) pick(indexes []int) []string {
	var all []string
	for i, f := range k.fields {
		all = append(all, f.values[indexes[i]%len(f.values)])
	}
	return all
}

// do lets one step happen.
func (w *world) do(s step) {
	o := w.things[s.object]
	values := o.kind.pick(s.values)
	w.process.dieAt(s.killedAt, s.carriedOut)
	switch s.what {
	case "inject":
		originals := o.values
		if s.stale {
			originals = o.kind.pick(s.originals)
		}
		var fields []int
		var from, to []string
		for _, f := range s.fields {
			if f < len(o.kind.fields) {
				fields, from, to = append(fields, f), append(from, originals[f]), append(to, values[f])
			}
		}
		if len(fields) > 0 {
			w.inject(w.plan(o, fields, from, to))
		}
	case "others":
		w.others(o, 0, values[0])
	case "busy":
		end := w.busy(o)
		w.undo()
		end()
	case "undo":
		w.undo()
	case "end":
		w.end()
	case "crash":
		w.process.die()
	case "unmark":
		w.unmark(o, true, false)
	case "unlabel":
		w.unmark(o, false, true)
	case "unmark and unlabel":
		w.unmark(o, true, true)
	case "garble":
		w.garble(o)
	case "remove":
		w.remove(o)
	case "replace":
		w.replace(o, values, false)
	case "restore from a backup":
		w.replace(o, values, true)
	case "lose the journal":
		w.loseJournal()
	}
}
