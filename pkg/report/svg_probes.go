package report

// probes draws one lane for each probe.
func (t *chart) probes() {
	lanes := t.model.shownProbes(t.detail.lanes)
	if len(lanes) == 0 {
		return
	}
	t.y += 22
	t.body.text("stream", 0, t.y, "probes")
	t.y += 8
	top := t.y
	for _, l := range lanes {
		t.probe(l)
	}
	if !t.narrow {
		t.panel(top, t.y)
	}
	if rest := len(t.model.ProbeLanes) - len(lanes); rest > 0 {
		t.y += 16
		t.body.text("muted", t.left, t.y, "and "+plural(rest, "more probe"))
	}
}

func (t *chart) probe(l ProbeLane) {
	top := t.besideLane(l.Name)
	// What did not hold is drawn over what did, for it may be a check that is narrower than a pixel.
	for _, state := range []string{"held", "unknown", "failed"} {
		reached := t.left - 1
		for _, s := range l.Segments {
			if probeClass(s.State) != state || !t.shows(s.Start, s.End) {
				continue
			}
			x := t.instant(s.Start)
			width := max(t.instant(s.End)-x, 1.5)
			// One that flaps all day has more segments than there are pixels.
			if x+width < reached+1 {
				continue
			}
			reached = x + width
			title := s.words()
			if s.Message != "" {
				title += ": " + clip(s.Message, 80)
			}
			t.body.rect("check check-"+state, x, top, width, laneHeight, title)
		}
	}
	t.y += t.podHeight
}

func probeClass(state string) string {
	switch state {
	case "held", "failed":
		return state
	}
	return "unknown"
}
