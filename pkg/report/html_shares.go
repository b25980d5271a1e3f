package report

import (
	"fmt"
	"html/template"
	"math"
	"slices"

	"github.com/chaosctl/chaosctl/pkg/verdict"
)

// sharesView is who answered a load: a row for each pod, a column for each phase.
type sharesView struct {
	Name   string
	Phases []string
	Rows   []sharesRow
	// Skews are the greatest of each phase.
	Skews []sharesCell
	// More is how many pods have no row.
	More int
}

type sharesRow struct {
	Pod, Role string
	Cells     []sharesCell
}

// sharesCell has a line for each way of connecting, the fresh ones beside the reused ones.
type sharesCell struct {
	Phase string
	Lines []sharesLine
}

type sharesLine struct {
	Connections, Share string
	Bar                template.HTML
}

// phaseWords say what a phase is to the balance.
var phaseWords = map[string]string{"steady": "before the fault", "fault": "during the fault", "recovery": "after the fault"}

// sharesViews joins the streams of each load whose requests went to more than one pod.
func sharesViews(m *Model, d detail) []sharesView {
	var out []sharesView
	for _, first := range m.Shares {
		if slices.ContainsFunc(out, func(v sharesView) bool { return v.Name == first.Name }) {
			continue
		}
		var streams []StreamShares
		for _, s := range m.Shares {
			if s.Name == first.Name {
				streams = append(streams, s)
			}
		}
		pods := sharers(streams)
		if len(pods) < 2 {
			continue
		}
		view := sharesView{Name: first.Name, More: max(0, len(pods)-d.lanes)}
		for _, p := range first.Phases {
			phase := string(p.Phase)
			view.Phases = append(view.Phases, orElse(phaseWords[phase], phase))
			view.Skews = append(view.Skews, m.cell(streams, phase, func(s verdict.Shares) (string, template.HTML) { return skewWords(s), "" }))
		}
		for _, pod := range pods[:min(len(pods), d.lanes)] {
			row := sharesRow{Pod: pod, Role: m.role(pod)}
			for _, p := range first.Phases {
				row.Cells = append(row.Cells, m.cell(streams, string(p.Phase), func(s verdict.Shares) (string, template.HTML) { return shareWords(s, pod) }))
			}
			view.Rows = append(view.Rows, row)
		}
		out = append(out, view)
	}
	return out
}

// sharers are all pods that had a share in any phase, in the order of the phases.
func sharers(streams []StreamShares) []string {
	var pods []string
	known := map[string]bool{}
	if len(streams) == 0 {
		return nil
	}
	for i := range streams[0].Phases {
		for _, s := range streams {
			if i >= len(s.Phases) {
				continue
			}
			for _, p := range s.Phases[i].Pods {
				if !known[p.Pod] {
					known[p.Pod] = true
					pods = append(pods, p.Pod)
				}
			}
		}
	}
	return pods
}

func (m *Model) cell(streams []StreamShares, phase string, words func(verdict.Shares) (string, template.HTML)) sharesCell {
	c := sharesCell{Phase: orElse(phaseWords[phase], phase)}
	for _, s := range streams {
		for _, p := range s.Phases {
			if string(p.Phase) == phase {
				share, bar := words(p.Shares)
				c.Lines = append(c.Lines, sharesLine{Connections: connectionsWord(s.Connections), Share: share, Bar: bar})
			}
		}
	}
	return c
}

// role marks a victim and a replacement as the timeline does.
func (m *Model) role(pod string) string {
	for _, r := range m.Recoveries {
		switch {
		case r.Replacement != nil && r.Replacement.Name == pod && r.Victim.Name != pod:
			return "+"
		case r.Victim.Name == pod:
			return "✕"
		}
	}
	return ""
}

func allAnswered(s verdict.Shares) uint64 {
	total := uint64(0)
	for _, p := range s.Pods {
		total += p.Answered
	}
	return total
}

// shareWords is the share of a pod, and a bar of it with a tick where its equal share is.
func shareWords(s verdict.Shares, pod string) (string, template.HTML) {
	total := float64(allAnswered(s))
	for _, p := range s.Pods {
		if p.Pod == pod && total > 0 {
			share := float64(p.Answered) / total
			return tenth(share), shareBar(share, p.Equal/total)
		}
	}
	return "–", ""
}

// tenth writes a share to a tenth of a percent; what is not nothing never reads as nothing.
func tenth(share float64) string {
	if rounded := math.Round(share*1000) / 1000; rounded > 0 || share == 0 {
		return percent(rounded)
	}
	return "below 0.1 %"
}

// shareBar draws a share of all with a tick at another one.
func shareBar(share, equal float64) template.HTML {
	const width = 72.0
	at := func(v float64) string { return coordinate(width * min(max(v, 0), 1)) }
	return template.HTML(fmt.Sprintf( //nolint:gosec // numbers
		`<svg class="share" viewBox="0 0 72 12" aria-hidden="true"><path class="room" d="M0 3H72V9H0z"/><path class="answered" d="M0 3H%sV9H0z"/><path class="equal" d="M%s 0V12"/></svg>`,
		at(share), at(equal)))
}

// leastShare is how many requests an equal share must be for its skew to be worth a word.
const leastShare = 5

// skewWords is the greatest skew of a phase.
func skewWords(s verdict.Shares) string {
	worst := -1.0
	for _, p := range s.Pods {
		if p.Equal >= leastShare {
			worst = max(worst, p.Skew())
		}
	}
	if worst < 0 || len(s.Pods) < 2 {
		return "–"
	}
	return fixed(100*worst, 0) + " %"
}

func connectionsWord(connections string) string {
	if connections == "reuse" {
		return "reused"
	}
	return connections
}
