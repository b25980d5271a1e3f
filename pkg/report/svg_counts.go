package report

import "strings"

const (
	countHeight = 26.0
	eventHeight = 18.0
)

// counts draws one lane for each workload and autoscaler whose numbers changed: what there was as an area, what was wanted as a line.
func (t *chart) counts() {
	lanes := t.model.Counts[:min(len(t.model.Counts), t.detail.lanes)]
	if len(lanes) == 0 {
		return
	}
	t.y += 22
	t.body.text("stream", 0, t.y, "replicas")
	t.body.text("muted end", t.right, t.y, "line: wanted, area: there")
	t.y += 8
	for _, l := range lanes {
		t.count(l)
	}
}

func (t *chart) count(l CountLane) {
	// The name stands above its lane: beside it there is no room for one that tells a ReplicaSet from the next.
	x := t.left
	if t.narrow {
		x = 0
	}
	t.y += 14
	t.body.text("muted", x, t.y-2, fit(l.Name, t.width-x-8, textSize))
	t.y += 2
	top, base, most := t.y, t.y+countHeight, l.most()
	t.panel(top, base)
	height := func(n int) float64 { return base - countHeight*float64(n)/float64(most) }
	var area, line strings.Builder
	for i, s := range l.Steps {
		end := t.to
		if i+1 < len(l.Steps) {
			end = l.Steps[i+1].At.Seconds()
		}
		if end < t.from || s.At.Seconds() > t.to {
			continue
		}
		from, until := t.instant(s.At), t.at(end)
		if len(l.Steps) > t.columns && until-from < 0.5 {
			continue // what flaps all day has more steps than there are pixels
		}
		if s.Have > 0 {
			area.WriteString("M" + coordinate(from) + " " + coordinate(base) + "V" + coordinate(height(s.Have)) + "H" + coordinate(until) + "V" + coordinate(base) + "z")
		}
		first := "V"
		if line.Len() == 0 {
			first = "M" + coordinate(from) + " "
		}
		line.WriteString(first + coordinate(height(s.Wanted)) + "H" + coordinate(until))
	}
	t.body.path("have", area.String())
	t.body.path("wanted", line.String())
	t.body.line("base", t.left, base, t.right, base)
	t.body.text("tick end", t.left-6, top+8, count(most))
	t.body.text("tick end", t.left-6, base, "0")
	t.y = base
}

// happened draws a tick for each Event of Kubernetes; those that would cover each other are one.
func (t *chart) happened() {
	var shown []cluster
	for _, h := range t.model.Happened {
		if !t.shows(h.At, h.At) {
			continue
		}
		kind, x := "normal", t.instant(h.At)
		if h.Warning {
			kind = "warning"
		}
		text := h.Reason + ": " + h.About
		near := -1
		for i := range shown {
			if shown[i].kind == kind && x-shown[i].x < 3 && shown[i].x-x < 3 {
				near = i
			}
		}
		if near < 0 {
			shown = append(shown, cluster{kind: kind, x: x})
			near = len(shown) - 1
		}
		shown[near].texts = append(shown[near].texts, text)
	}
	if len(shown) == 0 {
		return
	}
	t.y += 22
	t.body.text("stream", 0, t.y, "Events of Kubernetes")
	t.y += 8
	top, middle := t.y, t.y+eventHeight/2
	t.panel(top, top+eventHeight)
	for _, c := range shown {
		title := ""
		for i, text := range c.texts {
			if i == 8 {
				title += "…"
				break
			}
			title += clip(text, 80) + "\n"
		}
		// Warnings reach through the lane, so that colour is not needed to tell them apart.
		shape := "M0 0V8"
		if c.kind == "warning" {
			shape = "M0-8V8"
		}
		t.body.glyph("tick-"+c.kind, shape, c.x, middle, strings.TrimSuffix(title, "\n"))
	}
	t.y += eventHeight
}
