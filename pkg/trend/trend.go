package trend

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/chaosctl/chaosctl/pkg/history"
)

// Trend is how the figures of one experiment on one workload went over its runs. Times are seconds, availabilities are shares.
type Trend struct {
	Experiment string `json:"experiment"`
	// Target is the workload under test as namespace/kind/name.
	Target string `json:"target"`
	// Runs are those whose figures are here, in their order.
	Runs []Run `json:"runs"`
	// Alpha bounds the probability of finding any change in figures that do not change. Each of the Tested series is tested with
	// its share, AlphaEach.
	Alpha     float64 `json:"alpha"`
	AlphaEach float64 `json:"alphaEach,omitempty"`
	Tested    int     `json:"tested"`
	// LeastRuns is how many runs a series needs for a change to be told from chance.
	LeastRuns int      `json:"leastRuns"`
	Notes     []string `json:"notes"`
	Series    []Series `json:"series"`
}

// Run names a run.
type Run struct {
	RunID     string    `json:"runID"`
	Dir       string    `json:"dir"`
	StartedAt time.Time `json:"startedAt"`
}

// Series is a figure over the runs.
type Series struct {
	Metric history.Metric `json:"metric"`
	// Of is the stream, or the phase of the recovery; empty for what is the run's as a whole.
	Of     string  `json:"of,omitempty"`
	Points []Point `json:"points"`
	// Levels are the parts between the changes, in order.
	Levels  []Level  `json:"levels"`
	Changes []Change `json:"changes"`
	// Silent says why nothing can be said about changes; empty where it can.
	Silent string `json:"silent,omitempty"`
}

// Point is the figure of a run.
type Point struct {
	// Run is the index of the run in the trend.
	Run   int     `json:"run"`
	Value float64 `json:"value"`
	// AtLeast says that the truth may be greater.
	AtLeast bool `json:"atLeast,omitempty"`
}

// Level is a part of a series without a change.
type Level struct {
	// From and To are the indices of its first point, and of that after its last.
	From int `json:"from"`
	To   int `json:"to"`
	// Median is that of its values; absent where it is not known, since values are only lower bounds.
	Median *float64 `json:"median,omitempty"`
}

// Change is a place at which a series changes.
type Change struct {
	// At is the index of the first point after it; RunID and StartedAt are those of its run.
	At        int       `json:"at"`
	RunID     string    `json:"runID"`
	StartedAt time.Time `json:"startedAt"`
	// Direction is worse or better.
	Direction string `json:"direction"`
	// P is the probability of a change as clear as this, or clearer, if the order of the runs meant nothing.
	P float64 `json:"p"`
	// Beside is what else changed close by, since the place of a change is not known to the run: it may come of that.
	Beside []string `json:"beside,omitempty"`
}

// The directions of a change.
const (
	Worse  = "worse"
	Better = "better"
)

// MostRuns is of how many runs of an experiment, the newest, a trend is made.
const MostRuns = 1000

// Of gives the trends of all experiments on all workloads that runs are of, in the order in which they first appear. The runs are
// in their order; of each experiment, the newest so many of last are taken, where it is not 0.
func Of(runs []history.Run, last int) []*Trend {
	if last <= 0 || last > MostRuns {
		last = MostRuns
	}
	type key struct{ experiment, target string }
	groups := map[key][]*history.Run{}
	var order []key
	for i := range runs {
		k := key{runs[i].Experiment, runs[i].Target}
		if groups[k] == nil {
			order = append(order, k)
		}
		groups[k] = append(groups[k], &runs[i])
	}
	all := []*Trend{}
	for _, k := range order {
		all = append(all, trendOf(k.experiment, k.target, groups[k], last))
	}
	return all
}

func trendOf(experiment, target string, all []*history.Run, last int) *Trend {
	t := &Trend{Experiment: experiment, Target: target, Runs: []Run{}, Alpha: level, Notes: []string{}, Series: []Series{}}
	runs := t.choose(all, last)
	for i, r := range runs {
		t.Runs = append(t.Runs, Run{RunID: r.RunID, Dir: r.Dir, StartedAt: r.StartedAt})
		for _, f := range r.Figures {
			s := t.series(f.Metric, f.Of)
			s.Points = append(s.Points, Point{Run: i, Value: f.Value, AtLeast: f.AtLeast})
		}
	}
	slices.SortStableFunc(t.Series, func(a, b Series) int { return a.rank() - b.rank() })
	for i := range t.Series {
		if s := &t.Series[i]; len(s.Points) >= 2*leastSegment && !constant(s.values()) {
			t.Tested++
		}
	}
	t.AlphaEach = level / float64(max(1, t.Tested))
	t.LeastRuns = leastRuns(t.AlphaEach)
	for i := range t.Series {
		t.Series[i].judge(t, runs)
	}
	return t
}

