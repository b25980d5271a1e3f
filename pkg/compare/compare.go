package compare

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/chaosctl/chaosctl/pkg/report"
)

// Comparison is what became of an experiment from base to head. It is what -o json writes: times are seconds, availabilities
// are shares. Absent fields were not measured.
type Comparison struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	// Verdict is fail where a figure got worse beyond its gate and that is significant, else unknown where a gate cannot be
	// judged, else pass.
	Verdict  report.Verdict `json:"verdict"`
	ExitCode int            `json:"exitCode"`
	Base     Side           `json:"base"`
	Head     Side           `json:"head"`
	// Weak says that a side has one run only, so that nobody knows how much runs differ from one another.
	Weak    bool     `json:"weak,omitempty"`
	Notes   []string `json:"notes"`
	Figures []Figure `json:"figures"`
}

// Side is the runs before, or after.
type Side struct {
	Path       string   `json:"path"`
	Experiment string   `json:"experiment"`
	Runs       []RunRef `json:"runs"`
}

// RunRef names a run.
type RunRef struct {
	RunID     string         `json:"runID"`
	Path      string         `json:"path"`
	Verdict   report.Verdict `json:"verdict"`
	StartedAt time.Time      `json:"startedAt,omitzero"`
	// LeftOut says why the run is not compared.
	LeftOut string `json:"leftOut,omitempty"`
}

// Figure is a metric, compared.
type Figure struct {
	Metric Metric `json:"metric"`
	// Of is the stream; empty for what is the run's as a whole.
	Of   string `json:"of,omitempty"`
	Base Sample `json:"base"`
	Head Sample `json:"head"`
	// Change is head - base, and Relative that as a share of base, of the medians or, of an availability, of the pooled shares.
	Change   *float64 `json:"change,omitempty"`
	Relative *float64 `json:"relative,omitempty"`
	// Trend is worse or better where that is significant without any gate, else empty.
	Trend string `json:"trend,omitempty"`
	Gate  string `json:"gate,omitempty"`
	// Verdict is that of the gate; empty without one.
	Verdict report.Verdict `json:"verdict,omitempty"`
	Test    string         `json:"test"`
	// P is the probability of ranks as unfavourable as these, or more so, if head were just at its gate, or like base without one.
	P *float64 `json:"p,omitempty"`
	// Interval95 is that of Change, of an availability.
	Interval95 *[2]float64 `json:"interval95,omitempty"`
	Why        string      `json:"why"`
}

// Sample is a metric in the runs of one side.
type Sample struct {
	Values []Value `json:"values"`
	// Typical is the median of the values, absent where the middle is not known; of an availability the pooled share.
	Typical *float64 `json:"typical,omitempty"`
	// AtLeast says that runs whose value is only a lower bound may move Typical.
	AtLeast bool `json:"atLeast,omitempty"`
}

// Value is a metric of one run.
type Value struct {
	RunID string  `json:"runID"`
	Value float64 `json:"value"`
	// AtLeast says that the truth may be greater: a recovery that was not seen to end.
	AtLeast  bool   `json:"atLeast,omitempty"`
	Requests uint64 `json:"requests,omitempty"`
	Failures uint64 `json:"failures,omitempty"`
}

// Options say how to judge.
type Options struct {
	Gates []Gate
	// Required says that a gate is unknown whose metric was measured on neither side, or that is finer than the number of
	// requests can show; else it is left out.
	Required bool
}

// The outcomes of a trend.
const (
	worse  = "worse"
	better = "better"
)

// Compare compares two sides. A gate fails where the typical figure of head is beyond it, and a test says that this is no
// chance; a figure that is beyond its gate without being significant, or of which a side has no data, is unknown.
func Compare(base, head *Set, o Options) *Comparison {
	c := &Comparison{APIVersion: report.ResultVersion, Kind: "Comparison", Notes: notes(base, head), Figures: []Figure{}}
	var before, after []*report.Result
	c.Base, before = side(base)
	c.Head, after = side(head)
	c.Weak = len(before) <= 1 || len(after) <= 1
	if c.Weak {
		c.Notes = append(c.Notes, fmt.Sprintf("weak evidence: %s and %s can be compared, and how much runs differ by chance is only seen in repeats: at least %d of each",
			runs(len(before), "of base"), runs(len(after), "of head"), repeats()))
	}
	for _, m := range Metrics() {
		gate := gateOf(o.Gates, m)
		found := figuresOf(m, before, after)
		if len(found) == 0 && gate != nil && o.Required {
			found = []Figure{{Metric: m}}
		}
		for _, f := range found {
			f.judge(gate, o.Required)
			c.Figures = append(c.Figures, f)
		}
	}
	c.conclude(o)
	return c
}

