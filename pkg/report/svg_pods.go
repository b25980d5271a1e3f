package report

import "slices"

// lane is the life of a pod with its part in the story.
type lane struct {
	PodLane
	role string // victim, replacement or empty
}

// lanes orders pods so that each victim is followed by its replacement; then come those that changed, then the rest.
func (m *Model) lanes() []lane {
	var out []lane
	taken := map[string]bool{}
	take := func(uid, role string) {
		i := slices.IndexFunc(m.Pods, func(p PodLane) bool { return p.UID == uid })
		if i >= 0 && !taken[uid] {
			taken[uid] = true
			out = append(out, lane{m.Pods[i], role})
		}
	}
	for _, r := range m.Recoveries {
		take(r.Victim.UID, "victim")
		if r.Replacement != nil {
			take(r.Replacement.UID, "replacement")
		}
	}
	for _, changed := range []bool{true, false} {
		for _, p := range m.Pods {
			if (len(p.Segments) > 1) == changed {
				take(p.UID, "")
			}
		}
	}
	return out
}

// pods draws one lane for each pod.
func (t *chart) pods() {
	lanes := t.model.lanes()
	if len(lanes) == 0 {
		return
	}
	t.y += 22
	title := "pods of " + t.model.Experiment.Target
	if t.model.Experiment.Target == "" {
		title = "pods"
	}
	t.body.text("stream", 0, t.y, fit(title, t.width*0.7, 13))
	t.y += 8
	top := t.y
	for _, l := range lanes[:min(len(lanes), t.detail.lanes)] {
		t.pod(l)
	}
	if !t.narrow {
		t.panel(top, t.y)
	}
	if rest := len(lanes) - t.detail.lanes; rest > 0 {
		t.y += 16
		t.body.text("muted", t.left, t.y, "and "+plural(rest, "more pod"))
	}
}

// laneHeight is that of what is drawn in the lane of a pod or a probe, in pixels.
const laneHeight = 13.0

// besideLane writes the name of a lane, beside it or above, and returns where what is drawn in it begins.
func (t *chart) besideLane(name string) (top float64) {
	if !t.narrow {
		top = t.y + (t.podHeight-laneHeight)/2
		t.body.text("pod", 0, top+10, fitPod(name, t.left-10))
		return top
	}
	top = t.y + t.podHeight - laneHeight - 2
	t.panel(top-1, top+laneHeight+1)
	t.body.text("pod", 0, top-4, fitPod(name, t.width-8))
	return top
}

func (t *chart) pod(l lane) {
	name := l.Name
	switch l.role {
	case "victim":
		name = "✕ " + name
	case "replacement":
		name = "+ " + name
	}
	top := t.besideLane(name)
	longest, room := -1, 0.0
	drawn := map[string]float64{} // how far the segments of a state reach
	for i, s := range l.Segments {
		if !t.shows(s.Start, s.End) {
			continue
		}
		x := t.instant(s.Start)
		width := max(t.instant(s.End)-x, 1.5)
		// A container that crashes all day has more segments than there are pixels.
		if x+width < drawn[s.State]+1 {
			continue
		}
		drawn[s.State] = x + width
		t.body.rect("seg seg-"+stateClass(s.State), x, top, width, laneHeight,
			s.State+" from "+offset(s.Start.Seconds())+" for "+seconds(s.End.Sub(s.Start).Seconds()))
		if s.State == "ready" && width > room {
			longest, room = i, width
		}
	}
	if longest >= 0 && l.Node != "" && textWidth(l.Node, 10.5)+14 < room {
		t.body.text("node", t.instant(l.Segments[longest].Start)+7, top+10, l.Node)
	}
	t.y += t.podHeight
}

func stateClass(state string) string {
	switch state {
	case "pending", "starting", "running", "ready", "terminating":
		return state
	}
	return "other"
}