// choose leaves out the runs whose figures say nothing of the fault, and copies, which are no runs of their own.
func (t *Trend) choose(all []*history.Run, last int) []*history.Run {
	var runs []*history.Run
	seen, copies, left, reasons := map[string]bool{}, 0, map[string]int{}, []string{}
	for _, r := range all {
		switch {
		case seen[r.RunID]:
			copies++
			continue
		case r.LeftOut == "":
			runs = append(runs, r)
		default:
			if left[r.LeftOut]++; left[r.LeftOut] == 1 {
				reasons = append(reasons, r.LeftOut)
			}
		}
		seen[r.RunID] = true
	}
	for _, reason := range reasons {
		t.Notes = append(t.Notes, fmt.Sprintf("%s left out: %s", counted(left[reason]), reason))
	}
	if copies > 0 {
		t.Notes = append(t.Notes, fmt.Sprintf("%s left out: copies of others", counted(copies)))
	}
	if older := len(runs) - last; older > 0 {
		t.Notes = append(t.Notes, fmt.Sprintf("%s left out: older than the newest %d", counted(older), last))
		runs = runs[older:]
	}
	return runs
}

func counted(runs int) string {
	if runs == 1 {
		return "1 run is"
	}
	return fmt.Sprintf("%d runs are", runs)
}

// series gives that of a figure, which it makes where there is none yet.
func (t *Trend) series(m history.Metric, of string) *Series {
	i := slices.IndexFunc(t.Series, func(s Series) bool { return s.Metric == m && s.Of == of })
	if i < 0 {
		i = len(t.Series)
		t.Series = append(t.Series, Series{Metric: m, Of: of, Levels: []Level{}, Changes: []Change{}})
	}
	return &t.Series[i]
}

// rank puts what clients saw first, and the phases in their order last.
func (s *Series) rank() int {
	switch s.Metric {
	case history.Availability:
		return 0
	case history.Outage:
		return 1
	case history.Recovery:
		return 2
	}
	return 3 + slices.Index(history.Phases(), s.Of)
}

func (s *Series) values() []value {
	all := make([]value, len(s.Points))
	for i, p := range s.Points {
		all[i] = value{p.Value, p.AtLeast}
	}
	return all
}

// judge finds the changes of a series, or says why it cannot.
func (s *Series) judge(t *Trend, runs []*history.Run) {
	values := s.values()
	var found []split
	switch n := len(values); {
	case n < t.LeastRuns:
		s.Silent = fmt.Sprintf("%d of %d runs that are needed to tell a change from chance", n, t.LeastRuns)
	case !constant(values):
		found = changes(values, t.AlphaEach, permutationsFor(t.AlphaEach))
	}
	from := 0
	for _, f := range found {
		after := runs[s.Points[f.at].Run]
		s.Levels = append(s.Levels, levelOf(values, from, f.at))
		s.Changes = append(s.Changes, Change{
			At: f.at, RunID: after.RunID, StartedAt: after.StartedAt, P: f.p, Beside: beside(runs, s.Points[f.at].Run),
		})
		from = f.at
	}
	if len(values) > 0 {
		s.Levels = append(s.Levels, levelOf(values, from, len(values)))
	}
	for i := range s.Changes {
		s.Changes[i].Direction = s.direction(values[s.Levels[i].From:s.Levels[i].To], values[s.Levels[i+1].From:s.Levels[i+1].To])
	}
}

// permutationsFor is how many orders are drawn: enough for a probability of alpha to be met within some tenths of it.
func permutationsFor(alpha float64) int { return max(permutations, int(math.Ceil(20/alpha))) }

// direction says whether values after a change are rather above or below those before it, by pairs.
func (s *Series) direction(before, after []value) string {
	above := 0
	for _, a := range before {
		for _, b := range after {
			switch {
			case below(a, b):
				above++
			case below(b, a):
				above--
			}
		}
	}
	if (above > 0) == (s.Metric == history.Availability) {
		return Better
	}
	return Worse
}

func levelOf(values []value, from, to int) Level {
	l := Level{From: from, To: to}
	var least, most []float64
	for _, v := range values[from:to] {
		least = append(least, v.of)
		if v.atLeast {
			v.of = math.Inf(1)
		}
		most = append(most, v.of)
	}
	if m := median(least); m == median(most) {
		l.Median = &m
	}
	return l
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	low, high := sorted[(n-1)/2], sorted[n/2]
	if low == high {
		return low
	}
	return (low + high) / 2
}

// beside is what changed, besides the figures, from one run to the next among those around a run.
func beside(runs []*history.Run, at int) []string {
	var all []string
	add := func(what string) {
		if !slices.Contains(all, what) {
			all = append(all, what)
		}
	}
	for i := max(1, at-leastSegment+1); i < min(len(runs), at+leastSegment); i++ {
		before, after := runs[i-1], runs[i]
		if before.SHA256 != after.SHA256 {
			add("the experiment itself")
		}
		if before.Cluster != after.Cluster {
			add("the cluster")
		}
		for _, v := range []struct{ of, before, after string }{
			{"Kubernetes", before.Kubernetes, after.Kubernetes}, {"chaosctl", before.Version, after.Version},
		} {
			if v.before != v.after {
				add(fmt.Sprintf("the version of %s (%s, then %s)", v.of, cmp.Or(v.before, "not known"), cmp.Or(v.after, "not known")))
			}
		}
	}
	return all
}

// Name is the figure with its stream or phase.
func (s *Series) Name() string {
	switch s.Metric {
	case history.Availability:
		return strings.TrimSpace("availability of " + s.Of)
	case history.Outage:
		return strings.TrimSpace("longest outage of " + s.Of)
	case history.Phase:
		return s.Of
	}
	return string(s.Metric)
}