func (c *Comparison) conclude(o Options) {
	judged, unknown := 0, 0
	c.Verdict, c.ExitCode = report.Pass, report.ExitPass
	for _, f := range c.Figures {
		switch f.Verdict {
		case report.Fail:
			c.Verdict, c.ExitCode = report.Fail, report.ExitFail
			return
		case report.Unknown:
			unknown++
		case report.Pass:
			judged++
		}
	}
	nothing := len(o.Gates) > 0 && judged == 0
	if unknown > 0 || nothing || len(c.Figures) == 0 {
		c.Verdict, c.ExitCode = report.Unknown, report.ExitUnknown
	}
}

func gateOf(gates []Gate, m Metric) *Gate {
	if i := slices.IndexFunc(gates, func(g Gate) bool { return g.Metric == m }); i >= 0 {
		return &gates[i]
	}
	return nil
}

// side tells of a set, and gives the runs of it that can be compared.
func side(s *Set) (Side, []*report.Result) {
	told := Side{Path: s.Path, Runs: []RunRef{}}
	var usable []*report.Result
	for _, r := range s.Runs {
		told.Experiment = r.Result.Experiment.Name
		ref := RunRef{RunID: r.Result.RunID, Path: r.Path, Verdict: r.Result.Verdict, StartedAt: r.Result.StartedAt, LeftOut: Unusable(r.Result)}
		if ref.LeftOut == "" {
			usable = append(usable, r.Result)
		}
		told.Runs = append(told.Runs, ref)
	}
	return told, usable
}

// Unusable says why the figures of a run say nothing of the fault, as a run that broke nothing would look best of all; "" where
// they do.
func Unusable(r *report.Result) string {
	switch {
	case r.Windows.Fault == nil:
		return "it ended before its fault"
	case r.ExitCode == report.ExitInterrupted:
		return "it was interrupted"
	case r.ExitCode == report.ExitInternal:
		return "it ended by an error"
	}
	proved := false
	for _, c := range r.Changes {
		switch c.Proof {
		case "proved":
			proved = true
		case "failed", "unproved":
			return "the fault " + c.Fault + " was not seen to take effect"
		}
	}
	if !proved {
		return "no fault was seen to take effect"
	}
	return ""
}

// figuresOf measures a metric on both sides: once, or for each stream that either side has.
func figuresOf(m Metric, base, head []*report.Result) []Figure {
	if m == Recovery {
		f := Figure{Metric: m}
		f.Base.Values, f.Head.Values = recoveries(base), recoveries(head)
		if len(f.Base.Values)+len(f.Head.Values) == 0 {
			return nil
		}
		return []Figure{f}
	}
	var labels []string
	for _, r := range slices.Concat(base, head) {
		for _, s := range r.Streams {
			if !slices.Contains(labels, s.Label()) {
				labels = append(labels, s.Label())
			}
		}
	}
	var all []Figure
	for _, label := range labels {
		all = append(all, Figure{Metric: m, Of: label, Base: sample(m, label, base), Head: sample(m, label, head)})
	}
	return all
}

// recoveries is the slowest recovery of each run that has any.
func recoveries(all []*report.Result) []Value {
	var values []Value
	for _, r := range all {
		if len(r.Recoveries) == 0 {
			continue
		}
		v := Value{RunID: r.RunID}
		for _, rec := range r.Recoveries {
			took := rec.Reached
			if rec.Total != nil {
				took = *rec.Total
			}
			v.Value, v.AtLeast = max(v.Value, took), v.AtLeast || rec.Censored || rec.Total == nil
		}
		values = append(values, v)
	}
	return values
}

// sample is a metric of a stream in all runs that measured it. What a starved generator measured says little of the service.
func sample(m Metric, label string, all []*report.Result) (s Sample) {
	for _, r := range all {
		for i := range r.Streams {
			stream := &r.Streams[i]
			if stream.Label() != label || stream.Starved || stream.Requests == 0 {
				continue
			}
			if v, ok := valueOf(m, stream); ok {
				v.RunID, v.Requests, v.Failures = r.RunID, stream.Requests, stream.Failures
				s.Values = append(s.Values, v)
			}
		}
	}
	return s
}

