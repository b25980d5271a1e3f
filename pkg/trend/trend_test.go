package trend

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/history"
)

// runsOf are runs of one experiment, a day apart, with the figures that a function gives.
func runsOf(n int, figures func(i int) []history.Figure) []history.Run {
	all := make([]history.Run, n)
	for i := range all {
		id := fmt.Sprintf("r%02d", i)
		all[i] = history.Run{
			Dir: id, RunID: id, Experiment: "pod-kill", Target: "shop/deployment/web", SHA256: "ab", Cluster: "u", Kubernetes: "v1.36.0", Version: "v1",
			StartedAt: time.Date(2026, 3, 1+i, 10, 0, 0, 0, time.UTC), Figures: figures(i),
		}
	}
	return all
}

// stepped are runs that recover more slowly from the 15th on, and fail alike throughout.
func stepped(n int) []history.Run {
	random := rand.New(rand.NewPCG(9, 9))
	return runsOf(n, func(i int) []history.Figure {
		took := 3 + random.Float64()
		if i >= 15 {
			took += 3
		}
		return []history.Figure{
			{Metric: history.Availability, Of: "browse", Value: 1 - float64(random.IntN(50))/1e5}, {Metric: history.Outage, Of: "browse"},
			{Metric: history.Recovery, Value: took}, {Metric: history.Phase, Of: "detect", Value: 0.25}, {Metric: history.Phase, Of: "ready", Value: took - 0.25},
		}
	})
}

func TestTrend(t *testing.T) {
	t.Parallel()
	runs := stepped(30)
	for i := 16; i < len(runs); i++ {
		runs[i].Kubernetes = "v1.37.0"
	}
	all := Of(runs, 0)
	require.Len(t, all, 1)
	trend := all[0]
	assert.Len(t, trend.Runs, 30)
	assert.Equal(t, 3, trend.Tested, "what is the same in all runs is not tested")
	assert.InDelta(t, 0.05/3, trend.AlphaEach, 1e-12)
	assert.Equal(t, leastRuns(0.05/3), trend.LeastRuns)
	var names []string
	for _, s := range trend.Series {
		names = append(names, s.Name())
		assert.Empty(t, s.Silent)
		assert.Equal(t, s.Metric == history.Recovery || s.Of == "ready", len(s.Changes) == 1, s.Name())
	}
	assert.Equal(t, []string{"availability of browse", "longest outage of browse", "recovery", "detect", "ready"}, names)
	recovery := trend.Series[2]
	change := recovery.Changes[0]
	assert.Equal(t, 15, change.At)
	assert.Equal(t, "r15", change.RunID)
	assert.Equal(t, Worse, change.Direction)
	assert.LessOrEqual(t, change.P, trend.AlphaEach)
	assert.Equal(t, []string{"the version of Kubernetes (v1.36.0, then v1.37.0)"}, change.Beside, "a run later is close by")
	require.Len(t, recovery.Levels, 2)
	assert.InDelta(t, 3.5, *recovery.Levels[0].Median, 0.4)
	assert.InDelta(t, 6.5, *recovery.Levels[1].Median, 0.4)
	assert.Equal(t, all, Of(runs, 0), "the same runs give the same answer")
}

// TestDirections proves that an availability gets worse by falling, and a time by growing.
func TestDirections(t *testing.T) {
	t.Parallel()
	for _, metric := range []history.Metric{history.Availability, history.Outage, history.Recovery} {
		for _, rises := range []bool{true, false} {
			runs := runsOf(24, func(i int) []history.Figure {
				return []history.Figure{{Metric: metric, Value: map[bool]float64{true: 0.9, false: 0.5}[(i >= 12) == rises] + float64(i%3)/100}}
			})
			s := Of(runs, 0)[0].Series[0]
			require.Len(t, s.Changes, 1)
			assert.Equal(t, map[bool]string{true: Better, false: Worse}[rises == (metric == history.Availability)], s.Changes[0].Direction, "%s, rises: %v", metric, rises)
		}
	}
}

// TestWhatIsNoRepeat proves that runs which say nothing of the fault, copies, and old ones are left out, and pointed out.
func TestWhatIsNoRepeat(t *testing.T) {
	t.Parallel()
	runs := stepped(12)
	runs[3].LeftOut, runs[4].LeftOut, runs[5].LeftOut = "it was interrupted", "no fault was seen to take effect", "it was interrupted"
	runs = append(runs, runs[11])
	runs[12].Dir = "copy"
	trend := Of(runs, 6)[0]
	assert.Len(t, trend.Runs, 6)
	assert.Equal(t, "r11", trend.Runs[5].RunID)
	assert.Equal(t, []string{
		"2 runs are left out: it was interrupted", "1 run is left out: no fault was seen to take effect", "1 run is left out: copies of others",
		"3 runs are left out: older than the newest 6",
	}, trend.Notes)
}

// TestGroups proves that runs on other workloads are no repeats.
func TestGroups(t *testing.T) {
	t.Parallel()
	runs := stepped(4)
	runs[1].Target, runs[3].Experiment = "shop/deployment/cart", "drain"
	var names []string
	for _, trend := range Of(runs, 0) {
		names = append(names, fmt.Sprintf("%s %s %d", trend.Experiment, trend.Target, len(trend.Runs)))
	}
	assert.Equal(t, []string{"pod-kill shop/deployment/web 2", "pod-kill shop/deployment/cart 1", "drain shop/deployment/web 1"}, names)
	assert.Empty(t, Of(nil, 0))
}

