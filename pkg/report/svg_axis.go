package report

import (
	"math"

	"github.com/chaosctl/chaosctl/pkg/event"
)

// axis maps a span of time to a span of pixels. All that a picture shows shares one.
type axis struct {
	from, to    float64 // seconds
	left, right float64 // pixels
}

func (a axis) span() float64 { return a.to - a.from }

// at is the pixel of a moment, kept within the picture.
func (a axis) at(s float64) float64 {
	return a.left + (a.right-a.left)*min(max((s-a.from)/a.span(), 0), 1)
}

func (a axis) instant(i event.Instant) float64 { return a.at(i.Seconds()) }

// shows says whether any of a span falls into the picture.
func (a axis) shows(start, end event.Instant) bool {
	return end.Seconds() >= a.from && start.Seconds() <= a.to
}

// steps are the distances between ticks that read well, in seconds.
var steps = [...]float64{
	0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30,
	60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400,
}

// ticks are moments at round distances, at least room pixels apart.
func (a axis) ticks(room float64) (at []float64, step float64) {
	least := a.span() * room / (a.right - a.left)
	step = 604800
	for _, s := range steps {
		if s >= least {
			step = s
			break
		}
	}
	for n := int64(math.Ceil(a.from/step - 1e-9)); float64(n)*step <= a.to+1e-9; n++ {
		at = append(at, float64(n)*step)
	}
	return at, step
}

// tickLabel writes a moment as finely as its neighbours are apart.
func tickLabel(s, step float64) string {
	if step < 1 {
		return fixed(s, int(math.Ceil(-math.Log10(step)))) + " s"
	}
	if step < 60 {
		if s < 600 {
			return fixed(s, 0) + " s"
		}
		return fixed(math.Floor(s/60), 0) + ":" + twoDigits(int64(math.Round(s))%60)
	}
	if step < 3600 {
		return fixed(s/60, 0) + " min"
	}
	return fixed(s/3600, 0) + " h"
}

// tickRoom is how far apart ticks are at the least, so that their labels never touch.
const tickRoom = 64

// tickLabels writes the labels of an axis at the given heights.
func (a axis) tickLabels(d *drawing, heights ...float64) {
	at, step := a.ticks(tickRoom)
	for _, t := range at {
		x := a.at(t)
		class := "tick mid"
		switch {
		case x > a.right-18:
			class = "tick end"
		case x < a.left+10:
			class = "tick"
		}
		for _, y := range heights {
			d.text(class, x, y, tickLabel(t, step))
		}
	}
}

// grid draws the ticks of an axis as lines with their labels above.
func (a axis) grid(d *drawing, top, bottom float64) {
	at, _ := a.ticks(tickRoom)
	for _, t := range at {
		d.line("grid", a.at(t), top, a.at(t), bottom)
	}
	a.tickLabels(d, top-5)
}

// niceCeiling is the next round number at or above v: 1, 2, 2.5, 5 or 10 times a power of ten.
func niceCeiling(v float64) float64 {
	if v <= 0 {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(v)))
	for _, m := range [...]float64{1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 8} {
		if m*power >= v*(1-1e-9) {
			return m * power
		}
	}
	return 10 * power
}