func valueOf(m Metric, s *report.StreamResult) (v Value, ok bool) {
	if m == Availability {
		return Value{Value: 1 - float64(s.Failures)/float64(s.Requests)}, true
	}
	if m == Outage {
		for _, o := range s.Outages {
			v.Value, v.AtLeast = max(v.Value, o.Duration), v.AtLeast || o.Open
		}
		return v, true
	}
	if s.Latency == nil {
		return v, false
	}
	v.Value = map[Metric]float64{P50: s.Latency.P50, P90: s.Latency.P90, P99: s.Latency.P99, P999: s.Latency.P999}[m]
	return v, true
}

// bounds gives the values as the least, and as the most, that they can be.
func (s Sample) bounds() (least, most []float64) {
	for _, v := range s.Values {
		least = append(least, v.Value)
		if v.AtLeast {
			v.Value = math.Inf(1)
		}
		most = append(most, v.Value)
	}
	return least, most
}

// describe sets what is typical of the sample.
func (s *Sample) describe() {
	least, most := s.bounds()
	if len(least) == 0 {
		s.Values = []Value{}
		return
	}
	typical := median(least)
	s.Typical, s.AtLeast = &typical, median(most) != typical
}

func runs(n int, of string) string {
	switch n {
	case 0:
		return "no run " + of
	case 1:
		return "one run " + of
	}
	return fmt.Sprintf("%d runs %s", n, of)
}

// notes points out what differs beside the figures.
func notes(base, head *Set) []string {
	all := []string{}
	differ := func(what, means string, of func(*report.Result) string) {
		b, h := base.distinct(of), head.distinct(of)
		if !slices.Equal(b, h) {
			all = append(all, fmt.Sprintf("%s: %s in base, %s in head%s", what, listed(b), listed(h), means))
		}
	}
	differ("different experiments", ": what differs need not be the service", func(r *report.Result) string { return r.Experiment.Name })
	differ("different targets", "", func(r *report.Result) string { return r.Experiment.Target })
	differ("different versions of the experiment's file", " (SHA-256): what differs may be the experiment", func(r *report.Result) string { return short(r.Experiment.SHA256) })
	differ("different seeds", ": other victims may have been chosen", func(r *report.Result) string { return fmt.Sprint(r.Seed) })
	differ("different versions of Kubernetes", "", func(r *report.Result) string { return r.Cluster.Version })
	differ("different clusters", "", func(r *report.Result) string { return short(r.Cluster.UID) })
	differ("different versions of chaosctl", "", func(r *report.Result) string { return r.Environment.Version })
	for _, s := range []struct {
		name string
		*Set
	}{{"base", base}, {"head", head}} {
		if hashes := s.distinct(func(r *report.Result) string { return r.Experiment.SHA256 }); len(hashes) > 1 {
			all = append(all, fmt.Sprintf("the runs of %s are of %d versions of the experiment's file: they are no repeats of one another", s.name, len(hashes)))
		}
		if s.Copies > 0 {
			all = append(all, fmt.Sprintf("%s holds %d copies of its runs, which are left out: a copy is no repeat", s.name, s.Copies))
		}
		for _, r := range s.Runs {
			if why := Unusable(r.Result); why != "" {
				all = append(all, fmt.Sprintf("run %s of %s is left out: %s", r.Result.RunID, s.name, why))
			}
			for _, stream := range r.Result.Streams {
				if stream.Starved {
					all = append(all, fmt.Sprintf("run %s of %s: the load of %s was starved, so its figures are left out", r.Result.RunID, s.name, stream.Label()))
				}
			}
		}
	}
	for _, r := range base.Runs {
		if slices.ContainsFunc(head.Runs, func(h Run) bool { return h.Result.RunID == r.Result.RunID }) {
			all = append(all, "run "+r.Result.RunID+" is in base and in head: it is compared with itself")
		}
	}
	return all
}

func short(hash string) string { return hash[:min(len(hash), 12)] }

func listed(all []string) string {
	const most = 4
	text := ""
	for i, s := range all[:min(len(all), most)] {
		if i > 0 {
			text += ", "
		}
		text += cmp.Or(s, "none")
	}
	if len(all) > most {
		text += fmt.Sprintf(" and %d more", len(all)-most)
	}
	return text
}
