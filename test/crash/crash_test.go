package crash

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/chaosctl/chaosctl/test/crash/point"
)

// TestCrash proves that whatever the point at which a run, and the recovery after it, is killed, everything comes back:
// nothing differs from before, nothing of chaosctl is left, and no edit of others is lost (G1 to G4).
func TestCrash(t *testing.T) {
	faults := reversible(t)
	t.Run("undisturbed", func(t *testing.T) {
		for _, f := range faults {
			t.Run(f.name, func(t *testing.T) {
				t.Parallel()
				f.learn(t)
			})
		}
	})
	if t.Failed() {
		return
	}
	outcomes := &table{}
	once, twice := examples(t, faults, outcomes)
	looked := len(outcomes.lines)
	all := sample(once, twice, *points-looked)
	t.Logf("%d points, chosen by -crash.seed=%d of %d, among which are those in the recovery from %d of the runs", looked+len(all), *seed, looked+len(once)+len(twice), looked)
	t.Run("points", func(t *testing.T) {
		for _, e := range all {
			t.Run(e.String(), func(t *testing.T) {
				t.Parallel()
				assertSound(t, e, outcomes)
			})
		}
	})
	outcomes.write(t)
	// How many requests a run makes depends a little on what controllers do meanwhile.
	assert.Less(t, outcomes.total(notReached), 1+len(outcomes.lines)/20, "points that were not reached")
}

func assertSound(t *testing.T, e example, outcomes *table) *finding {
	t.Helper()
	found := e.examine(t, chaosctl())
	outcomes.add(e, found)
	for _, p := range found.problems {
		t.Errorf("%s", p)
	}
	return found
}

// examples lists those in which only the run is killed, and those in which the recovery is too. How many points that has is
// found out by letting it go through, once for each request of the run; where a sample is wanted, for some of them.
func examples(t *testing.T, faults []*fixture, outcomes *table) (once, twice []example) {
	t.Helper()
	var undisturbed []example
	for _, f := range faults {
		for _, run := range at(len(f.requests)) {
			for _, what := range others(run.When) {
				once = append(once, example{fixture: f, run: run, foreign: what})
			}
			if run.When == point.AfterSend { // before, the cluster is the same as after the one before that, and after, as after that
				// It is never killed at this point, since it does not come to it.
				never := point.Point{Request: 1000, When: point.BeforeSend}
				undisturbed = append(undisturbed, example{fixture: f, run: run, recovery: never, foreign: nothing})
			}
		}
	}
	if most := *points / 4; *points > 0 && most < len(undisturbed) {
		undisturbed = shuffled(undisturbed)[:most]
	}
	var mu sync.Mutex
	t.Run("recovery", func(t *testing.T) {
		for _, e := range undisturbed {
			t.Run(e.String(), func(t *testing.T) {
				t.Parallel()
				found := assertSound(t, e, outcomes)
				mu.Lock()
				defer mu.Unlock()
				for i, recovery := range at(len(found.recovery)) {
					twice = append(twice, example{fixture: e.fixture, run: e.run, recovery: recovery, foreign: []foreign{nothing, otherField}[i%2]})
				}
			})
		}
	})
	slices.SortFunc(twice, func(a, b example) int { return cmp.Compare(a.String(), b.String()) })
	return once, twice
}

// sample chooses so many points, half of them of each kind; all of them where all are wanted.
func sample(once, twice []example, wanted int) []example {
	once, twice = shuffled(once), shuffled(twice)
	if *points == 0 || wanted >= len(once)+len(twice) {
		return slices.Concat(once, twice)
	}
	wanted = max(wanted, 0)
	some := min(len(once), max(wanted/2, wanted-len(twice)))
	return slices.Concat(once[:some], twice[:wanted-some])
}

// shuffled puts a copy into an order that the seed chooses.
func shuffled(all []example) []example {
	all = slices.Clone(all)
	random := rand.New(rand.NewPCG(*seed, 0)) //nolint:gosec // a seed can be given again
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}
