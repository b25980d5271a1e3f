package report

import (
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
)

// TestColumnsHideNothing holds that merging keeps every request, every failure and the slowest answer.
func TestColumnsHideNothing(t *testing.T) {
	for seed := range uint64(300) {
		random := rand.New(rand.NewPCG(seed, 1))
		width := []float64{0.1, 0.25, 0.5, 1, 7}[random.IntN(5)]
		s := StreamSeries{Width: width}
		var requests, failures uint64
		slowest, drawn := 0.0, 0.0
		n := 1 + random.IntN(5000)
		for i := range n {
			if random.IntN(10) == 0 {
				continue // nothing was due
			}
			b := Bucket{Start: at(float64(i) * width), Requests: random.Uint64N(50) + 1}
			if random.IntN(200) == 0 {
				b.Failures = 1 + random.Uint64N(b.Requests)
			}
			if b.Failures < b.Requests {
				b.P50 = random.Float64() / 100
				b.P99 = b.P50 + random.ExpFloat64()
			}
			requests, failures, slowest = requests+b.Requests, failures+b.Failures, max(slowest, b.P99)
			s.Buckets = append(s.Buckets, b)
		}
		limit := 1 + random.IntN(500)
		columns := s.columns(0, float64(n)*width, limit)
		if len(columns) > limit {
			t.Fatalf("seed %d: %d columns, where %d have room", seed, len(columns), limit)
		}
		for _, c := range columns {
			requests, failures = requests-c.requests, failures-c.failures
			drawn = max(drawn, c.p99)
		}
		if requests != 0 || failures != 0 || drawn != slowest {
			t.Fatalf("seed %d: %d requests and %d failures are in no column; the slowest took %v, drawn is %v", seed, requests, failures, slowest, drawn)
		}
	}
}

// TestOneFailureShows holds that a single failure among very many requests is drawn, and large enough to be seen.
func TestOneFailureShows(t *testing.T) {
	m := longRun()
	for i := range m.Series[0].Buckets {
		m.Series[0].Buckets[i].Requests, m.Series[0].Buckets[i].Failures = 1_000_000, 0
	}
	m.Series, m.Streams = m.Series[:1], m.Streams[:1]
	m.Series[0].Buckets[777].Failures = 1
	for _, f := range []frame{wideFrame, narrowFrame} {
		picture := string(drawTimeline(m, details[0], f, wholeRun(m), "x"))
		failed := one(t, picture, "failed")
		parts := strings.FieldsFunc(failed, func(r rune) bool { return strings.ContainsRune("Mvhz ", r) })
		if len(parts) != 5 {
			t.Fatalf("%s: the failures are drawn as %q", f.name, failed)
		}
		if height, width := -number(t, parts[2]), number(t, parts[3]); height < leastFailure || width < 2 {
			t.Errorf("%s: the failure is %v by %v pixels", f.name, width, height)
		}
	}
}

// one is the data of the only path of a class.
func one(t *testing.T, picture, class string) string {
	t.Helper()
	for _, n := range elements(parse(t, []byte(picture))) {
		if n.Data == "path" && attribute(n, "class") == class {
			return attribute(n, "d")
		}
	}
	t.Fatalf("nothing of the class %s is drawn", class)
	return ""
}

func number(t *testing.T, s string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestPhasesAddUp holds that the steps of the waterfall are together as long as the whole.
func TestPhasesAddUp(t *testing.T) {
	for _, m := range []*Model{passingKill(), failingKill(), longRun()} {
		for _, f := range []recoveryFrame{wideRecovery, narrowRecovery} {
			sum, whole, next := 0.0, 0.0, math.NaN()
			for _, n := range elements(parse(t, []byte(drawWaterfall(m.Recoveries[0], f, "x")))) {
				if n.Data != "rect" {
					continue
				}
				x, width := number(t, attribute(n, "x")), number(t, attribute(n, "width"))
				switch class := attribute(n, "class"); {
				case class == "step whole":
					whole = width
				case strings.HasPrefix(class, "step owner-"):
					if !math.IsNaN(next) && math.Abs(x-next) > 1.6 {
						t.Errorf("a step begins at %v, where the one before it ended at %v", x, next)
					}
					next = x + width
					sum += width
				}
			}
			if whole == 0 || math.Abs(sum-whole) > 9*1.5 {
				t.Errorf("the steps are %v pixels long, the whole is %v", sum, whole)
			}
		}
	}
}

// TestMarksDoNotOverlap draws random crowds of marks and compares the boxes of all labels and glyphs.
func TestMarksDoNotOverlap(t *testing.T) {
	type box struct{ left, right, row float64 }
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 2))
		m := &Model{End: at(60)}
		for range random.IntN(40) {
			m.Marks = append(m.Marks, Mark{at(60 * random.Float64()), []string{"inject", "undo", "abort", "block"}[random.IntN(4)], strings.Repeat("web-", 1+random.IntN(9)), strings.Repeat("w", random.IntN(9))})
		}
		for _, f := range []frame{wideFrame, narrowFrame} {
			var labels []box
			for _, n := range elements(parse(t, []byte(drawTimeline(m, details[0], f, wholeRun(m), "x")))) {
				class := attribute(n, "class")
				if n.Data != "text" || !strings.HasPrefix(class, "mark-text") {
					continue
				}
				x, width := number(t, attribute(n, "x")), textWidth(text(n), textSize)
				b := box{x, x + width, number(t, attribute(n, "y"))}
				if strings.HasSuffix(class, "end") {
					b.left, b.right = x-width, x
				}
				if b.left < 0 || b.right > f.width+0.5 {
					t.Errorf("seed %d, %s: a label runs from %v to %v, out of the picture", seed, f.name, b.left, b.right)
				}
				for _, o := range labels {
					if o.row == b.row && b.left < o.right && o.left < b.right {
						t.Errorf("seed %d, %s: two labels overlap", seed, f.name)
					}
				}
				labels = append(labels, b)
			}
		}
	}
}

