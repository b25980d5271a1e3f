package library

import (
	"cmp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/experiments"
	"github.com/chaosctl/chaosctl/pkg/report"
	"github.com/chaosctl/chaosctl/test/internal/binary"
	"github.com/chaosctl/chaosctl/test/internal/shop"
)

// TestEveryExperimentHasATrial proves that no experiment of the library is left out of the test below.
func TestEveryExperimentHasATrial(t *testing.T) {
	var tried []string
	for _, each := range trials() {
		tried = append(tried, each.experiment)
	}
	slices.Sort(tried)
	assert.Equal(t, experiments.Names(), tried)
}

// TestLibrary proves of each experiment that a healthy workload passes, and that one with the weakness that it is there to
// find does not, by the expectation that is to find it; and that both are put back.
func TestLibrary(t *testing.T) {
	if !*all {
		t.Skip("without -library.all")
	}
	found := &matrix{}
	t.Cleanup(func() { t.Logf("what the library finds:\n%s", found) })
	for _, each := range trials() {
		for _, overlay := range []string{"", each.weakness} {
			t.Run(each.experiment+"/"+shop.Name(overlay), func(t *testing.T) {
				if !each.alone { // those that are go first, one after another
					t.Parallel()
				}
				r := each.run(t, overlay)
				found.add(each, overlay, &r)
				t.Logf("%s", inShort(&r))
				if overlay == "" {
					assert.Equal(t, report.Pass, r.Verdict)
					assert.Zero(t, r.ExitCode)
				} else {
					assert.Equal(t, report.Fail, r.Verdict)
					assert.Equal(t, report.ExitFail, r.ExitCode)
					assert.Contains(t, failed(&r), each.finds)
					assertMend(t, each.mend, &r)
				}
				assert.Equal(t, report.UndoClean, r.Undo)
				if t.Failed() {
					t.Logf("%s", binary.Content(t, r.dir+"/summary.md"))
				}
			})
		}
	}
}

// assertMend holds the explanation to the weakness, which is there for certain. Where no mend is asked for, what is said is shown.
func assertMend(t *testing.T, mend string, r *outcome) {
	t.Helper()
	e := r.Explanation
	if e == nil {
		assert.Empty(t, mend, "nothing is explained")
		return
	}
	t.Logf("%s %s %s", e.Broke, e.Why, e.Mend)
	if mend == "" {
		return
	}
	assert.Equal(t, mend, e.Kind)
	page := binary.Content(t, r.dir+"/report.html")
	assert.Contains(t, page, "What would mend it")
}

// outcome is a result, and the directory in which it was found.
type outcome struct {
	report.Result
	dir string
}

// run runs the experiment by its name, as a user would.
func (c trial) run(t *testing.T, overlay string) outcome {
	t.Helper()
	namespace := newShop(t, overlay, c.alone)
	if c.intrusive {
		admitIntruders(t, namespace)
	}
	return c.runIn(t, namespace)
}

// runIn runs the experiment on a shop that is there.
func (c trial) runIn(t *testing.T, namespace string) outcome {
	t.Helper()
	args := []string{c.experiment, "-n", namespace, "--rate", cmp.Or(c.rate, usualRate)}
	for _, s := range slices.Concat(c.slack(t), c.set) {
		args = append(args, "--set", s)
	}
	p := binary.Chaosctl{Kubeconfig: shared.Kubeconfig}.Start(t, "run", args...)
	require.Contains(t, []int{report.ExitPass, report.ExitFail, report.ExitUnknown, report.ExitAborted}, p.Exit(t))
	return outcome{p.Result(t), p.Dir(t)}
}

// slack gives way in all that tells of this machine, which runs the cluster and its clients too, and not of the workload: how
// fast it answers, how long a start takes, and how many requests it can bear, of which it takes 3000 to tell 99.9 % from
// less; except for what the trial is about. Nothing is aborted: how bad it gets is
// what is to be judged.
func (c trial) slack(t *testing.T) []string {
	t.Helper()
	path, ok := experiments.Path(c.experiment)
	require.True(t, ok)
	text, err := experiments.Files.ReadFile(path)
	require.NoError(t, err)
	set := []string{"load.browse.timeout=10s", "abortIf=null", "recovery.timeout=3m"}
	if strings.Contains(string(text), "atLeast: 99.9%") {
		set = append(set, "expect.availability.atLeast=99%")
	}
	for kind, bound := range map[string]string{"latency": "p99=9s", "outage": "longest=9s", "recovery": "within=3m"} {
		if c.finds != kind && strings.Contains(string(text), "\n  - "+kind+": ") {
			set = append(set, "expect."+kind+"."+bound)
		}
	}
	return set
}

// failed are the kinds of the expectations that failed.
func failed(r *outcome) []string {
	var kinds []string
	for _, e := range r.Expectations {
		if e.Verdict == report.Fail {
			kinds = append(kinds, e.Kind)
		}
	}
	return kinds
}