// TestTooFew proves that of too few runs nothing is said, however clear they look.
func TestTooFew(t *testing.T) {
	t.Parallel()
	clear := func(n int) *Trend {
		return Of(runsOf(n, func(i int) []history.Figure {
			return []history.Figure{{Metric: history.Recovery, Value: float64(1 + i/(n/2)*9)}}
		}), 0)[0]
	}
	assert.Equal(t, 8, clear(7).LeastRuns)
	assert.Equal(t, "7 of 8 runs that are needed to tell a change from chance", clear(7).Series[0].Silent)
	assert.Empty(t, clear(7).Series[0].Changes)
	assert.Len(t, clear(8).Series[0].Changes, 1)
}

// TestRecoveriesThatDoNotEnd proves that a change to them is one for the worse, and that no median is made up.
func TestRecoveriesThatDoNotEnd(t *testing.T) {
	t.Parallel()
	runs := runsOf(30, func(i int) []history.Figure {
		return []history.Figure{{Metric: history.Recovery, Value: 10 + float64(i%7), AtLeast: i >= 15}}
	})
	s := Of(runs, 0)[0].Series[0]
	require.Len(t, s.Changes, 1)
	assert.Equal(t, Worse, s.Changes[0].Direction)
	assert.NotNil(t, s.Levels[0].Median)
	assert.Nil(t, s.Levels[1].Median)
}

func text(t *testing.T, all []*Trend, style Style) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, WriteText(&b, all, style))
	return b.String()
}

func TestText(t *testing.T) {
	t.Parallel()
	runs := runsOf(16, func(i int) []history.Figure {
		took := 2 + float64(i%2)
		if i >= 8 {
			took = 7 + float64(i%3)
		}
		return []history.Figure{{Metric: history.Availability, Of: "browse", Value: 1}, {Metric: history.Recovery, Value: took, AtLeast: i == 14}, {Metric: history.Phase, Of: "ready", Value: took}}
	})
	runs[8].Version = "v2"
	p := Of(runs, 0)[0].Series[1].Changes[0].P
	assert.Equal(t, fmt.Sprintf(`pod-kill on shop/deployment/web: 16 runs, 2026-03-01 to 2026-03-16

availability of browse: newest 100 %%

recovery: newest 7.00 s
  ▁▂▁▂▁▂▁▂█▆▇█▆▇█▆
          <worse ▲>
  ▁ 2.00 s  █ ≥ 9.00 s
  <worse worse from run r08 on: median 8.00 s, before that 2.50 s (p = %[1]s)>
    close by changed the version of chaosctl (v1, then v2), the version of chaosctl (v2, then v1)

phases of the slowest recovery
  ready: newest 7.00 s
    ▁▂▁▂▁▂▁▂█▆▇█▆▇█▆
            <worse ▲>
    ▁ 2.00 s  █ 9.00 s
    <worse worse from run r08 on: median 8.00 s, before that 2.50 s (p = %[1]s)>
      close by changed the version of chaosctl (v1, then v2), the version of chaosctl (v2, then v1)

2 of 3 figures changed: in runs that do not change, one would be seen in 5 %% of cases at the most
`, fmt.Sprintf("%.4f", p)), text(t, Of(runs, 0), Style{Paint: func(direction, text string) string { return "<" + direction + " " + text + ">" }}))

	few := text(t, Of(stepped(3), 0), Style{})
	assert.Contains(t, few, "pod-kill on shop/deployment/web: 3 runs, 2026-03-01 to 2026-03-03\n")
	assert.Contains(t, few, "\ntoo few runs to say anything: from 8 on, a change can be told from chance\n")
	assert.NotContains(t, few, "worse")
	same := text(t, Of(stepped(15), 0), Style{})
	assert.Contains(t, same, "\nno change: in runs that do not change, one would be seen in 5 % of cases at the most\n")
	unusable := stepped(1)
	unusable[0].LeftOut = "it was interrupted"
	assert.Equal(t, "pod-kill on shop/deployment/web: no run whose figures can be used\n\nnote: 1 run is left out: it was interrupted\n", text(t, Of(unusable, 0), Style{}))
}

// TestChartFits proves that more runs than columns still fit, with each change marked.
func TestChartFits(t *testing.T) {
	t.Parallel()
	runs := runsOf(300, func(i int) []history.Figure {
		return []history.Figure{{Metric: history.Recovery, Value: float64(1 + i%5 + i/150*20)}}
	})
	out := text(t, Of(runs, 0), Style{Width: 60})
	var lines []string
	for line := range strings.Lines(out) {
		if strings.ContainsAny(line, "▁█▲") && !strings.Contains(line, " s ") {
			lines = append(lines, strings.TrimRight(line, "\n"))
			assert.LessOrEqual(t, len([]rune(line)), 60+1, line)
		}
	}
	require.Len(t, lines, 2, out)
	at := len([]rune(lines[1])) - 1
	assert.Equal(t, '▲', []rune(lines[1])[at])
	chart := []rune(lines[0])
	assert.Less(t, chart[at-2], '▅')
	assert.GreaterOrEqual(t, chart[at+1], '▅')
}