// TestTheLongestOutageIsNamed: where labels have no room beside each other, it is not the first that is named.
func TestTheLongestOutageIsNamed(t *testing.T) {
	s := newSample("many-outages", "self-healing", "shop/deployment/web", 10, 15, 10)
	s.load("browse", "fresh", 100, 0.1, 0.002, "refused", loss{10, 10.02, 1}, loss{10.1, 10.4, 1}, loss{10.5, 10.53, 1})
	picture := string(drawTimeline(s.Model, details[0], narrowFrame, wholeRun(s.Model), "run"))
	if !strings.Contains(picture, ">outage 300 ms<") || strings.Contains(picture, ">outage 20 ms<") {
		t.Error("the longest outage is not the one that is named")
	}
}

// TestNamesFitTheirRoom: whatever letters a name has, it is cut to its room or left out.
func TestNamesFitTheirRoom(t *testing.T) {
	for _, name := range []string{"web-7d9f8b6c5-x2k4p", strings.Repeat("W", 40), strings.Repeat("<&>", 40), strings.Repeat("il", 60), strings.Repeat("網", 40)} {
		for _, width := range []float64{20, 60, 158, 352} {
			if got := fit(name, width, textSize); textWidth(got, textSize) > width || got != "" && got != name && len([]rune(got)) < leastText {
				t.Errorf("%q in %g", got, width)
			}
			if got := fitPod(name, width); podWidth(got) > width {
				t.Errorf("the pod %q in %g", got, width)
			}
		}
	}
	if got := fitPod(strings.Repeat("il", 60), 158); len([]rune(got)) > 158*2/podSize {
		t.Errorf("%q is wider than it seems: the letters of pods are of one width", got)
	}
}

// TestLabelsOfMarksAreWholeNames: where a label has no room, the name of what was changed stands for it, whole.
func TestLabelsOfMarksAreWholeNames(t *testing.T) {
	const name = "web-7d9f8b6c5-x2k4p"
	m := passingKill()
	m.Marks = []Mark{{At: at(12), Kind: "inject", Text: "restart container of Pod " + name, Short: name}}
	whole := wholeRun(m)
	if picture := string(drawTimeline(m, details[0], wideFrame, whole, "run")); !strings.Contains(picture, ">restart container of Pod "+name+"<") {
		t.Error("a wide picture has no room for the label")
	}
	if picture := string(drawTimeline(m, details[0], narrowFrame, whole, "run")); !strings.Contains(picture, `">`+name+"</text>") {
		t.Error("a narrow picture does not show the name")
	}
	m.Marks[0].Short = strings.Repeat("x", 200)
	if picture := string(drawTimeline(m, details[0], narrowFrame, whole, "run")); !strings.Contains(picture, "…") {
		t.Error("a name that has no room either is not cut")
	}
}

// TestLabelsAtTheEdgeHaveRoom: the last mark of a run keeps its label, below those that leave it none.
func TestLabelsAtTheEdgeHaveRoom(t *testing.T) {
	m := abortedRun()
	m.Marks = []Mark{{At: m.End - at(1), Kind: "undo", Text: "undo of patch Node node2"}, {At: m.End, Kind: "abort", Text: "aborted"}}
	for _, f := range []frame{wideFrame, narrowFrame} {
		if picture := string(drawTimeline(m, details[0], f, wholeRun(m), "run")); !strings.Contains(picture, ">aborted</text>") {
			t.Errorf("%s: the abort has no label", f.name)
		}
	}
}
