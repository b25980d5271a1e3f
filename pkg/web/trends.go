package web

import (
	"cmp"
	"net/http"
	"slices"

	"github.com/chaosctl/chaosctl/pkg/history"
	"github.com/chaosctl/chaosctl/pkg/report"
	"github.com/chaosctl/chaosctl/pkg/trend"
)

// mostTrended is how many runs of an experiment its trend is made of on the page.
const mostTrended = 200

// trendsPage is what the page of the trends shows.
type trendsPage struct {
	Experiments []string
	Experiment  string
	Trends      []trendView
	Trouble     string
}

// trendView is a trend with its series as they are drawn.
type trendView struct {
	*trend.Trend
	Charts []chart
}

func (s *Site) trends(w http.ResponseWriter, r *http.Request) {
	p := trendsPage{Experiment: r.URL.Query().Get("experiment")}
	runs, err := s.Runs(r.Context(), history.Query{})
	if err != nil {
		p.Trouble = err.Error()
	}
	for _, run := range runs {
		if !slices.Contains(p.Experiments, run.Experiment) {
			p.Experiments = append(p.Experiments, run.Experiment)
		}
	}
	slices.Sort(p.Experiments)
	// All trends of many experiments would be a long page, and take long.
	if p.Experiment == "" && len(runs) > 0 {
		p.Experiment = runs[len(runs)-1].Experiment
	}
	of := slices.DeleteFunc(runs, func(run history.Run) bool { return run.Experiment != p.Experiment })
	for _, t := range trend.Of(of, mostTrended) {
		tamed := report.Tamed(*t)
		v := trendView{Trend: &tamed}
		for i := range tamed.Series {
			v.Charts = append(v.Charts, draw(&tamed, &tamed.Series[i]))
		}
		p.Trends = append(p.Trends, v)
	}
	s.page(w, r, "trends.html", view{Title: cmp.Or(p.Experiment, "Trends"), Data: p})
}

// chart is a series as a drawing of a fixed size, and what is said beside it.
type chart struct {
	Name, Latest, Low, High, Silent string
	Dots                            []dot
	Levels                          []line
	Changes                         []changed
}

// dot is the figure of a run, linked to its report.
type dot struct {
	X, Y    float64
	Label   string
	Report  string
	AtLeast bool
}

type line struct{ X1, X2, Y float64 }

// changed is a place at which a series changed.
type changed struct {
	X                float64
	Direction, Words string
}

// The size of a drawing, and the room around its dots, in its own units.
const (
	chartWidth  = 720
	chartHeight = 120
	chartEdge   = 12
)

func draw(t *trend.Trend, s *trend.Series) chart {
	c := chart{Name: s.Name(), Silent: s.Silent}
	if len(s.Points) == 0 {
		return c
	}
	figure := func(p trend.Point) string {
		return report.Unbroken(history.Figure{Metric: s.Metric, Of: s.Of, Value: p.Value, AtLeast: p.AtLeast}.String())
	}
	byValue := func(a, b trend.Point) int { return cmp.Compare(a.Value, b.Value) }
	low, high := slices.MinFunc(s.Points, byValue), slices.MaxFunc(s.Points, byValue)
	c.Low, c.High, c.Latest = figure(low), figure(high), figure(s.Points[len(s.Points)-1])
	x := func(i int) float64 {
		return chartEdge + (chartWidth-2*chartEdge)*float64(i)/float64(max(1, len(s.Points)-1))
	}
	y := func(value float64) float64 {
		if high.Value == low.Value {
			return chartHeight / 2
		}
		return chartHeight - chartEdge - (chartHeight-2*chartEdge)*(value-low.Value)/(high.Value-low.Value)
	}
	for i, p := range s.Points {
		run := t.Runs[p.Run]
		c.Dots = append(c.Dots, dot{X: x(i), Y: y(p.Value), AtLeast: p.AtLeast, Report: reportOf(run.Dir), Label: run.StartedAt.UTC().Format("2006-01-02 15:04") + ": " + figure(p)})
	}
	for _, l := range s.Levels {
		if l.Median != nil && l.To > l.From {
			c.Levels = append(c.Levels, line{X1: x(l.From) - 4, X2: x(l.To-1) + 4, Y: y(*l.Median)})
		}
	}
	for _, change := range s.Changes {
		c.Changes = append(c.Changes, changed{
			X: (x(change.At) + x(max(0, change.At-1))) / 2, Direction: change.Direction,
			Words: change.Direction + " from the run of " + change.StartedAt.UTC().Format("2006-01-02 15:04") + " on",
		})
	}
	return c
}
