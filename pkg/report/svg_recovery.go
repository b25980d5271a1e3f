package report

import "html/template"

// recoveryFrame is the shape of a picture of recoveries.
type recoveryFrame struct {
	name                      string
	width, left, right, gloss float64
	narrow                    bool
}

// The two shapes, never changed.
var (
	wideRecovery   = recoveryFrame{name: "wide", width: 1088, left: 320, right: 960, gloss: 92}
	narrowRecovery = recoveryFrame{name: "narrow", width: 360, left: 80, right: 296, narrow: true}
)

// drawWaterfall draws one recovery as steps: each phase begins where the one before it ended, so that together they
// are as long as the whole.
func drawWaterfall(r RecoveryResult, f recoveryFrame, id string) template.HTML {
	var d drawing
	a := axis{0, max(r.length(), ptr(r.Deregister)+r.detected(), 1e-3), f.left, f.right}
	const row = 24.0
	y := 18.0
	bottom := y + row*11 + 8
	a.grid(&d, y, bottom)
	longest, _ := r.Phases.longest()
	at := 0.0
	for _, p := range r.Phases.list() {
		d.text("step-name", 0, y+16, p.Name)
		if !f.narrow {
			d.text("muted", f.gloss, y+16, p.Waits)
		}
		if p.Seconds == nil {
			class, x := "muted", a.at(at)+6
			if x+textWidth(r.unreached(), textSize) > f.width {
				class, x = "muted end", a.at(at)-6
			}
			d.text(class, x, y+16, r.unreached())
		} else {
			x, end := a.at(at), a.at(at+*p.Seconds)
			class := "step owner-" + ownerClass(p.Owner)
			d.rect(class, x, y+4, max(end-x, 1.5), row-8, p.Name+": "+seconds(*p.Seconds))
			label := "figure"
			if p.Name == longest.Name {
				label = "figure longest"
			}
			d.text(label, max(end, x+1.5)+6, y+16, seconds(*p.Seconds))
			at += *p.Seconds
			d.line("fall", a.at(at), y+row-4, a.at(at), y+row+4)
		}
		y += row
	}
	y += 4
	d.line("base", 0, y, f.width, y)
	d.text("step-name strong", 0, y+17, "total")
	d.rect("step whole", a.at(0), y+6, a.at(r.length())-a.at(0), row-10, "total: "+r.took())
	if r.Censored || r.Total == nil {
		d.rect("step open", a.at(r.length()), y+6, f.right+8-a.at(r.length()), row-10, "the end was not seen")
	}
	end := max(a.at(r.length()), f.right) + 12
	if total := r.took(); end+textWidth(total, 13) <= f.width {
		d.text("figure longest", end, y+17, total)
	} else {
		d.text("figure longest on-whole end", a.at(r.length())-6, y+17, total)
	}
	y += row
	if r.Deregister != nil {
		from := a.at(r.detected())
		end := a.at(r.detected() + *r.Deregister)
		d.text("step-name", 0, y+16, "deregister")
		if !f.narrow {
			d.text("muted", f.gloss, y+16, "meanwhile: endpoint withdrawn")
		}
		d.rect("step parallel", from, y+7, max(end-from, 1.5), row-14, "deregister: "+seconds(*r.Deregister))
		d.text("figure", max(end, from+1.5)+6, y+16, seconds(*r.Deregister))
		y += row
	}
	return d.picture(id+"-"+f.name, "recovery "+f.name, f.width, y+4, "The phases of a recovery", r.inWords())
}

// drawRecoveries draws several recoveries, one bar each, on one scale.
func drawRecoveries(all []RecoveryResult, f recoveryFrame, id string) template.HTML {
	var d drawing
	a := axis{0, max(slowest(all).length(), 1e-3), 0, f.width - 8}
	const row, bar = 40.0, 15.0
	y := 18.0
	a.grid(&d, y, y+row*float64(len(all)))
	for _, r := range all {
		name := fitPod(r.Victim.Name, f.width*0.55)
		d.text("pod", 0, y+15, name)
		d.text("figure longest end", f.width-8, y+15, r.took())
		at := 0.0
		for _, p := range r.Phases.list() {
			if p.Seconds == nil {
				continue
			}
			x, end := a.at(at), a.at(at+*p.Seconds)
			d.rect("step owner-"+ownerClass(p.Owner), x, y+20, apart(end-x), bar, p.Name+": "+seconds(*p.Seconds))
			if label := p.Name + " " + seconds(*p.Seconds); textWidth(label, 11)+8 < end-x {
				d.text("in-step", x+5, y+31.5, label)
			} else if textWidth(p.Name, 11)+8 < end-x {
				d.text("in-step", x+5, y+31.5, p.Name)
			}
			at += *p.Seconds
		}
		if r.length() > at {
			d.rect("step open", a.at(at), y+20, a.at(r.length())-a.at(at), bar, "not attributed to a phase")
		}
		y += row
	}
	return d.picture(id+"-"+f.name, "recovery "+f.name, f.width, y+4, "All recoveries on one scale",
		plural(len(all), "recovery bar")+"; the same figures are in the table below.")
}

// apart leaves a gap after a bar, so that neighbours of one colour remain two.
func apart(width float64) float64 {
	if width > 4 {
		return width - 1
	}
	return max(width, 0.5)
}

// detected is when the deregistration begins: the loss was seen.
func (r RecoveryResult) detected() float64 { return ptr(r.Phases.Detect) }

func (r RecoveryResult) unreached() string {
	if r.Replacement != nil && r.Total != nil {
		return "not seen on its own"
	}
	return "not reached"
}

// inWords reads the picture out.
func (r RecoveryResult) inWords() string {
	text := "Recovery from the loss of " + r.Victim.Name + ": " + r.took() + "."
	for _, p := range r.Phases.list() {
		if p.Seconds != nil {
			text += " " + p.Name + " " + seconds(*p.Seconds) + "."
		}
	}
	if r.Deregister != nil {
		text += " Meanwhile the endpoint was withdrawn in " + seconds(*r.Deregister) + "."
	}
	return text
}

func ownerClass(owner string) string {
	switch owner {
	case "control plane":
		return "control"
	case "node", "application", "network", "service":
		return owner
	}
	return "other"
}

// ptr is what p points to, 0 for nil.
func ptr(p *float64) float64 {
	if p == nil {
		return 0
	}
	return *p
}
