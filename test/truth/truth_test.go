package truth

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/chaosctl/chaosctl/pkg/report"
	"github.com/chaosctl/chaosctl/test/internal/binary"
	"github.com/chaosctl/chaosctl/test/internal/shop"
)

// TestTruth proves that each cell comes out as the table says: by its verdict, by the expectations that fail and by no others, and
// with everything put back.
func TestTruth(t *testing.T) {
	if !*all && !*part {
		t.Skip("without -truth.all and -truth.part")
	}
	expects := readTable(t)
	came := &found{}
	t.Cleanup(func() { t.Logf("what came:\n%s", came) })
	for _, w := range weaknesses() {
		row := expects[shop.Name(w.overlay)]
		columns := slices.DeleteFunc(faults(), func(f fault) bool { return !*all && !row[f.name].bold })
		if len(columns) == 0 {
			continue
		}
		t.Run(shop.Name(w.overlay), func(t *testing.T) {
			t.Parallel()
			s := newStand(t, &w)
			for range *times {
				for _, f := range columns {
					t.Run(f.name, func(t *testing.T) { s.judge(t, &f, row[f.name], came) })
				}
			}
		})
	}
}

// judge tries a cell, and compares what came with what is expected.
func (s *stand) judge(t *testing.T, f *fault, expects expected, came *found) {
	t.Helper()
	began := time.Now()
	r := s.try(t, f)
	took := time.Since(began)
	differs := expects.differs(&r.Result)
	came.add(shop.Name(s.overlay), f.name, r.word(), differs != "")
	t.Logf("%s (in %s)", r.inShort(), took.Round(time.Second))
	if !assert.Empty(t, differs, "what came is not what the table expects") {
		t.Logf("expected: %s\ncame: %s\nreport: %s (kept by go test -artifacts)\n%s", expects, r.inShort(), r.dir, binary.Content(t, r.dir+"/summary.md"))
	}
	s.settle(t, f)
}

// word is an outcome as the table would have it.
func (o *outcome) word() string {
	switch o.Verdict {
	case report.Pass:
		return "pass"
	case report.Fail:
		var failed []string
		for letter, kind := range letters {
			if slices.ContainsFunc(o.Expectations, func(e report.ExpectationResult) bool { return e.Kind == kind && e.Verdict == report.Fail }) {
				failed = append(failed, letter)
			}
		}
		slices.Sort(failed)
		return "fail " + strings.Join(failed, " ")
	}
	for _, u := range unknowns {
		if says(&o.Result, u.says) {
			return u.word
		}
	}
	return string(o.Verdict)
}
