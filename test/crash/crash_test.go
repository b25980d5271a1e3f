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
	t.Logf("%d of %d points, chosen by -crash.seed=%d", looked+len(all), looked+len(once)+len(twice), *seed)
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

// examples lists all there are: those in which only the run is killed, and those in which the recovery is too. How many
// points that has is found out by letting it go through, once for each request of the run.
func examples(t *testing.T, faults []*fixture, outcomes *table) (once, twice []example) {
	t.Helper()
	var mu sync.Mutex
	t.Run("recovery", func(t *testing.T) {
		for _, f := range faults {
			for _, run := range at(len(f.requests)) {
				for _, what := range foreigns {
					once = append(once, example{fixture: f, run: run, foreign: what})
				}
				if run.When != point.AfterSend {
					continue // the cluster is the same as after that, or as before the next
				}
				// It is never killed at this point, since it does not come to it.
				undisturbed := example{fixture: f, run: run, recovery: point.Point{Request: 1000, When: point.BeforeSend}, foreign: nothing}
				t.Run(undisturbed.String(), func(t *testing.T) {
					t.Parallel()
					found := assertSound(t, undisturbed, outcomes)
					mu.Lock()
					defer mu.Unlock()
					for i, recovery := range at(len(found.recovery)) {
						twice = append(twice, example{fixture: f, run: run, recovery: recovery, foreign: []foreign{nothing, otherField}[i%2]})
					}
				})
			}
		}
	})
	slices.SortFunc(twice, func(a, b example) int { return cmp.Compare(a.String(), b.String()) })
	return once, twice
}

// sample chooses so many points, half of them of each kind; all of them where all are wanted.
func sample(once, twice []example, wanted int) []example {
	random := rand.New(rand.NewPCG(*seed, 0)) //nolint:gosec // a seed can be given again
	random.Shuffle(len(once), func(i, j int) { once[i], once[j] = once[j], once[i] })
	random.Shuffle(len(twice), func(i, j int) { twice[i], twice[j] = twice[j], twice[i] })
	if *points == 0 || wanted >= len(once)+len(twice) {
		return slices.Concat(once, twice)
	}
	wanted = max(wanted, 0)
	some := min(len(once), max(wanted/2, wanted-len(twice)))
	return slices.Concat(once[:some], twice[:wanted-some])
}
